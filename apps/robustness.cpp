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
    text += (text.empty() ? "" : "\n") + run.name + ", " + run.method + ", " + to_string(run.norm) +
            "\n\n" + apps::table(run.summaries);
  }
  return text;
}

nlohmann::json json_of(const std::vector<Run>& runs) {
  nlohmann::json all = nlohmann::json::array();
  for (const Run& run : runs) {
    nlohmann::json entry{{"name", run.name},
                         {"method", run.method},
                         {"norm", to_string(run.norm)},
                         {"curve", apps::to_json(run.curve)},
                         {"epsilons", nlohmann::json::array()}};
    for (const apps::Summary& summary : run.summaries) {
      entry["epsilons"].push_back(apps::to_json(summary));
    }
    all.push_back(entry);
  }
  return {{"version", phosphene::version()}, {"runs", all}};
}

int report(const Flags& f) {
  if (!f.out.empty()) phosphene::check_writable_image(f.out);
  if (!f.json.empty()) phosphene::check_writable(f.json);
  std::vector<Run> runs;
  apps::NamedFiles inputs;
  for (const std::string& argument : f.runs) {
    runs.push_back(apps::read_run(argument, f.epsilons));
    inputs.emplace_back("RUN", argument.substr(argument.find('=') + 1));
    if (!f.out.empty() && runs.back().norm != runs.front().norm) {
      throw UsageError("RUN " + argument + ": is measured in " + to_string(runs.back().norm) +
                       ", the first in " + to_string(runs.front().norm) +
                       "; one plot takes one norm");
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
      "Where the curves of attacks that look for the nearest image are taken, of journals "
      "[0:16:1/255, in L2 0:2:0.125]");
  return apps::run(app, argc, argv, [&] { return report(f); });
}
