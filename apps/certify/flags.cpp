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
  const std::int64_t classes = checked_classes("--weights " + f.weights, *network);
  data = open_dataset({.path = f.data,
                       .classes = network->info().labels,
                       .class_count = classes,
                       .size = network->info().input_size,
                       .network = called(f, *network),
                       .count = count,
                       .warn = warn});
  context = make_context(f);
  constexpr std::int64_t kMostOfAuto = 1024;
  batch = data_batch(f.batch, recorded_device(f.shard, f.out), *context, data->image_shape(),
                     kMostOfAuto, copies > 0 ? copies : data->size());
}

SweepJob certify_job(const CertifyFlags& f, const Certified& what, const std::string& method) {
  SweepJob job;
  job.app = "certify";
  job.out = f.out;
  job.json = f.json;
  job.inputs = data_files("--data", f.data);
  job.inputs.insert(job.inputs.end(), {{"--weights", f.weights}, {"--labels", f.labels}});
  job.settings = settings_of(f, *what.network);
  job.settings.update({{"method", method}, {"--data", what.data->fingerprint()}});
  job.device = device_json(*what.context);
  job.device["batch"] = what.batch;
  job.batch = what.batch;
  return job;
}

std::string heading(const CertifyFlags& f, const Certified& what, const std::string& how) {
  const std::string& model = what.network->info().model;
  return (model.empty() ? "network" : model) + ", data " + f.data + ": " + how;
}

void write_report(const CertifyFlags& f, const Certified& what, const SweepJob& job,
                  nlohmann::json summary, int argc, char** argv) {
  if (f.json.empty()) return;
  summary.update({{"model", what.network->info().model},
                  {"weights", what.network->weights().source()},
                  {"weights_fingerprint", job.settings["--weights"]},
                  {"data", f.data},
                  {"data_fingerprint", job.settings["--data"]},
                  {"out", job.out},
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
