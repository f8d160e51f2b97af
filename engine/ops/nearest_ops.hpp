// Steps of the attacks that look for the nearest image that fools, over the slots of a batch.
// Images are nchw fp32 [n, c, h, w], numbers fp32 and classes i32 [n, 1, 1, 1], all on the device.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::ops {

/// What becomes of one image in a step of Carlini and Wagner's attack: kernels/carlini_wagner.hpp.
struct CarliniWagnerSlot {
  enum Move : std::int32_t { hold, start, step };
  std::int32_t move = hold;
  float weight = 0, rate = 0, root = 0;
};
/// What is kept of each pixel, and the slots on the device.
struct CarliniWagnerState {
  CarliniWagnerState(const Context& context, const Shape& images);
  Tensor w, m, v, slots;
};
/// The slots are on the host.
void carlini_wagner_step(const Context& context, std::span<const CarliniWagnerSlot> slots,
                         const Tensor& clean, const Tensor& gradient, CarliniWagnerState& state,
                         Tensor& x);

/// kernels/deepfool.hpp
void deepfool_choose(const Context& context, const Tensor& logits, const Tensor& from,
                     const Tensor& to, const Tensor& lengths, Norm norm, Tensor& distance,
                     Tensor& scale, Tensor& chosen);
void deepfool_step(const Context& context, const Tensor& active, const Tensor& scale, Norm norm,
                   float overshoot, const Tensor& x0, const Tensor& gradient, Tensor& total,
                   Tensor& x);

/// y_i = clamp(x_i + delta, 0, 1), delta [1, c, h, w].
void perturb(const Context& context, const Tensor& x, const Tensor& delta, Tensor& y);

/// 0 .. count - 1 in the order of one random number of each, keyed by the context's seed, the
/// number and the sample (kernels/philox.hpp). On the host.
std::vector<std::int64_t> shuffled(const Context& context, std::int64_t count,
                                   std::uint32_t sample);

}  // namespace phosphene::ops
