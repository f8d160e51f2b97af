#include "kernels/occlusion.hpp"

#include "tests/kernels/kernel_test.hpp"

// Copies and fills: every comparison is exact.
namespace phosphene::kernels::testing {
namespace {

struct Image {
  std::int64_t c, h, w;
};
const std::vector<Image> kImages = {{3, 1, 1}, {1, 2, 31}, {3, 33, 32}, {2, 7, 300}, {3, 0, 5}};

// Inside, over each border, over all of it, beyond it, empty, inside out, and as far as an int.
constexpr int kFar = std::numeric_limits<int>::max();
const std::vector<Box> kBoxes = {
    {0, 0, 1, 1},   {1, 2, 3, 5}, {-2, -3, 4, 6}, {5, 20, 9, 90}, {-9, -9, 99, 999}, {50, 0, 3, 3},
    {0, 400, 2, 2}, {2, 2, 0, 4}, {2, 2, 4, 0},   {3, 3, -2, -2}, {1, 1, kFar, kFar}};

std::vector<float> naive(const std::vector<float>& image, const Image& m,
                         const std::vector<Box>& boxes, const std::vector<float>& value) {
  std::vector<float> y;
  for (const Box& box : boxes) {
    std::size_t from = 0;
    for (std::int64_t c = 0; c < m.c; ++c) {
      for (std::int64_t i = 0; i < m.h; ++i) {
        for (std::int64_t j = 0; j < m.w; ++j, ++from) {
          const bool rows = i >= box.top && i - box.top < box.height;
          const bool cols = j >= box.left && j - box.left < box.width;
          y.push_back(rows && cols ? value[static_cast<std::size_t>(c)] : image[from]);
        }
      }
    }
  }
  return y;
}

// No copy, one, each kind, and more than a grid holds side by side.
std::vector<std::vector<Box>> box_lists() {
  std::vector<Box> many;
  for (int i = 0; i < 7; ++i) many.insert(many.end(), kBoxes.begin(), kBoxes.end());
  return {{}, {kBoxes[1]}, kBoxes, many};
}

CPU_TEST(Occlusion, follows_the_formula) {
  for (const Image& m : kImages) {
    const std::vector<float> image = awkward_values<float>(m.c * m.h * m.w, 1);
    const std::vector<float> value = random_values<float>(m.c, 2);
    for (const std::vector<Box>& boxes : box_lists()) {
      const std::vector<float> expected = naive(image, m, boxes, value);
      std::vector<float> y(expected.size());
      cpu::occlude(image.data(), m.c, m.h, m.w, boxes.data(),
                   static_cast<std::int64_t>(boxes.size()), value.data(), y.data());
      expect_same(y, expected);
    }
  }
}

DEVICE_TEST(Occlusion, agrees_with_the_cpu) {
  for (const Image& m : kImages) {
    const std::vector<float> image = awkward_values<float>(m.c * m.h * m.w, 1);
    const std::vector<float> value = random_values<float>(m.c, 2);
    for (const std::vector<Box>& boxes : box_lists()) {
      const auto count = static_cast<std::int64_t>(boxes.size());
      std::vector<float> expected(boxes.size() * image.size());
      cpu::occlude(image.data(), m.c, m.h, m.w, boxes.data(), count, value.data(), expected.data());
      DeviceBuffer<float> in(image, 1), fill(value);
      DeviceBuffer<Box> where(boxes);
      auto y = DeviceBuffer<float>::unwritten(expected.size(), 1);
      cuda::occlude(nullptr, in.data(), m.c, m.h, m.w, where.data(), count, fill.data(), y.data());
      expect_same(y.host(), expected);
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
