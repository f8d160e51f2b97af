#include "picture.hpp"

#include <algorithm>

namespace apps {

using namespace phosphene;

Tensor image_of(const Tensor& batch, std::size_t i) {
  const Shape& s = batch.shape();
  const Shape one{1, s.c, s.h, s.w};
  Tensor whole = batch.view();
  return Tensor::view(whole.data() + static_cast<std::int64_t>(i) * one.count(), batch.device(),
                      one);
}

Tensor cut(const Tensor& picture, const PixelBox& box) {
  const Shape& s = picture.shape();
  Tensor result = Tensor::host({1, s.c, box.height, box.width});
  for (std::int64_t row = 0; row < s.c * box.height; ++row) {
    const std::int64_t from = row / box.height * s.h + box.top + row % box.height;
    std::copy_n(picture.data() + from * s.w + box.left, box.width, result.data() + row * box.width);
  }
  return result;
}

void draw(Tensor& picture, const PixelBox& box) {
  const Shape& s = picture.shape();
  constexpr std::int64_t kShare = 200;  // of the shorter side
  const std::int64_t line = std::max<std::int64_t>(1, std::min(s.h, s.w) / kShare);
  for (std::int64_t y = box.top; y < box.top + box.height; ++y) {
    for (std::int64_t x = box.left; x < box.left + box.width; ++x) {
      const std::int64_t depth = std::min(
          {y - box.top, x - box.left, box.top + box.height - 1 - y, box.left + box.width - 1 - x});
      if (depth >= 2 * line) continue;
      for (std::int64_t c = 0; c < s.c; ++c) {
        picture.data()[(c * s.h + y) * s.w + x] = depth < line ? 1.0F : 0.0F;
      }
    }
  }
}

}  // namespace apps
