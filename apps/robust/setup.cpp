#include "setup.hpp"

#include <array>

#include "phosphene/error.hpp"

namespace apps {
namespace {

constexpr std::array kNeeded{
    "model", "weights_fingerprint", "data_fingerprint", "method", "norm", "targeted", "defence",
    "naive", "expectation",         "options"};
constexpr std::array kOptions{"loss",     "steps",    "alpha",    "relative_alpha",
                              "restarts", "samples",  "momentum", "lambda",
                              "queries",  "searches", "stay"};

std::string text_of(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

nlohmann::json setup_of_journal(const nlohmann::json& settings) {
  nlohmann::json options = nlohmann::json::object();
  for (const char* name : kOptions) {
    const auto found = settings.find(std::string("--") + name);
    if (found != settings.end()) options[name] = *found;
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
  for (const auto& [name, value] : setup["options"].items()) {
    if (value.is_boolean()) {
      if (value == true) line += ", " + name;
    } else if (name == "relative_alpha") {
      line += ", alpha " + value.dump() + " eps";
    } else if (name != "alpha" || !setup["options"].contains("relative_alpha")) {
      line += ", " + name + " " + text_of(value);
    }
  }
  if (!text("targeted").empty()) line += ", targeted " + text("targeted");
  return line;
}

}  // namespace apps
