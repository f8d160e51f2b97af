#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "phosphene/classifier.hpp"
#include "phosphene/context.hpp"
#include "phosphene/graph.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

// How well a map says where the object is, and what the network needs. Maps and masks are host
// tensors [1, 1, h, w] of one size, or Error; a mask is 0 or 1, a map any number, larger where the
// method sees more.

/// The pointing game (Zhang et al. 2018): 1 if the largest value of the map lies in the mask or at
/// most `tolerance` pixels from it, else 0. Where several pixels are the largest, their mean: a map
/// that says nothing scores as blind pointing does.
double pointing(const Tensor& map, const Tensor& mask, double tolerance);

/// sum of max(map, 0) in the mask / sum of max(map, 0). A map that is nowhere above 0 counts as an
/// even one: it scores the mask's share of the picture.
double energy_inside(const Tensor& map, const Tensor& mask);

/// |a and b| / |a or b| of two masks (what is above 0.5); 1 where both are empty.
double intersection_over_union(const Tensor& a, const Tensor& b);

/// Spearman's rank correlation of two tensors with as many elements; equal values share their mean
/// rank. 0 where either is constant.
double rank_correlation(const Tensor& a, const Tensor& b);

/// Magnitude of the Sobel gradient, the largest of the channels; edge pixels repeat. [n, c, h, w]
/// to [n, 1, h, w]: an edge detector, which knows of no network.
Tensor sobel(const Tensor& images);

/// Softmax of the classifier's logits: images, host [n, c, h, w], to host [n, classes, 1, 1].
Tensor probabilities(const Context& context, const Classifier& classifier, const Tensor& images);

/// RISE's causal metrics (Petsiuk et al. 2018). Pixels are taken from the largest value of the map
/// to the smallest, `step` at a time; equal ones in a fixed order without a pattern.
struct CausalOptions {
  std::int64_t step = 64;                         ///< RISE: 224 of 224 x 224
  std::array<float, 3> hidden{0.5F, 0.5F, 0.5F};  ///< what deletion leaves; RISE: `zero_colour`
  float blur_sigma = 4;  ///< of the picture that insertion starts from, in pixels; RISE: 5
};

struct CausalScores {
  double deletion = 0;   ///< area under its curve: the lower, the better
  double insertion = 0;  ///< the higher, the better
  /// The class's probability after 0, 1, ... steps.
  std::vector<double> deletion_curve, insertion_curve;
};

/// Deletion hides pixel after pixel of `image` (host [1, 3, h, w]); insertion puts them back into
/// the blurred image. The area is (1/k) (p_0 / 2 + p_1 + ... + p_k / 2), k = ceil(h w / step).
CausalScores insertion_deletion(const Context& context, const Classifier& classifier,
                                const Tensor& image, const Tensor& map, std::int64_t target,
                                const CausalOptions& options);

/// The pixel, in [0,1], that the network's first node makes 0: the mean colour of what it learnt.
std::array<float, 3> zero_colour(const Graph& graph);

}  // namespace phosphene
