// Ops on batches whose images do not know of each other: each has its own number. Numbers are fp32
// [n, 1, 1, 1], class indices i32 [n, 1, 1, 1], images nchw fp32 [n, c, h, w], all on the device.
// A sum over an image has a fixed order, the same whatever the batch. Nothing waits unless it says
// so, and only numbers() and classes() allocate: an attack's step uses neither.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/loss.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::ops {

/// Host numbers on the device, and back. All wait.
Tensor numbers(const Context& context, std::span<const float> values);
Tensor classes(const Context& context, std::span<const std::int32_t> values);
std::vector<float> host_numbers(const Context& context, const Tensor& numbers);
std::vector<std::int32_t> host_classes(const Context& context, const Tensor& classes);

/// norm_i = |x_i - y_i|
void distances(const Context& context, const Tensor& x, const Tensor& y, Norm norm, Tensor& norms);
/// norm_i = |x_i|
void norms(const Context& context, const Tensor& x, Norm norm, Tensor& norms);
/// sum_i = sum of |x_i|
void l1_norms(const Context& context, const Tensor& x, Tensor& norms);
/// dot_i = x_i . y_i
void dots(const Context& context, const Tensor& x, const Tensor& y, Tensor& dots);
/// y_i = a_i x_i + b_i y_i. Where a factor is 0 its image is not read, so that it may hold NaN.
void combine(const Context& context, const Tensor& a, const Tensor& x, const Tensor& b, Tensor& y);
/// y_i = momentum_i y_i + x_i / norm_i, where norm_i is 0 (or NaN) without the second term; where
/// momentum_i is 0 without the first, so that y_i may hold NaN.
void accumulate(const Context& context, const Tensor& x, const Tensor& norms,
                const Tensor& momentum, Tensor& y);
/// y_i = x_i where chosen_i is not 0
void select(const Context& context, const Tensor& chosen, const Tensor& x, Tensor& y);

/// One step of an attack, fused: along the gradient, back into the ball around x0, back into the
/// pixel box.
///   L-infinity  x_i <- clamp(clamp(x_i + alpha_i sign(g_i), x0_i - m eps_i, x0_i + m eps_i), 0, 1)
///   L2          d = x_i + alpha_i g_i / |g_i| - x0_i;
///               x_i <- clamp(x0_i + d min(1, eps_i / |d|), 0, 1)
/// sign(0) = sign(NaN) = 0; an L2 gradient of length 0 or NaN moves nothing. The mask m confines
/// the perturbation (a sticker): [1 or n, 1 or c, h, w] in [0,1], or empty for none. In L2 it is
/// taken or not: where m is 0, d and g count as 0.
void step(const Context& context, Norm norm, const Tensor& g, const Tensor& x0, const Tensor& alpha,
          const Tensor& epsilon, const Tensor& mask, Tensor& x);
/// The same without the step: y_i = clamp(y_i, max(x0_i - m eps_i, 0), min(x0_i + m eps_i, 1)); or
/// in L2: x0_i + (y_i - x0_i) min(1, eps_i / |y_i - x0_i|), clamped to [0,1].
void project(const Context& context, const Tensor& x0, const Tensor& epsilon, Norm norm, Tensor& y,
             const Tensor& mask = {});

/// y_i = x_i + radius_i U, U uniform in [-1, 1); or y_i = x_i + sigma_i N, N normal: keyed by the
/// context's seed and the draws (kernels/philox.hpp), the same numbers whatever the slot. x and y
/// may be one. A draw an image.
void add_uniform_noise(const Context& context, const Tensor& x, std::span<const Draw> draws,
                       const Tensor& radius, Tensor& y);
void add_normal_noise(const Context& context, const Tensor& x, std::span<const Draw> draws,
                      const Tensor& sigma, Tensor& y);

/// What the loss of attacks/loss.hpp is for each image. logits and d_logits: nchw fp32
/// [n, classes, 1, 1]. Where the logits are not finite: kernels/class_loss.hpp.
struct ClassLoss {
  Tensor loss;        ///< numbers; the attack makes them larger
  Tensor d_logits;    ///< its gradient
  Tensor margin;      ///< numbers: max_{j != y} z_j - z_y, or, targeted, z_t - max_{j != t} z_j
  Tensor prediction;  ///< classes: the first of the largest logits; -1 where one is NaN
};
ClassLoss make_class_loss(const Context& context, std::int64_t n, std::int64_t classes);
/// A target below 0 is none.
void class_loss(const Context& context, AttackLoss loss, const Tensor& logits, const Tensor& label,
                const Tensor& target, ClassLoss& result);

/// d_x_i -= lambda times a subgradient of |x_i - x0_i|_inf: sign(x - x0) / m at the m elements
/// whose distance lies within slack_i of the largest, 0 elsewhere; 0 everywhere where x_i = x0_i.
void linf_penalty(const Context& context, const Tensor& x, const Tensor& x0, float lambda,
                  const Tensor& slack, Tensor& d_x);

}  // namespace phosphene::ops
