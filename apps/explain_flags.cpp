#include "explain_flags.hpp"

#include <algorithm>
#include <thread>
#include <utility>
#include <variant>

#include "checksum.hpp"
#include "flag_values.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"
#include "phosphene/text.hpp"

namespace apps {

using namespace phosphene;

namespace {

/// What the network does to pixels, whether flags, the weights file or the model say so.
nlohmann::json preprocessing(const Graph& graph) {
  for (const Node& node : graph.nodes()) {
    if (const auto* n = std::get_if<op::Normalise>(&node.op)) {
      return {
          {"--mean", n->mean}, {"--std", n->std}, {"scale", n->scale}, {"reversed", n->reverse}};
    }
  }
  return nlohmann::json::object();
}

std::int64_t given_batch(const std::string& text) {
  return number<std::int64_t>("--batch", text, "a whole number from 1 to 65536, or auto", 1,
                              kLargestBatch);
}

/// Never more than `items`, all that there are; says so where it takes less than was asked for.
std::int64_t within(std::int64_t given, std::int64_t items) {
  if (given > items) {
    warn("--batch " + std::to_string(given) + ": " + std::to_string(items) +
         " are all that can be in work at once");
  }
  return std::min(given, items);
}

/// Of the device of a journal.
std::int64_t recorded_batch(const nlohmann::json& device) {
  return std::clamp(device.value("batch", std::int64_t{1}), std::int64_t{1}, kLargestBatch);
}

std::string hash_of(const std::vector<std::string>& labels) {
  Fingerprint hash;
  for (const std::string& label : labels) hash.add(label);
  return labels.empty() ? "" : hash.text();
}

}  // namespace

void ExplainFlags::add_to(CLI::App& app, const std::vector<std::string>& methods,
                          const std::string& result) {
  photographs.add_to(app);
  if (!methods.empty()) app.add_option("--method", method, joined(methods))->capture_default_str();
  app.add_option("--colours,--colors", colours, "Of the picture: jet, viridis, grey or diverging")
      ->capture_default_str();
  app.add_option("--opacity", opacity, "Of the colours over the photograph, 0 to 1")
      ->capture_default_str();
  app.add_option("--batch", batch, "Images at once, or auto: 16 on a GPU, 4 on the CPU")
      ->capture_default_str();
  ClassifierFlags::add_to(app, result);
}

HeatmapOptions ExplainFlags::rendering() const {
  if (!(opacity >= 0 && opacity <= 1)) {
    throw UsageError("--opacity " + std::to_string(opacity) + ": expected a number from 0 to 1");
  }
  return {.colours = parse_colour_map(colours), .opacity = opacity};
}

std::int64_t ExplainFlags::batch_on(const Context& context, std::int64_t items) const {
  constexpr std::int64_t kGpu = 16, kCpu = 4;
  if (batch != "auto") return within(given_batch(batch), items);
  if (const nlohmann::json before = recorded_device(photographs, out); before.is_object()) {
    return recorded_batch(before);
  }
  return std::min(context.device().is_cuda() ? kGpu : kCpu, items);
}

nlohmann::json ExplainFlags::settings(const Network& network) const {
  nlohmann::json settings = settings_of(*this, network);
  settings.update({{"--colours", colours}, {"--opacity", opacity}});
  if (!method.empty()) settings["--method"] = method;
  return settings;
}

NamedFiles ExplainFlags::inputs(const NamedFiles& own) const {
  NamedFiles files{{"--image", photographs.image},
                   {"--images", photographs.images},
                   {"--weights", weights},
                   {"--labels", labels}};
  files.insert(files.end(), own.begin(), own.end());
  return files;
}

nlohmann::json settings_of(const ClassifierFlags& f, const Network& network) {
  nlohmann::json settings = preprocessing(network.graph());
  settings.update({{"--model", network.info().model},
                   {"--weights", fingerprint(network.weights())},
                   {"--labels", hash_of(network.info().labels)},
                   {"--input-size", network.info().input_size},
                   {"--precision", f.precision},
                   {"--tune", f.tune},
                   {"--seed", f.seed}});
  return settings;
}

std::int64_t data_batch(const std::string& text, const nlohmann::json& recorded,
                        const Context& context, const Shape& image, std::int64_t most,
                        std::int64_t items) {
  // PGD-10 on 2 cores, images a second of resnet20 (32 px) at batch 16, 32, 64, 128, 250: 84, 100,
  // 100, 95, 96 (best of 8); of the bundled network (64 px) at 4, 8, 16, 32, 64: 71, 72, 70,
  // 71, 73. So 16 images of 32 px a thread are enough, and more are slower to stop and leave fewer
  // slots to refill.
  constexpr std::int64_t kCpuPixels = 1 << 14, kGpuPixels = 1 << 22;
  if (text != "auto") return within(given_batch(text), items);
  if (recorded.is_object()) return recorded_batch(recorded);
  const auto threads = static_cast<std::int64_t>(std::max(1U, std::thread::hardware_concurrency()));
  const std::int64_t pixels = context.device().is_cuda() ? kGpuPixels : threads * kCpuPixels;
  return std::min(std::clamp(pixels / image.pixels(), std::int64_t{4}, most), items);
}

std::string called(const ClassifierFlags& f, const Network& network) {
  const std::string& model = network.info().model;
  return (model.empty() ? "the network" : model) + " of --weights " + printable(f.weights);
}

std::int64_t checked_classes(const std::string& flag, const Network& network) {
  const std::int64_t classes = class_count(network.graph());
  if (classes >= 2) return classes;
  throw UsageError(flag + ": the network has " + std::to_string(classes) +
                   " output, expected the scores of 2 classes or more");
}

std::string content_of(const std::string& file) {
  return file.empty() ? "" : "file " + crc32_of_file(file);
}

std::int64_t input_size(const Network& network) {
  const std::int64_t size = network.info().input_size;
  if (size > 0) return size;
  throw UsageError(
      "--input-size: neither the weights file nor the model says how large the "
      "network's input is; expected a number of pixels");
}

std::unique_ptr<Context> make_context(const CommonFlags& flags) {
  auto context = std::make_unique<Context>(flags.context_options());
  if (!context->fallback_reason().empty()) {
    warn("--device auto takes the CPU: " + context->fallback_reason());
  }
  return context;
}

int sweep_and_report(const ExplainFlags& flags, std::vector<Item> photographs, SweepJob job,
                     const Context& context, int argc, char** argv, const nlohmann::json& more) {
  job.out = flags.out;
  job.json = flags.json;
  if (!flags.json.empty()) check_writable(flags.json);
  const int code = sweep(flags.photographs, std::move(photographs), job);
  if (!flags.json.empty()) {
    nlohmann::json json{{"out", job.out},
                        {"settings", job.settings},
                        {"device", job.device},
                        {"exit_code", code},
                        {"peak_bytes", context.peak_bytes()},
                        {"provenance", provenance(context, argc, argv)}};
    json.update(more);
    write_json(flags.json, json);
  }
  return code;
}

}  // namespace apps
