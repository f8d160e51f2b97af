#include "kernels/crop.hpp"

#include <algorithm>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {

void crop(const float* x, std::int64_t planes, CropWindow window, float* y) {
  const auto [h, w, top, left, out_h, out_w] = window;
  for (std::int64_t row = 0; row < planes * out_h; ++row) {
    const std::int64_t from = row / out_h * h + top + row % out_h;
    std::copy_n(x + from * w + left, out_w, y + row * out_w);
  }
}

}  // namespace phosphene::kernels::cpu
