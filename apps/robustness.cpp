// Puts the attacks of several runs beside each other: one table, one plot.
#include <cstdio>
#include <string>
#include <vector>

#include "common.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"
#include "phosphene/image.hpp"
#include "phosphene/version.hpp"
#include "robust/pictures.hpp"
#include "robust/runs.hpp"
#include "robust/setup.hpp"

namespace {

using apps::Run;
using phosphene::UsageError;

struct Flags {
  std::vector<std::string> runs;
  std::string out, json, title = "Robust accuracy", epsilons;
};

/// The table of every run under its own line.
std::string text_of(const std::vector<Run>& runs) {
  std::string text;
  for (const Run& run : runs) {
    text += (text.empty() ? "" : "\n") + run.name + " = " + apps::heading(run.setup) + "\n\n" +
            apps::table(run.summaries, run.norm, run.setup["naive"] == true);
    for (const std::string& warning : run.warnings) apps::warn(run.name + ": " + warning);
  }
  return text;
}

nlohmann::json json_of(const std::vector<Run>& runs) {
  nlohmann::json all = nlohmann::json::array();
  for (const Run& run : runs) {
    nlohmann::json entry = run.setup;
    entry.update({{"name", run.name},
                  {"curve", apps::to_json(run.curve)},
                  {"epsilons", nlohmann::json::array()},
                  {"warnings", run.warnings}});
    for (const apps::Summary& summary : run.summaries) {
      entry["epsilons"].push_back(apps::to_json(summary));
    }
    all.push_back(entry);
  }
  return {{"version", phosphene::version()}, {"runs", all}};
}

std::int64_t images_of(const Run& run) {
  return run.summaries.empty() ? 0 : run.summaries.front().clean.of;
}

/// Of what their attacks do differently their rates mean different things.
void warn_of_kinds(const Run& first, const Run& run) {
  const auto text = [](const Run& r, const char* field) {
    const nlohmann::json& value = r.setup[field];
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  const auto target = [&](const Run& r) {
    const std::string rule = text(r, "targeted");
    return rule.empty() ? "untargeted" : "targeted " + rule;
  };
  const auto mask = [](const Run& r) {
    const nlohmann::json& own = r.setup["mask"];
    return own.is_object() ? "mask " + own.value("fingerprint", "") : "no mask";
  };
  std::string kinds;
  const auto differ = [&](const std::string& is, const std::string& other) {
    if (is != other) kinds += (kinds.empty() ? "" : ", ") + is + " beside " + other;
  };
  differ(target(run), target(first));
  differ(mask(run), mask(first));
  if (kinds.empty()) return;
  apps::warn(run.name + " and " + first.name + " are attacked in different ways (" + kinds +
             "): their rates do not compare");
}

/// What keeps two runs from being beside each other.
void compare(const Run& first, const Run& run, const std::string& argument) {
  if (run.name == first.name) {
    throw UsageError("RUN " + argument + ": is called '" + run.name +
                     "', as another is; expected NAME=FILE with a name of its own");
  }
  warn_of_kinds(first, run);
  const auto text = [](const Run& r) {
    const auto data = r.setup.value("data", "data " + r.setup.value("data_fingerprint", ""));
    return std::to_string(images_of(r)) + " images of " + data;
  };
  if (run.setup["data_fingerprint"] == first.setup["data_fingerprint"] &&
      images_of(run) == images_of(first)) {
    return;
  }
  apps::warn(run.name + " and " + first.name + " are of different images (" + text(run) + "; " +
             text(first) + "): their rates do not compare");
}

int report(const Flags& f) {
  if (!f.out.empty()) phosphene::check_writable_image(f.out);
  if (!f.json.empty()) phosphene::check_writable(f.json);
  std::vector<Run> runs;
  apps::NamedFiles inputs;
  for (const std::string& argument : f.runs) {
    runs.push_back(apps::read_run(argument, f.epsilons));
    for (const std::string& file : runs.back().files) inputs.emplace_back("RUN", file);
    if (!f.out.empty() && runs.back().norm != runs.front().norm) {
      throw UsageError("RUN " + argument + ": is measured in " + to_string(runs.back().norm) +
                       ", the first in " + to_string(runs.front().norm) +
                       "; one plot takes one norm");
    }
    for (std::size_t i = 0; i + 1 < runs.size(); ++i) {
      if (i == 0 || runs[i].name == runs.back().name) compare(runs[i], runs.back(), argument);
    }
  }
  apps::refuse_overwriting({{"--out", f.out}, {"--json", f.json}}, inputs);
  std::printf("%s", text_of(runs).c_str());
  if (!f.out.empty()) {
    std::vector<apps::NamedCurve> curves;
    for (const Run& run : runs) curves.push_back({run.name, run.curve});
    phosphene::save_image(f.out, apps::curves_picture(f.title, runs.front().norm, curves));
  }
  if (!f.json.empty()) apps::write_json(f.json, json_of(runs));
  return apps::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  Flags f;
  CLI::App app("Puts runs of attack beside each other: their rates, and their curves in one plot.",
               "robustness");
  app.footer("Example: robustness resnet20=a.json convexadv=b.json --out curves.png");
  app.set_version_flag("--version", phosphene::version());
  app.add_option("RUN", f.runs,
                 "NAME=FILE or FILE: what attack --json wrote, a merged journal, or the --out "
                 "folder of all shards")
      ->required();
  app.add_option("--out", f.out, "Plot robust accuracy against epsilon (.png or .jpg)");
  app.add_option("--json", f.json, "Write the table to this file");
  app.add_option("--title", f.title, "Of the plot")->capture_default_str();
  app.add_option(
      "--epsilons", f.epsilons,
      "Show these radii alone: 0,1/255,2/255 or 0:16:1/255. Journals of attacks that look for the "
      "nearest image have every radius [the curve 0:16:1/255, in L2 0:2:0.125]; other runs have "
      "those that they were made with");
  return apps::run(app, argc, argv, [&] { return report(f); });
}
