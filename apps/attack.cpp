// Attacks the images of a data set, and measures what a network withstands.
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"
#include "phosphene/image.hpp"
#include "phosphene/npy.hpp"
#include "robust/checks.hpp"
#include "robust/flags.hpp"
#include "robust/probes.hpp"
#include "robust/report.hpp"
#include "robust/setup.hpp"
#include "robust/stream.hpp"
#include "robust/subject.hpp"
#include "robust/summary.hpp"
#include "shard.hpp"
#include "stoppable.hpp"
#include "sweep.hpp"
#include "sweep_list.hpp"

namespace {

using namespace apps;

/// Of the files of an image at each epsilon: "-eps0.5" in units of 1/255.
std::vector<std::string> variants(const AttackPlan& plan) {
  if (plan.variants() == 1) return {""};
  std::vector<std::string> names;
  const double unit = plan.options.norm == phosphene::Norm::linf ? 255 : 1;
  for (const double epsilon : plan.epsilons) {
    char text[32];
    std::snprintf(text, sizeof text, "-eps%.6g", epsilon * unit);
    names.emplace_back(text);
  }
  return names;
}

SweepJob job_of(const AttackFlags& f, const AttackPlan& plan, const Subject& s) {
  const phosphene::Shape shape = s.data->image_shape();
  SweepJob job;
  job.app = "attack";
  job.out = f.out;
  job.json = f.json;
  job.inputs = data_files("--data", f.data);
  job.inputs.insert(
      job.inputs.end(),
      {{"--image", f.image}, {"--weights", f.weights}, {"--labels", f.labels}, {"--mask", f.mask}});
  job.settings = settings(f, plan, s);
  job.device = device_json(*s.context);
  job.device["batch"] = s.batch;
  job.endings = {".png"};
  job.with_files = plan.pictures;
  job.batch = s.batch;
  job.variants = variants(plan);
  job.arrays = {{"adversarial", {shape.c, shape.h, shape.w}}};
  return job;
}

using Lines = std::map<std::int64_t, nlohmann::json>;  ///< of the journal, by item

/// Counts in `failed` the items that have none.
std::vector<ImageRecord> read_records(const Lines& lines, const AttackPlan& plan, int& failed) {
  std::vector<ImageRecord> records;
  for (const auto& [item, line] : lines) {
    if (!line.contains("record")) {
      ++failed;
      continue;
    }
    const auto variants = static_cast<std::int64_t>(plan.variants());
    records.push_back({item / variants, record_of(line["record"])});
  }
  return records;
}

/// Those of images that were done while fewer were asked for. They are no files of the journal's.
void save_missing_pictures(const AttackFlags& f, const AttackPlan& plan, const Subject& s,
                           const SweepJob& job, const Lines& lines) {
  if (plan.pictures == 0) return;
  const SweepList list = list_data(*s.data, job);
  const Shard shard = parse_shard(f.shard, environment);
  std::vector<std::pair<std::int64_t, std::string>> missing;  // items and their pictures
  for (const auto& [item, line] : lines) {
    if (list.image_of(item) >= plan.pictures || !line.contains("record")) continue;
    const std::string path = f.out + "/" + list.name(item) + ".png";
    if (!std::filesystem::exists(path)) missing.emplace_back(item, path);
  }
  if (missing.empty()) return;
  std::fprintf(stderr, "pictures of what was done before: %zu\n", missing.size());
  const phosphene::NpyRows rows(array_path(f.out, "adversarial", shard));
  phosphene::Tensor image = phosphene::Tensor::host(s.data->image_shape());
  for (const auto& [item, path] : missing) {
    if (interrupted()) throw Interrupted(kGoesOn);
    rows.read(array_row(item, list.variant_count(), shard),
              std::span(image.data(), static_cast<std::size_t>(image.count())));
    phosphene::save_image(path, image);
  }
}

void warn_all(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) warn(line);
}

int run_attack_app(const AttackFlags& f, const CLI::App& app, int argc, char** argv) {
  AttackPlan plan = read(f, app);
  if (!f.json.empty()) phosphene::check_writable(f.json);
  const Subject subject = open_subject(f, plan);
  // An image that stops where one draw, or the bare network, is fooled hardly fools another.
  if (plan.naive || subject.random) plan.options.stay = true;
  if (!subject.mask.empty()) plan.options.mask = subject.mask.view();
  AttackStream stream(plan, subject);
  SweepJob job = job_of(f, plan, subject);
  std::optional<std::vector<std::string>> looked;
  const auto look = [&] {
    if (looked) return;
    looked = probe_victim(plan, subject);
    warn_all(*looked);
  };
  catch_interrupts();  // the checks after a sweep that was done before are no sweep
  const auto start = std::chrono::steady_clock::now();
  job.stream = [&](SweepQueue& queue) {
    look();
    stream.run(queue);
  };
  const int code = sweep(*subject.data, f.shard, job);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  if (stream.items() > 0) {
    std::fprintf(stderr, "%lld %s in %.1f s: %.2f a second\n",
                 static_cast<long long>(stream.items()),
                 plan.variants() > 1 ? "items (images x epsilons)" : "images", seconds.count(),
                 static_cast<double>(stream.items()) / seconds.count());
  }
  if (code == kInterrupted) return code;

  look();  // where all was done before
  int failed = 0;
  const Lines lines = recorded_items(f.shard, f.out);
  const std::vector<ImageRecord> records = read_records(lines, plan, failed);
  std::vector<std::string> more = probe_result(plan, subject, records);
  if (!plan.naive && !subject.random) {
    if (const Warning warning = check_confirmed(plain(records))) more.push_back(*warning);
  }
  warn_all(more);
  std::vector<std::string> warnings = *looked;
  warnings.insert(warnings.end(), more.begin(), more.end());
  if (failed > 0) warnings.push_back(std::to_string(failed) + " items failed, and are in no rate");
  std::printf("%s\n\n%s", heading(setup_of(f, plan, subject)).c_str(),
              table(summaries_of(plan, plain(records)), plan.options.norm, plan.naive).c_str());
  if (!f.json.empty()) {  // before the pictures: they are what a kill may cost
    nlohmann::json json = report(f, plan, subject, records, warnings);
    json["provenance"] = provenance(*subject.context, argc, argv);
    write_json(f.json, json);
  }
  save_missing_pictures(f, plan, subject, job, lines);
  if (!plain(records).empty()) save_pictures(f, plan, subject, records);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  AttackFlags flags;
  CLI::App app("Attacks the images of a data set, and measures what a network withstands.",
               "attack");
  app.footer(
      "Example: attack --method pgd --eps 8/255 --steps 20 --data shapes:2:200 --weights shapes "
      "--json s.json --out attacked");
  flags.add_to(app);
  return run(app, argc, argv, [&] { return run_attack_app(flags, app, argc, argv); });
}
