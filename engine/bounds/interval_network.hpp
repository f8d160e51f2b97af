// A network on intervals of images: what encloses its maps for every image of a ball.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "phosphene/context.hpp"
#include "phosphene/network.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::bounds {

/// Lowered for one size, batch and tap, as a Session with that tap alone is; the same fusions and
/// weights. Needs fp32. Throws UsageError that names a layer without bounds. Context and network
/// outlive it.
class IntervalNetwork {
 public:
  IntervalNetwork(const Context& context, const Network& network, std::int64_t height,
                  std::int64_t width, std::int64_t batch, const std::string& tap);
  ~IntervalNetwork();
  IntervalNetwork(IntervalNetwork&&) noexcept;

  /// Images [batch, 3, h, w] nchw and epsilons [batch, 1, 1, 1], fp32 on the device. What is
  /// enclosed is the network at every image x' in [0,1] with |x' - x| <= epsilon, all of them
  /// floats, as sums in fp32 of any order compute it. Without `last` the tap's own step is left
  /// out, for callers who want its Matrix alone.
  void forward(const Tensor& images, const Tensor& epsilons, bool last = true);

  /// Of the tap, nhwc on the device, until the next call.
  const Tensor& low() const;
  const Tensor& high() const;

  /// The tap's step where it is a Linear, or a Conv as large as its map.
  struct Matrix {
    Tensor weights, bias;    ///< [1, 1, classes, features] and [1, 1, 1, classes], on the device
    Tensor low, high;        ///< of its input, [batch, 1, 1, features], until the next forward()
    std::int64_t terms = 0;  ///< products in each sum, the bias among them
  };
  /// Null where it is something else.
  const Matrix* matrix() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace phosphene::bounds
