#include "kernels/crop.hpp"

#include "tests/kernels/kernel_test.hpp"

// Elements are moved, so every comparison is exact.
namespace phosphene::kernels::testing {
namespace {

struct Case {
  std::int64_t planes;
  CropWindow window;
};
const std::vector<Case> kCases = {{0, {4, 4, 1, 1, 2, 2}},     {3, {4, 4, 0, 0, 0, 4}},
                                  {1, {1, 1, 0, 0, 1, 1}},     {3, {7, 5, 2, 1, 4, 3}},
                                  {2, {33, 31, 0, 30, 33, 1}}, {3, {9, 301, 0, 38, 9, 224}},
                                  {1, {301, 9, 77, 0, 9, 9}}};

CPU_TEST(Crop, follows_the_formula) {
  for (const auto& [planes, c] : kCases) {
    const std::vector<float> x = awkward_values<float>(planes * c.h * c.w, 1);
    std::vector<float> expected;
    for (std::int64_t p = 0; p < planes; ++p) {
      for (std::int64_t i = 0; i < c.out_h; ++i) {
        for (std::int64_t j = 0; j < c.out_w; ++j) {
          expected.push_back(x[static_cast<std::size_t>((p * c.h + c.top + i) * c.w + c.left + j)]);
        }
      }
    }
    std::vector<float> y(expected.size());
    cpu::crop(x.data(), planes, c, y.data());
    expect_same(y, expected);
  }
}

DEVICE_TEST(Crop, agrees_with_the_cpu) {
  for (const auto& [planes, c] : kCases) {
    const std::vector<float> x = awkward_values<float>(planes * c.h * c.w, 1);
    std::vector<float> expected(static_cast<std::size_t>(planes * c.out_h * c.out_w));
    cpu::crop(x.data(), planes, c, expected.data());
    DeviceBuffer<float> in(x, 1);
    auto y = DeviceBuffer<float>::unwritten(expected.size());
    cuda::crop(nullptr, in.data(), planes, c, y.data());
    expect_same(y.host(), expected);
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
