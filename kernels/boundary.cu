#include "kernels/boundary.cuh"

#include <algorithm>

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void boundary_queries(Stream stream, BoundaryImages images, BoundaryNorm norm, std::uint64_t seed,
                      const BoundaryQuery* queries, std::int64_t count, float* y,
                      float* distances) {
  if (count * images.size == 0) return;
  launch("boundary_queries", boundary_queries_kernel, blocks_for(count, 1), kBlock, 0, stream,
         images, norm, seed, queries, count, y, distances);
}

void boundary_sums(Stream stream, const float* y, const float* phi, const float* point,
                   std::int64_t size, const BoundaryRows* rows, std::int64_t count, float* plus,
                   float* all) {
  if (count * size == 0) return;
  constexpr std::int64_t kMostSlots = 64;  // side by side
  const dim3 grid(blocks_for(size, kBlock).x, static_cast<unsigned>(std::min(count, kMostSlots)),
                  1);
  launch("boundary_sums", boundary_sums_kernel, grid, kBlock, 0, stream, y, phi, point, size, rows,
         count, plus, all);
}

void boundary_direction(Stream stream, const float* plus, const float* all, std::int64_t size,
                        BoundaryNorm norm, const BoundarySlot* slots, std::int64_t count,
                        float* direction) {
  if (count * size == 0) return;
  launch("boundary_direction", boundary_direction_kernel, blocks_for(count, 1), kBlock, 0, stream,
         plus, all, size, norm, slots, count, direction);
}

}  // namespace phosphene::kernels::cuda
