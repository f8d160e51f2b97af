#include "phosphene/attacks/mask.hpp"

#include <algorithm>
#include <cmath>

#include "phosphene/error.hpp"
#include "phosphene/image.hpp"
#include "phosphene/npy.hpp"

namespace phosphene {
namespace {

Tensor read_npy_mask(const std::string& path) {
  const HostArray array = load_npy(path);
  if (array.shape.size() != 2) {
    throw Error(path + ": is an array of " + std::to_string(array.shape.size()) +
                " axes; expected a mask [height, width]");
  }
  Tensor mask = Tensor::host({1, 1, array.shape[0], array.shape[1]});
  std::transform(array.values.begin(), array.values.end(), mask.data(),
                 [](float v) { return v != 0 ? 1.0F : 0.0F; });
  return mask;
}

Tensor read_picture_mask(const std::string& path) {
  const Tensor picture = load_image(path);
  const std::int64_t pixels = picture.shape().pixels();
  Tensor mask = Tensor::host({1, 1, picture.shape().h, picture.shape().w});
  for (std::int64_t p = 0; p < pixels; ++p) {
    const float* rgb = picture.data() + p;
    const float luma = 0.299F * rgb[0] + 0.587F * rgb[pixels] + 0.114F * rgb[2 * pixels];
    mask.data()[p] = luma >= 0.5F ? 1 : 0;
  }
  return mask;
}

/// 1 where inside(x, y) holds, in fractions of the picture, at the middle of each pixel.
template <class Inside>
Tensor drawn_mask(std::int64_t height, std::int64_t width, Inside inside) {
  Tensor mask = Tensor::host({1, 1, height, width});
  for (std::int64_t i = 0; i < height; ++i) {
    for (std::int64_t j = 0; j < width; ++j) {
      const double x = (static_cast<double>(j) + 0.5) / static_cast<double>(width);
      const double y = (static_cast<double>(i) + 0.5) / static_cast<double>(height);
      mask.data()[i * width + j] = inside(x, y) ? 1 : 0;
    }
  }
  return mask;
}

}  // namespace

Tensor load_mask(const std::string& path, std::int64_t height, std::int64_t width) {
  Tensor mask = path.ends_with(".npy") ? read_npy_mask(path) : read_picture_mask(path);
  const Shape& s = mask.shape();
  if (s.h != height || s.w != width) {
    throw Error(path + ": is a mask of " + std::to_string(s.w) + "x" + std::to_string(s.h) +
                " pixels; expected " + std::to_string(width) + "x" + std::to_string(height) +
                ", as the images");
  }
  if (std::all_of(mask.data(), mask.data() + mask.count(), [](float v) { return v == 0; })) {
    throw Error(path + ": is black everywhere; expected white where the images may change");
  }
  return mask;
}

Tensor sticker_mask(std::int64_t height, std::int64_t width, const Sticker& sticker) {
  return drawn_mask(height, width, [&](double x, double y) {
    return x >= sticker.left && x < sticker.right && y >= sticker.top && y < sticker.bottom;
  });
}

Tensor eyeglasses_mask(std::int64_t height, std::int64_t width) {
  return drawn_mask(height, width, [](double x, double y) {
    const double across = std::abs(x - 0.5), up = y - 0.4;
    const double from_eye = std::hypot(across - 0.2, up);
    const bool ring = from_eye >= 0.11 && from_eye < 0.15;
    const bool bridge = across < 0.06 && std::abs(up + 0.02) < 0.02;
    const bool temple = across >= 0.34 && across < 0.48 && std::abs(up + 0.02) < 0.02;
    return ring || bridge || temple;
  });
}

}  // namespace phosphene
