#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "phosphene/context.hpp"
#include "phosphene/network.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

/// Interval bound propagation (Gowal et al. 2018; the bounds are Mirman et al.'s box, 2018): what
/// the scores of a class can fall to over a whole L-infinity ball of images,
///   { x' in [0,1] : |x' - x| <= epsilon },
/// by arithmetic on intervals, layer by layer. Where a layer multiplies, an interval is a middle
/// and a radius,
///   m -> W m + b,  r -> |W| r,
/// where it is monotone (ReLU, pooling) its two ends. The last layer's rows are put together,
///   z_y - z_j = (W_y - W_j) h + b_y - b_j,
/// which is tighter than the ends of z_y and z_j. If all margins of the label are above 0, no image
/// of the ball is classified otherwise: a proof. If one is not, nothing is known: on a network that
/// was not trained for it the intervals grow with every layer.
///
/// The proof holds for the network as fp32 computes it, convolutions summed in any order: every
/// bound is widened by what rounding can do (engine/bounds/rounding.hpp). It does not hold for
/// tf32 or bf16, nor where a library convolves by Winograd's or a Fourier transform.
class IntervalBounds {
 public:
  /// Throws UsageError that names the layer where no bounds go through it (Lrn, Softmax, Elu) and
  /// where the context is not of fp32, Error where an image is too small. Context and network
  /// outlive it.
  IntervalBounds(const Context& context, const Network& network, std::int64_t height,
                 std::int64_t width, std::int64_t batch);
  ~IntervalBounds();
  IntervalBounds(IntervalBounds&&) noexcept;

  /// Lower bounds of z_label - z_j, host [n, classes, 1, 1], 0 at the label itself, -inf where
  /// nothing is known; n <= batch images [n, 3, h, w] in [0,1], host or device, with a label and an
  /// epsilon each. A bound does not depend on the company.
  Tensor margins(const Tensor& images, std::span<const std::int64_t> labels,
                 std::span<const float> epsilons);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The smallest margin of image i over the other classes: above 0 it is certified.
float least_margin(const Tensor& margins, std::int64_t i, std::int64_t label);

}  // namespace phosphene
