// Steps of the attacks that look for the nearest image that fools, over the slots of a batch.
// Images are nchw fp32 [n, c, h, w], numbers fp32 and classes i32 [n, 1, 1, 1], all on the device.
#pragma once
#include <span>

#include "kernels/carlini_wagner.hpp"
#include "phosphene/attacks/attack.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::ops {

/// What Adam keeps of each pixel, and the slots on the device.
struct CarliniWagnerState {
  CarliniWagnerState(const Context& context, const Shape& images);
  Tensor w, m, v, slots;
};
/// kernels/carlini_wagner.hpp; the slots are on the host.
void carlini_wagner_step(const Context& context, std::span<const kernels::CarliniWagnerSlot> slots,
                         const Tensor& clean, const Tensor& gradient, CarliniWagnerState& state,
                         Tensor& x);

/// kernels/deepfool.hpp
void deepfool_choose(const Context& context, const Tensor& logits, const Tensor& from,
                     const Tensor& to, const Tensor& lengths, Norm norm, Tensor& distance,
                     Tensor& scale, Tensor& chosen);
void deepfool_step(const Context& context, const Tensor& active, const Tensor& scale, Norm norm,
                   float overshoot, const Tensor& x0, const Tensor& gradient, Tensor& total,
                   Tensor& x);

}  // namespace phosphene::ops
