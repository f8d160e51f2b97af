#include "kernels/crop.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

void crop(Stream stream, const float* x, std::int64_t planes, CropWindow window, float* y) {
  const std::int64_t count = planes * window.out_h * window.out_w;
  if (count == 0) return;
  launch("crop", crop_kernel, blocks_for(count, kBlock), kBlock, 0, stream, x, planes, window, y);
}

}  // namespace phosphene::kernels::cuda
