// Ops on batches whose images do not know of each other: each has its own number. Numbers are fp32
// [n, 1, 1, 1], class indices i32 [n, 1, 1, 1], images nchw fp32 [n, c, h, w], all on the device.
// A sum over an image is the same whatever the batch.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::ops {

/// Host numbers on the device.
Tensor numbers(const Context& context, std::span<const float> values);
Tensor classes(const Context& context, std::span<const std::int32_t> values);
std::vector<float> host_numbers(const Context& context, const Tensor& numbers);  // waits

/// norm_i = |x_i - y_i|
void distances(const Context& context, const Tensor& x, const Tensor& y, Norm norm, Tensor& norms);
/// sum_i = sum of |x_i|
void l1_norms(const Context& context, const Tensor& x, Tensor& norms);
/// dot_i = x_i . y_i
void dots(const Context& context, const Tensor& x, const Tensor& y, Tensor& dots);
/// y_i = a_i x_i + b_i y_i
void combine(const Context& context, const Tensor& a, const Tensor& x, const Tensor& b, Tensor& y);
/// y_i = x_i where chosen_i is not 0
void select(const Context& context, const Tensor& chosen, const Tensor& x, Tensor& y);
/// y_i = clamp(y_i, max(x0_i - eps_i, 0), min(x0_i + eps_i, 1)); or in L2: x0_i + (y_i - x0_i)
/// min(1, eps_i / |y_i - x0_i|), clamped to [0,1].
void project(const Context& context, const Tensor& x0, const Tensor& epsilon, Norm norm, Tensor& y);
/// Uniform in [low_i, high_i), or normal times sigma_i, added to x, keyed by the context's seed and
/// the draws (kernels/philox.hpp): the same numbers whatever the slot.
void add_uniform_noise(const Context& context, const Tensor& x, std::span<const Draw> draws,
                       const Tensor& radius, Tensor& y);
void add_normal_noise(const Context& context, const Tensor& x, std::span<const Draw> draws,
                      const Tensor& sigma, Tensor& y);

}  // namespace phosphene::ops
