#include "setup.hpp"

#include <array>
#include <cstdio>

#include "phosphene/error.hpp"

namespace apps {
namespace {

constexpr std::array kNeeded{
    "model", "weights_fingerprint", "data_fingerprint", "method", "norm", "targeted", "defence",
    "naive", "expectation",         "options"};
/// Of every method; those that have parts say what each ran with.
constexpr std::array kOptions{
    // clang-format off
    "loss", "steps", "alpha", "relative_alpha", "restarts", "random_start", "samples", "stay",
    "momentum", "lambda", "rho", "targets", "rate", "searches", "initial_c", "kappa",
    "abort_early", "overshoot", "candidates", "alpha_max", "eta", "beta", "queries", "p_init",
    "initial_evaluations", "max_evaluations", "gamma", "apgd-ce", "apgd-t", "fab-t", "square"
    // clang-format on
};

std::string text_of(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// ", steps 10, loss ce, stay": what is 0 or off is left out.
std::string listed(const nlohmann::json& options) {
  std::string line;
  for (const auto& [name, value] : options.items()) {
    if (value.is_object()) {
      const std::string own = listed(value);
      line += ", " + name + (own.empty() ? "" : " (" + own.substr(2) + ")");
    } else if (value.is_boolean()) {
      if (value == true) line += ", " + name;
    } else if (value.is_number() && value == 0) {
      continue;
    } else if (name == "relative_alpha") {
      line += ", alpha " + value.dump() + " eps";
    } else if (name != "alpha" || !options.contains("relative_alpha")) {
      line += ", " + name + " " + text_of(value);
    }
  }
  return line;
}

/// ", mask face.png (file 1a2b3c4d), 12.5 % of the pixels free"
std::string mask_text(const nlohmann::json& mask) {
  if (!mask.is_object()) return "";
  const std::string file = mask.value("file", ""), print = mask.value("fingerprint", "");
  std::array<char, 64> share{};
  std::snprintf(share.data(), share.size(), ", %.4g %% of the pixels free",
                100 * mask.value("free", 0.0));
  return ", mask " + (file.empty() ? print : file + " (" + print + ")") + share.data();
}

}  // namespace

nlohmann::json setup_of_journal(const nlohmann::json& settings) {
  nlohmann::json options = nlohmann::json::object();
  for (const char* name : kOptions) {
    const auto found = settings.find(std::string("--") + name);
    if (found != settings.end()) options[name] = *found;
  }
  nlohmann::json mask;
  if (const std::string print = settings.value("--mask", ""); !print.empty()) {
    mask = {{"fingerprint", print}, {"free", settings.value("share of free pixels", 0.0)}};
  }
  return {{"model", settings.value("--model", "")},
          {"weights_fingerprint", settings.value("--weights", "")},
          {"data_fingerprint", settings.value("--data", "")},
          {"method", settings.value("--method", "")},
          {"norm", settings.value("--norm", "linf")},
          {"targeted", settings.value("--targeted", "")},
          {"defence", settings.value("--defence", "")},
          {"naive", settings.value("--naive", false)},
          {"expectation", settings.value("--expectation", "")},
          {"mask", mask},
          {"options", options}};
}

nlohmann::json setup_of_report(const nlohmann::json& report) {
  nlohmann::json setup;
  for (const char* name : kNeeded) {
    if (!report.contains(name)) {
      throw phosphene::Error(std::string("has no '") + name + "' that attack --json would write");
    }
    setup[name] = report[name];
  }
  setup["mask"] = report.contains("mask") ? report["mask"] : nlohmann::json();
  if (report.contains("data")) setup["data"] = report["data"];
  return setup;
}

std::vector<std::string> parts_of(const std::string& method) {
  if (method != "autoattack") return {};
  return {"apgd-ce", "apgd-t", "fab-t", "square"};
}

std::string heading(const nlohmann::json& setup) {
  const auto text = [&](const char* name) { return text_of(setup[name]); };
  std::string line = text("model").empty() ? "network" : text("model");
  for (const char* name : {"defence", "expectation"}) {
    if (!text(name).empty()) line += ", " + std::string(name) + " " + text(name);
  }
  if (setup.contains("data")) line += ", data " + text("data");
  line += ": " + text("method") + (setup["naive"] == true ? " (naive: of the bare network)" : "") +
          ", " + text("norm");
  line += listed(setup["options"]);
  if (!text("targeted").empty()) line += ", targeted " + text("targeted");
  return line + mask_text(setup["mask"]);
}

}  // namespace apps
