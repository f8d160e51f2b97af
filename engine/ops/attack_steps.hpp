// The fused steps of the attacks of AutoAttack, a batch of images each with its own numbers
// (image_ops.hpp says what these are), and their random words.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::ops {

/// x and the point before it go one step of APGD further (kernels/apgd_step.hpp).
void apgd_step(const Context& context, Norm norm, const Tensor& g, const Tensor& x0,
               const Tensor& step, const Tensor& epsilon, const Tensor& inertia, Tensor& x,
               Tensor& old);

enum class FabMove : std::int32_t { stay, step, back };
struct FabFactors {
  float alpha_max, eta, beta;
};
/// moves: i32 [n, 1, 1, 1], of FabMove; w is the gradient of f at x (kernels/fab_step.hpp).
void fab_step(const Context& context, Norm norm, const Tensor& w, const Tensor& f, const Tensor& x0,
              const Tensor& moves, FabFactors factors, Tensor& x);

/// A proposal of the Square attack (kernels/square_step.hpp), as 8 words of an i32 tensor
/// [n, 8, 1, 1].
struct SquareMove {
  std::int32_t top, left, top_two, left_two, side, bump, transposed;
  std::uint32_t signs;
};
/// y is the proposal from x. `bumps`: what the moves' `bump` counts in; only L2 reads it.
void square_step(const Context& context, Norm norm, const Tensor& x, const Tensor& x0,
                 const Tensor& epsilon, const Tensor& moves, const Tensor& bumps, Tensor& y);

/// Four random words, keyed by the context's seed, the draw and q.
std::array<std::uint32_t, 4> random_words(const Context& context, const Draw& draw, std::int64_t q);

}  // namespace phosphene::ops
