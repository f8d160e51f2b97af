#include "explain_flags.hpp"

#include <algorithm>

#include "flag_values.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"

namespace apps {

using namespace phosphene;

void ExplainFlags::add_to(CLI::App& app, const std::vector<std::string>& methods,
                          const std::string& result) {
  std::string names;
  for (const std::string& name : methods) names += (names.empty() ? "" : ", ") + name;
  photographs.add_to(app);
  app.add_option("--method", method, names)->capture_default_str();
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

std::int64_t ExplainFlags::batch_on(const Context& context, std::int64_t runs_each) const {
  constexpr std::int64_t kGpu = 16, kCpu = 4, kMost = 65536;
  if (batch != "auto") {
    return number<std::int64_t>("--batch", batch, "a whole number from 1 to 65536, or auto", 1,
                                kMost);
  }
  if (const nlohmann::json before = recorded_device(photographs, out); before.is_object()) {
    return std::clamp(before.value("batch", std::int64_t{1}), std::int64_t{1}, kMost);
  }
  const std::int64_t usual = context.device().is_cuda() ? kGpu : kCpu;
  return photographs.image.empty() ? usual : std::min(usual, runs_each);
}

nlohmann::json ExplainFlags::settings(const Network& network) const {
  return {{"--model", model},         {"--weights", fingerprint(network.weights())},
          {"--mean", mean},           {"--std", std},
          {"--method", method},       {"--input-size", network.info().input_size},
          {"--precision", precision}, {"--seed", seed},
          {"--colours", colours},     {"--opacity", opacity}};
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

int sweep_and_report(const ExplainFlags& flags, const SweepJob& job, const Context& context,
                     int argc, char** argv) {
  if (!flags.json.empty()) check_writable(flags.json);
  const int code = sweep(flags.photographs, job);
  if (!flags.json.empty()) {
    write_json(flags.json, {{"settings", job.settings},
                            {"device", job.device},
                            {"exit_code", code},
                            {"peak_bytes", context.peak_bytes()},
                            {"provenance", provenance(context, argc, argv)}});
  }
  return code;
}

}  // namespace apps
