#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine/methods/style_problem.hpp"
#include "engine/ops/tensor_ops.hpp"

namespace phosphene {
namespace {

double seconds_now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

double pixels_of(Size s) { return static_cast<double>(s.h) * static_cast<double>(s.w); }

struct Trial {
  double bytes, seconds, pixels;
};

/// One step at this size, after one that lets the libraries set themselves up.
Trial run_trial(const Context& context, const Network& network, const Tensor& content,
                std::int64_t longest, const StyleTransferOptions& options, std::size_t held) {
  const Size size = scaled(content.shape(), longest);
  const Tensor small = ops::resize(context, content, size.h, size.w);
  std::vector<Tensor> style;
  style.push_back(ops::clone(context, small));
  StyleProblem p = make_style_problem(context, network, small, style, options);
  iterate(p.problem);
  context.synchronize();
  const double start = seconds_now();
  iterate(p.problem);
  context.synchronize();
  return {static_cast<double>(context.allocated_bytes() - held), seconds_now() - start,
          pixels_of(size)};
}

}  // namespace

/// Time and memory are linear in the pixels; two trials tell what does not grow (the weights).
StyleTransferCost predict_cost(const Context& context, const Network& network,
                               const Tensor& content, std::span<const Tensor> styles,
                               const StyleTransferOptions& options) {
  check_options(options, styles.size());
  // Large enough that on a GPU neither launches nor cuDNN's workspaces outweigh what grows.
  const std::int64_t trial_size = context.device().is_cuda() ? 512 : 256;
  const std::vector<std::int64_t> scales = scales_of(options, content);
  const std::int64_t largest = *std::ranges::max_element(scales);
  StyleTransferOptions one = options;
  one.style_blend.clear();

  StyleTransferCost cost;
  cost.free_bytes = context.free_bytes();
  const std::size_t held = context.allocated_bytes();
  const Tensor full = ops::to_device(context, content);
  const Trial trial = run_trial(context, network, full, std::min(trial_size, largest), one, held);
  double per_pixel = trial.bytes / trial.pixels, fixed = 0;
  if (largest > trial_size) {
    const Trial half = run_trial(context, network, full, trial_size / 2, one, held);
    // Workspaces do not shrink with the image, and may even grow.
    per_pixel = std::max(1.0, (trial.bytes - half.bytes) / (trial.pixels - half.pixels));
    fixed = std::max(0.0, trial.bytes - per_pixel * trial.pixels);
  }
  const double pixels = pixels_of(scaled(content.shape(), largest));
  cost.bytes = static_cast<std::size_t>(fixed + per_pixel * pixels);
  for (std::size_t i = 0; i < scales.size(); ++i) {
    const double share = pixels_of(scaled(content.shape(), scales[i])) / trial.pixels;
    cost.seconds += trial.seconds * share * iterations_at(options.iterations, i);
  }
  const double room = std::max(0.0, static_cast<double>(cost.free_bytes) - fixed) / per_pixel;
  cost.largest_size = static_cast<std::int64_t>(static_cast<double>(largest) *
                                                std::sqrt(std::min(1.0, room / pixels)));
  return cost;
}

}  // namespace phosphene
