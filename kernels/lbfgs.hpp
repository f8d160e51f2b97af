// L-BFGS (Nocedal and Wright, algorithm 7.4) with a fixed step, wholly on the device, as
// neural-style runs it: the step is min(1, 1 / |g|_1) rate at first and rate from then on, a pair
// (s, y) is kept only if y.s > 1e-10, and H0 = (y.s) / (y.y) of the newest pair.
//
// The two-loop recursion needs no more than the dot products s.y, y.y, s.g and y.g among the stored
// vectors, so each iteration makes one batched pass of dot products with the newest y and g, the
// recursion on scalars in one block, and one combining pass: each pass reads the 2 capacity rows
// once. Sums and scalars are double (the products of floats are exact there), vectors float, so a
// direction is rounded once. The order of every sum is fixed by `capacity` and `count`.
// capacity >= 1.
//   x = x + d, the direction d = -rate H g; d and g are kept for the next pair.
// Where g is NaN or infinite x becomes one of them too, so that whoever looks at x finds out.
#pragma once
#include "kernels/common.hpp"

namespace phosphene::kernels {
struct LbfgsBuffers {
  float* pairs;       ///< 2 capacity x count: row i is s, row capacity + i is y of slot i
  float* previous_g;  ///< count
  float* direction;   ///< count: the last step taken
  double* state;      ///< lbfgs_state(capacity) doubles, zeroed before the first step
  double* scratch;    ///< lbfgs_scratch(capacity) doubles
};

/// `state`: pairs kept, the oldest one's slot, whether a step was taken, the slot of the pair
/// accepted this time (-1: none); then s_i.y_j and y_i.y_j, each capacity x capacity by slots.
constexpr std::int64_t kLbfgsHeader = 4;
constexpr std::int64_t lbfgs_state(std::int64_t capacity) {
  return kLbfgsHeader + 2 * capacity * capacity;
}

/// The dot products of one step: for each slot i s_i.y, s_i.g, y_i.y, y_i.g (capacity each), then
/// s.y, y.y, s.g, y.g and |g|_1 of the newest s, y and g.
constexpr std::int64_t lbfgs_dots(std::int64_t capacity) { return 4 * capacity + 5; }

/// Slices of the vectors that are summed apart: with four slots to a block, a thousand blocks or so
/// of at least a thousand elements each.
constexpr std::int64_t kLbfgsSlotsPerBlock = 4;
constexpr std::int64_t lbfgs_most_slices(std::int64_t capacity) {
  const std::int64_t groups = (capacity + kLbfgsSlotsPerBlock - 1) / kLbfgsSlotsPerBlock;
  return groups > 64 ? 16 : groups < 4 ? 256 : 1024 / groups;
}
constexpr std::int64_t lbfgs_slices(std::int64_t capacity, std::int64_t count) {
  const std::int64_t most = lbfgs_most_slices(capacity), thousands = (count + 1023) / 1024;
  return thousands < most ? thousands : most;
}

/// `scratch`: the weights of the combining pass (one a row of `pairs`, then g's), the dot
/// products, and their partial sums, one set a slice.
constexpr std::int64_t lbfgs_scratch(std::int64_t capacity) {
  return 2 * capacity + 1 + (1 + lbfgs_most_slices(capacity)) * lbfgs_dots(capacity);
}
}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void lbfgs(float* x, const float* g, LbfgsBuffers buffers, std::int64_t capacity,
           std::int64_t count, float rate);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void lbfgs(Stream stream, float* x, const float* g, LbfgsBuffers buffers, std::int64_t capacity,
           std::int64_t count, float rate);
}  // namespace phosphene::kernels::cuda
