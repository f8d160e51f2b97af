// What an attack along the decision boundary asks of many images at once (HopSkipJump: Chen, Jordan
// and Wainwright 2020). An image has a slot: its original x0, a point x at the boundary, a
// candidate z and a direction v, of `size` floats each. Noise is keyed by (seed, image, sample) of
// the query (kernels/philox.hpp).
//
//   boundary_queries    y[to] = the query's image, distances[to] = |y[to] - x0| in the norm:
//     original   x0
//     candidate  z
//     noise      x0 + a (u - x0), u uniform in [0, 1)
//     blend      L2: x0 + a (z - x0); L-infinity: z clamped to x0 - a .. x0 + a
//     step       x + a v
//     direction  x + a r / |r|, r normal (L2) or uniform in [-1, 1) (L-infinity)
//                    all of them clamped to [0, 1], where x0 and z lie
//   boundary_sums       plus += sum over the rows of phi (y[row] - x), all += sum of (y[row] - x)
//   boundary_direction  w = plus - mean all; v = w / |w| (L2; 0 where w is) or sign w (L-infinity)
//
// `distances` may be null. y may be one of the slots' arrays if every query goes to its own slot.
// Rows are added one by one in their order, so that sums do not depend on how they were cut into
// batches; lengths are added in an order that `size` alone fixes. Several queries, and several
// slots, are one launch each. Lists lie on the device. Images have fewer than 2^34 elements.
#pragma once
#include "kernels/common.hpp"
#include "kernels/philox.hpp"

namespace phosphene::kernels {

enum class BoundaryKind : std::int32_t { original, candidate, noise, blend, step, direction };

struct BoundaryQuery {
  BoundaryKind kind = BoundaryKind::original;
  float amount = 0;
  std::int32_t slot = 0, to = 0;
  std::uint64_t image = 0;
  std::uint32_t sample = 0, unused = 0;
};

/// The rows first .. first + count - 1 are directions of one slot, in the order of their draws.
struct BoundaryRows {
  std::int32_t slot = 0, first = 0, count = 0, begins = 0;  ///< begins: the sums start at 0
};

struct BoundarySlot {
  std::int32_t slot = 0;
  float mean = 0;  ///< of phi; 0 where all are alike
};

/// Of all slots, one after the other.
struct BoundaryImages {
  const float *original, *point, *candidate, *direction;
  std::int64_t size;
};

enum class BoundaryNorm : std::int32_t { l2, linf };

}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void boundary_queries(BoundaryImages images, BoundaryNorm norm, std::uint64_t seed,
                      const BoundaryQuery* queries, std::int64_t count, float* y, float* distances);
void boundary_sums(const float* y, const float* phi, const float* point, std::int64_t size,
                   const BoundaryRows* rows, std::int64_t count, float* plus, float* all);
void boundary_direction(const float* plus, const float* all, std::int64_t size, BoundaryNorm norm,
                        const BoundarySlot* slots, std::int64_t count, float* direction);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void boundary_queries(Stream stream, BoundaryImages images, BoundaryNorm norm, std::uint64_t seed,
                      const BoundaryQuery* queries, std::int64_t count, float* y, float* distances);
void boundary_sums(Stream stream, const float* y, const float* phi, const float* point,
                   std::int64_t size, const BoundaryRows* rows, std::int64_t count, float* plus,
                   float* all);
void boundary_direction(Stream stream, const float* plus, const float* all, std::int64_t size,
                        BoundaryNorm norm, const BoundarySlot* slots, std::int64_t count,
                        float* direction);
}  // namespace phosphene::kernels::cuda
