#include "phosphene/methods/style_transfer.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "engine/methods/colour.hpp"
#include "engine/methods/style_problem.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// Uniform in [0,1], the same for one seed on every device and standard library.
Tensor noise(const Context& context, const Shape& shape) {
  std::mt19937_64 bits(context.seed());
  Tensor host = Tensor::host(shape);
  for (std::int64_t i = 0; i < shape.count(); ++i) {
    host.data()[i] = static_cast<float>(bits() >> 40) * 0x1p-24F;
  }
  return ops::to_device(context, host);
}

StyleLosses read_losses(const Context& context, const StyleProblem& p) {
  StyleLosses losses;
  for (std::size_t i = 0; i < p.problem.objectives.size(); ++i) {
    (i < p.content_terms ? losses.content : losses.style) +=
        read_scalar(context, p.problem.objectives[i]->loss());
  }
  for (const auto& tv : p.problem.regularisers) losses.tv += read_scalar(context, tv->loss());
  losses.total = losses.content + losses.style + losses.tv;
  return losses;
}

/// Losses alone would not tell: where a ReLU is fused into a convolution, cuDNN's makes 0 of NaN.
void check_finite(const Context& context, const Tensor& image, const StyleLosses& losses) {
  Tensor scratch = ops::loss_scratch(context), sum = context.zeros({});
  ops::abs_sum(context, image, scratch, sum);
  if (!std::isfinite(losses.total) || !std::isfinite(read_scalar(context, sum))) {
    throw Error("the picture or its loss is not finite any more at iteration " +
                std::to_string(losses.iteration) + ": take a smaller --lr");
  }
}

}  // namespace

std::vector<std::int64_t> scales_of(const StyleTransferOptions& options, const Tensor& content) {
  if (!options.scales.empty()) return options.scales;
  constexpr std::int64_t kAtOnce = 1024;  // above, coarse structure would take too long to form
  std::int64_t size =
      options.size > 0 ? options.size : std::max(content.shape().h, content.shape().w);
  std::vector<std::int64_t> scales{size};
  while (size > kAtOnce) scales.insert(scales.begin(), size = (size + 1) / 2);
  return scales;
}

StyleTransferResult style_transfer(const Context& context, const Network& network,
                                   const Tensor& content, std::span<const Tensor> styles,
                                   const StyleTransferOptions& options,
                                   const std::function<bool(const StyleProgress&)>& progress) {
  check_options(options, styles.size());
  const Range range(context, "style_transfer");
  const Tensor content_full = ops::to_device(context, content);
  std::vector<Tensor> styles_full;
  for (const Tensor& style : styles) {
    styles_full.push_back(options.match_colours
                              ? ops::to_device(context, match_colours(style, content))
                              : ops::to_device(context, style));
  }

  StyleTransferResult result;
  result.scales = scales_of(options, content);
  int total = 0;
  for (std::size_t i = 0; i < result.scales.size(); ++i)
    total += iterations_at(options.iterations, i);

  Tensor painted;  // the last scale's, on the device
  for (std::size_t i = 0; i < result.scales.size() && !result.interrupted; ++i) {
    const Size size = scaled(content.shape(), result.scales[i]);
    const Tensor small_content = ops::resize(context, content_full, size.h, size.w);
    std::vector<Tensor> small_styles;
    for (const Tensor& style : styles_full) {
      const Size s =
          scaled(style.shape(),
                 std::max<std::int64_t>(
                     1, std::llround(static_cast<double>(result.scales[i]) * options.style_scale)));
      small_styles.push_back(ops::resize(context, style, s.h, s.w));
    }
    StyleProblem p = make_style_problem(context, network, small_content, small_styles, options);
    small_styles.clear();
    Tensor& image = p.session->image();
    if (painted.empty()) {
      painted = options.init != nullptr ? ops::to_device(context, *options.init)
                                        : noise(context, image.shape());
    }
    ops::copy(context, ops::resize(context, painted, size.h, size.w), image);

    const auto picture = [&] {
      Tensor copy = ops::clone(context, image);
      ops::clamp(context, copy, 0, 1);
      Tensor host = ops::to_host(context, copy);
      return options.original_colours ? with_colours_of(host, ops::to_host(context, small_content))
                                      : std::move(host);
    };
    const int before = result.iterations;
    LoopOptions loop;
    loop.iterations = iterations_at(options.iterations, i);
    loop.record = options.record;
    loop.profile_from = options.profile_from - before;
    loop.profile_to = options.profile_to - before;
    loop.report_every = context.device().is_cuda() ? 10 : 1;  // reading a loss makes a GPU wait
    loop.report = [&](int iteration) {
      StyleLosses losses = read_losses(context, p);
      losses.iteration = before + iteration;
      check_finite(context, image, losses);
      if (iteration == 1 || iteration % 10 == 0 || iteration == loop.iterations) {
        result.losses.push_back(losses);
      }
      return !progress || progress({losses, total, size.h, size.w, picture});
    };
    const int done = minimise(context, p.problem, loop);
    result.iterations += done;
    result.interrupted = done < loop.iterations;
    result.image = picture();
    painted = ops::clone(context, image);
  }
  return result;
}

}  // namespace phosphene
