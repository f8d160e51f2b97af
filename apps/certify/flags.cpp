#include "flags.hpp"

#include <algorithm>
#include <vector>

#include "explain_flags.hpp"
#include "flag_values.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"
#include "phosphene/models.hpp"

namespace apps {

using namespace phosphene;

namespace {

/// As many pixels as keep the device busy.
std::int64_t batch_of(const CertifyFlags& f, const Context& context, const Shape& image,
                      std::int64_t items) {
  constexpr std::int64_t kMost = 65536, kCpuPixels = 1 << 18, kGpuPixels = 1 << 22, kUsual = 1024;
  if (f.batch != "auto") {
    return number<std::int64_t>("--batch", f.batch, "a whole number from 1 to 65536, or auto", 1,
                                kMost);
  }
  if (const nlohmann::json before = recorded_device(f.shard, f.out); before.is_object()) {
    return std::clamp(before.value("batch", std::int64_t{1}), std::int64_t{1}, kMost);
  }
  const std::int64_t pixels = context.device().is_cuda() ? kGpuPixels : kCpuPixels;
  const std::int64_t usual = std::clamp(pixels / image.pixels(), std::int64_t{4}, kUsual);
  return std::min(usual, items);
}

}  // namespace

void CertifyFlags::add_to(CLI::App& app) {
  app.add_option("--data", data,
                 "Labelled images: CIFAR-10's A.bin, IMAGES.npy,LABELS.npy, a folder or list of "
                 "photographs, shapes:SEED:COUNT")
      ->required();
  app.add_option("--limit", limit, "Only so many images, from the first on");
  app.add_option("--shard", shard, "Only a share: i/N, or auto for what Slurm or Open MPI says");
  app.add_option("--batch", batch, "Images (smooth: noisy copies of one) at once, or auto")
      ->capture_default_str();
  ClassifierFlags::add_to(app, "Folder of the journal");
}

Certified::Certified(const CertifyFlags& f, std::int64_t copies) {
  std::int64_t count = 0;
  if (!f.limit.empty()) {
    count = number<std::int64_t>("--limit", f.limit, "a whole number of 1 or more", 1);
  }
  if (!f.json.empty()) check_writable(f.json);
  network = std::make_unique<Network>(load_network(f.network_options()));
  const std::int64_t classes = class_count(network->graph());
  if (classes < 2) {
    throw UsageError("--weights " + f.weights + ": the network has " + std::to_string(classes) +
                     " output, expected the scores of 2 classes or more");
  }
  data = open_dataset({.path = f.data,
                       .classes = network->info().labels,
                       .class_count = classes,
                       .size = network->info().input_size,
                       .count = count,
                       .warn = warn});
  context = make_context(f);
  batch = batch_of(f, *context, data->image_shape(), copies > 0 ? copies : data->size());
}

SweepJob certify_job(const CertifyFlags& f, const Certified& what, const std::string& method) {
  ExplainFlags shared;  // what every program that looks at a network writes of it
  static_cast<ClassifierFlags&>(shared) = f;
  SweepJob job;
  job.app = "certify";
  job.out = f.out;
  job.json = f.json;
  job.inputs = {{"--weights", f.weights}, {"--labels", f.labels}, {"--data", f.data}};
  job.settings = shared.settings(*what.network);
  for (const char* flag : {"--colours", "--opacity"}) job.settings.erase(flag);
  job.settings.update({{"method", method}, {"--data", what.data->fingerprint()}});
  job.device = device_json(*what.context);
  job.device["batch"] = what.batch;
  job.batch = what.batch;
  return job;
}

void write_report(const CertifyFlags& f, const Certified& what, const SweepJob& job,
                  nlohmann::json summary, int argc, char** argv) {
  if (f.json.empty()) return;
  summary.update({{"out", job.out},
                  {"settings", job.settings},
                  {"device", job.device},
                  {"provenance", provenance(*what.context, argc, argv)}});
  write_json(f.json, summary);
}

std::vector<std::int64_t> predictions(const Tensor& logits) {
  const std::int64_t classes = logits.shape().c;
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < logits.shape().n; ++i) {
    result.push_back(predicted_class(logits.data() + i * classes, classes));
  }
  return result;
}

}  // namespace apps
