#include "kernels/occlusion.hpp"

#include <algorithm>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

void occlude(const float* image, std::int64_t c, std::int64_t h, std::int64_t w, const Box* boxes,
             std::int64_t count, const float* value, float* y) {
#pragma omp parallel for collapse(2) if (count * c * h * w > kParallelFrom)
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t channel = 0; channel < c; ++channel) {
      float* out = y + (i * c + channel) * h * w;
      std::copy_n(image + channel * h * w, h * w, out);
      const Box box = boxes[i];
      const auto top = std::max<std::int64_t>(box.top, 0);
      const auto left = std::max<std::int64_t>(box.left, 0);
      const auto bottom = std::min<std::int64_t>(std::int64_t{box.top} + box.height, h);
      const auto right = std::min<std::int64_t>(std::int64_t{box.left} + box.width, w);
      for (std::int64_t row = top; row < bottom; ++row) {
        if (left < right) std::fill(out + row * w + left, out + row * w + right, value[channel]);
      }
    }
  }
}

}  // namespace phosphene::kernels::cpu
