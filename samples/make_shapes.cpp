// Writes pictures of phosphene::shapes: make_shapes SEED COUNT FILE. FILE.png is a contact sheet of
// them, with their masks below each row; any other name is in CIFAR-10's binary format, a record a
// picture: its label in one byte, then its red, green and blue plane in rows from the top.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "phosphene/datasets/shapes.hpp"
#include "phosphene/image.hpp"
#include "phosphene/tensor.hpp"

namespace {

using phosphene::kShapesSize;

void write_records(const std::string& path, std::uint64_t seed, std::uint64_t count) {
  std::ofstream file(path, std::ios::binary);
  for (std::uint64_t i = 0; i < count; ++i) {
    const phosphene::ShapesSample sample = phosphene::shapes(seed, i);
    std::vector<char> record = {static_cast<char>(sample.label)};
    const float* values = sample.image.data();
    std::transform(values, values + sample.image.count(), std::back_inserter(record),
                   [](float v) { return static_cast<char>(std::lround(v * 255)); });
    file.write(record.data(), static_cast<std::streamsize>(record.size()));
  }
  if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
}

void write_sheet(const std::string& path, std::uint64_t seed, std::uint64_t count) {
  constexpr std::int64_t kColumns = 16, kGap = 2, kPitch = kShapesSize + kGap;
  const std::int64_t rows = (static_cast<std::int64_t>(count) + kColumns - 1) / kColumns;
  phosphene::Tensor sheet = phosphene::Tensor::host({1, 3, 2 * rows * kPitch, kColumns * kPitch});
  std::fill_n(sheet.data(), sheet.count(), 1.0F);
  const phosphene::Shape whole = sheet.shape();
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(count); ++i) {
    const phosphene::ShapesSample sample = phosphene::shapes(seed, static_cast<std::uint64_t>(i));
    for (std::int64_t at = 0; at < 3 * kShapesSize * kShapesSize; ++at) {
      const std::int64_t x = at % kShapesSize, y = at / kShapesSize % kShapesSize;
      const std::int64_t plane = at / (kShapesSize * kShapesSize) * whole.h;
      const std::int64_t top = 2 * (i / kColumns) * kPitch + y, left = i % kColumns * kPitch + x;
      sheet.data()[(plane + top) * whole.w + left] = sample.image.data()[at];
      sheet.data()[(plane + top + kPitch) * whole.w + left] =
          sample.mask.data()[y * kShapesSize + x];
    }
  }
  phosphene::save_image(path, sheet);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "usage: make_shapes SEED COUNT FILE\n");
    return 2;
  }
  try {
    const std::uint64_t seed = std::stoull(arguments[1]), pictures = std::stoull(arguments[2]);
    const std::string path = arguments[3];
    (path.ends_with(".png") ? write_sheet : write_records)(path, seed, pictures);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_shapes: %s\n", error.what());
    return 1;
  }
  return 0;
}
