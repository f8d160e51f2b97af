#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "phosphene/context.hpp"
#include "phosphene/network.hpp"

namespace phosphene {

/// Neural style transfer (Gatys, Ecker and Bethge 2016; chapter, 21.12.1): minimises over images x
///   content_weight sum_l a_l C_l(x) + style_weight sum_l b_l sum_i g_i S_li(x) + tv_weight TV(x)
/// with C and S the distances of feature maps and of Gram matrices, in one of the field's three
/// normalisations. F: C x M features, G = F F^T, both means over what they sum:
enum class Normalisation {
  johnson,  ///< C = mean (dF)^2,    S = sum (dG / (C M))^2 / C^2   (also neural-style's)
  gatys,    ///< C = sum (dF)^2 / 2, S = sum (dG)^2 / (4 C^2 M^2)   (chapter, 21.11.2)
  chapter   ///< C = sum (dF)^2,     S = sum (dG)^2                 (chapter, 21.12.1)
};
// A style image of another size than x is compared pixel for pixel: its G counts M(x) / M(style).
// TV(x) = 1/2 sum of squared differences of neighbouring pixels, in [0,1]: a weight meant for
// pixels in 0-255, as neural-style's, is multiplied by 255^2.

enum class OptimiserKind { lbfgs, adam, gd };

struct LayerWeight {
  std::string layer;
  float weight = 1;
};

/// Defaults are neural-style's.
struct StyleTransferOptions {
  std::int64_t size = 512;  ///< longest side in pixels; 0: the content's own size
  float style_scale = 1;    ///< size of the style images relative to `size`
  float content_weight = 5, style_weight = 100, tv_weight = 1e-3F;
  std::vector<LayerWeight> content_layers{{"relu4_2"}};
  std::vector<LayerWeight> style_layers{
      {"relu1_1"}, {"relu2_1"}, {"relu3_1"}, {"relu4_1"}, {"relu5_1"}};
  std::vector<float> style_blend;  ///< g_i, one a style; empty: equal shares
  Normalisation normalisation = Normalisation::johnson;
  OptimiserKind optimiser = OptimiserKind::lbfgs;
  int iterations = 1000;
  float rate = 0;     ///< of the optimiser; 0: 1 (lbfgs), 10/255 (adam), 0.01 (gd: see `rate_of`)
  int history = 100;  ///< pairs that L-BFGS keeps
  const Tensor* init = nullptr;   ///< an image to start from; null: uniform noise in [0,1]
  bool original_colours = false;  ///< keep the content's chrominance (YIQ)
  bool match_colours = false;     ///< give the style the content's colour mean and covariance first
  std::vector<std::int64_t> scales;  ///< longest sides to go through; empty: by `size`
  bool record = true;                ///< replay each step as a CUDA graph
  int profile_from = -1, profile_to = -1;
};

struct StyleLosses {
  int iteration = 0;  ///< over all scales, from 1; the losses are those before its update
  double total = 0, content = 0, style = 0, tv = 0;
};

struct StyleProgress {
  StyleLosses losses;
  int iterations = 0;  ///< over all scales
  std::int64_t height = 0, width = 0;
  std::function<Tensor()> image;  ///< the picture as it stands, on the host, in [0,1]
};

struct StyleTransferResult {
  Tensor image;                     ///< host, [1, 3, h, w] in [0,1]
  std::vector<StyleLosses> losses;  ///< at the first, every tenth and the last iteration
  std::vector<std::int64_t> scales;
  int iterations = 0;  ///< done
  bool interrupted = false;
};

/// What a run will take, told before it starts from a small trial on the same device.
struct StyleTransferCost {
  std::size_t bytes = 0, free_bytes = 0;
  double seconds = 0;
  std::int64_t largest_size = 0;  ///< longest side that would fit
};

/// `content` and `styles` are host images [1, 3, h, w] in [0,1]. `progress` is called now and then
/// and stops the run by returning false. Throws UsageError for options that make no sense (names
/// the flag of the app) and Error where an image is too small for the layers.
StyleTransferResult style_transfer(
    const Context& context, const Network& network, const Tensor& content,
    std::span<const Tensor> styles, const StyleTransferOptions& options,
    const std::function<bool(const StyleProgress&)>& progress = nullptr);

StyleTransferCost predict_cost(const Context& context, const Network& network,
                               const Tensor& content, std::span<const Tensor> styles,
                               const StyleTransferOptions& options);

/// The longest sides a run goes through: `scales` if given, else `size`, and above 1024 pixels its
/// halves down to 1024. The first takes `iterations` steps, each later one half of the one before.
std::vector<std::int64_t> scales_of(const StyleTransferOptions& options, const Tensor& content);

}  // namespace phosphene
