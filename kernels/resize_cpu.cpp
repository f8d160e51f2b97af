#include "kernels/resize.hpp"

#include <algorithm>
#include <vector>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

// The pixels of one output and their normalised weights.
struct Taps {
  std::int64_t first;
  std::vector<float> weights;
};

std::vector<Taps> taps_of(ResizeAxis axis) {
  std::vector<Taps> all(static_cast<std::size_t>(axis.out));
  for (std::int64_t i = 0; i < axis.out; ++i) {
    Taps& taps = all[static_cast<std::size_t>(i)];
    taps.first = axis.first(i);
    float sum = 0;
    for (std::int64_t j = taps.first; j < axis.last(i); ++j) {
      taps.weights.push_back(axis.weight(i, j));
      sum += taps.weights.back();
    }
    for (float& weight : taps.weights) weight /= sum;
  }
  return all;
}

}  // namespace

void resize(const float* x, std::int64_t planes, std::int64_t h, std::int64_t w, std::int64_t out_h,
            std::int64_t out_w, float* scratch, float* y) {
  if (planes * h * w == 0 || out_h * out_w == 0) return;
  const std::vector<Taps> across = taps_of({w, out_w}), down = taps_of({h, out_h});

#pragma omp parallel for if (planes * h * w > kParallelFrom)
  for (std::int64_t row = 0; row < planes * h; ++row) {
    const float* in = x + row * w;
    float* out = scratch + row * out_w;
    for (const Taps& taps : across) {
      float sum = 0;
      for (std::size_t k = 0; k < taps.weights.size(); ++k) {
        sum += taps.weights[k] * in[taps.first + static_cast<std::int64_t>(k)];
      }
      *out++ = sum;
    }
  }

#pragma omp parallel for if (planes * out_h * out_w > kParallelFrom)
  for (std::int64_t row = 0; row < planes * out_h; ++row) {
    const Taps& taps = down[static_cast<std::size_t>(row % out_h)];
    const float* in = scratch + (row / out_h * h + taps.first) * out_w;
    float* out = y + row * out_w;
    std::fill_n(out, out_w, 0.0F);
    for (const float weight : taps.weights) {
#pragma omp simd
      for (std::int64_t j = 0; j < out_w; ++j) out[j] += weight * in[j];
      in += out_w;
    }
  }
}

}  // namespace phosphene::kernels::cpu
