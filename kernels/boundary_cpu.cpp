#include <algorithm>
#include <cmath>

#include "kernels/boundary_formula.hpp"
#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

/// r into y; its length.
float random_direction(BoundaryNorm norm, NoiseKey key, std::int64_t size, float* y) {
  double squares = 0;
  for (std::int64_t q = 0; 4 * q < size; ++q) {
    float r[4];
    direction_quad(norm, key, q, r);
    for (std::int64_t i = 4 * q; i < std::min(size, 4 * q + 4); ++i) {
      y[i] = r[i % 4];
      squares += static_cast<double>(r[i % 4]) * static_cast<double>(r[i % 4]);
    }
  }
  return static_cast<float>(std::sqrt(squares));
}

float distance(BoundaryNorm norm, const float* x, const float* y, std::int64_t size) {
  double squares = 0;
  float largest = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    const float d = x[i] - y[i];
    squares += static_cast<double>(d) * static_cast<double>(d);
    largest = std::max(largest, std::abs(d));
  }
  return norm == BoundaryNorm::linf ? largest : static_cast<float>(std::sqrt(squares));
}

}  // namespace

void boundary_queries(BoundaryImages images, BoundaryNorm norm, std::uint64_t seed,
                      const BoundaryQuery* queries, std::int64_t count, float* y,
                      float* distances) {
  const std::int64_t size = images.size;
#pragma omp parallel for if (count * size > kParallelFrom)
  for (std::int64_t n = 0; n < count; ++n) {
    const BoundaryQuery query = queries[n];
    const NoiseKey key{seed, query.image, query.sample};
    float* to = y + query.to * size;
    const bool random = query.kind == BoundaryKind::direction;
    const float length = random ? random_direction(norm, key, size, to) : 1;
    for (std::int64_t i = 0; i < size; ++i) {
      to[i] = boundary_element(images, norm, query, key, i, to[i], length);
    }
    if (distances != nullptr) {
      distances[query.to] = distance(norm, to, images.original + query.slot * size, size);
    }
  }
}

void boundary_sums(const float* y, const float* phi, const float* point, std::int64_t size,
                   const BoundaryRows* rows, std::int64_t count, float* plus, float* all) {
  constexpr std::int64_t kTile = 1024;  // elements whose sums stay in the cache
  for (std::int64_t n = 0; n < count; ++n) {
    const BoundaryRows own = rows[n];
    const std::int64_t at = own.slot * size;
#pragma omp parallel for if (own.count * size > kParallelFrom)
    for (std::int64_t tile = 0; tile < ceil_div(size, kTile); ++tile) {
      const std::int64_t first = tile * kTile, last = std::min(size, first + kTile);
      if (own.begins != 0) {
        std::fill(plus + at + first, plus + at + last, 0.0F);
        std::fill(all + at + first, all + at + last, 0.0F);
      }
      for (std::int64_t row = own.first; row < own.first + own.count; ++row) {
        const float* from = y + row * size;
        for (std::int64_t i = first; i < last; ++i) {
          const float u = from[i] - point[at + i];
          plus[at + i] += phi[row] * u;
          all[at + i] += u;
        }
      }
    }
  }
}

void boundary_direction(const float* plus, const float* all, std::int64_t size, BoundaryNorm norm,
                        const BoundarySlot* slots, std::int64_t count, float* direction) {
  for (std::int64_t n = 0; n < count; ++n) {
    const std::int64_t at = slots[n].slot * size;
    double squares = 0;
    for (std::int64_t i = at; i < at + size; ++i) {
      const float w = plus[i] - slots[n].mean * all[i];
      direction[i] = w;
      squares += static_cast<double>(w) * static_cast<double>(w);
    }
    const auto length = static_cast<float>(std::sqrt(squares));
    for (std::int64_t i = at; i < at + size; ++i) {
      direction[i] = unit_of(direction[i], length, norm);
    }
  }
}

}  // namespace phosphene::kernels::cpu
