#include "kernels/occlusion.hpp"

#include <set>

#include "tests/kernels/kernel_test.hpp"

// Copies, fills and noise of 24 bits: every comparison is exact.
namespace phosphene::kernels::testing {
namespace {

struct Image {
  std::int64_t c, h, w;
  std::int64_t count() const { return c * h * w; }
};
const std::vector<Image> kImages = {{3, 1, 1}, {1, 2, 31}, {3, 33, 32}, {2, 7, 300}, {3, 0, 5}};

// Inside, over each border, over all of it, beyond it, empty, inside out, and as far as an int.
constexpr int kFar = std::numeric_limits<int>::max();
const std::vector<Box> kBoxes = {
    {0, 0, 1, 1},   {1, 2, 3, 5}, {-2, -3, 4, 6}, {5, 20, 9, 90}, {-9, -9, 99, 999}, {50, 0, 3, 3},
    {0, 400, 2, 2}, {2, 2, 0, 4}, {2, 2, 4, 0},   {3, 3, -2, -2}, {1, 1, kFar, kFar}};

/// A list of views of one extent: of whole images (no copy, one, each kind, and more than a grid
/// holds side by side), and of parts that begin where the box's number says.
struct Case {
  std::int64_t h, w;
  std::vector<OccludedView> views;
  std::int64_t count(const Image& m) const {
    return static_cast<std::int64_t>(views.size()) * m.c * h * w;
  }
};

std::vector<Case> cases(const Image& m) {
  const auto views = [](std::size_t count, int rows, int cols) {
    std::vector<OccludedView> list;
    for (std::size_t i = 0; i < count; ++i) {
      const int k = static_cast<int>(i);
      list.push_back({kBoxes[i % kBoxes.size()], 7 * k, k % rows, 5 * k % cols});
    }
    return list;
  };
  std::vector<Case> list = {{m.h, m.w, {}}};
  for (const std::size_t count : {std::size_t{1}, kBoxes.size(), 7 * kBoxes.size()}) {
    list.push_back({m.h, m.w, views(count, 1, 1)});
  }
  if (m.h > 1) {
    const std::int64_t h = (m.h + 1) / 2, w = (m.w + 1) / 2;
    list.push_back({h, w, views(20, static_cast<int>(m.h - h + 1), static_cast<int>(m.w - w + 1))});
  }
  return list;
}

std::vector<float> naive(const std::vector<float>& image, const Image& m, const Case& cut,
                         const float* picture, NoiseKey key) {
  std::vector<float> y;
  for (const OccludedView& view : cut.views) {
    for (std::int64_t c = 0; c < m.c; ++c) {
      for (std::int64_t r = 0; r < cut.h; ++r) {
        for (std::int64_t s = 0; s < cut.w; ++s) {
          const std::int64_t i = view.top + r, j = view.left + s, from = (c * m.h + i) * m.w + j;
          const Box& box = view.box;
          const bool rows = i >= box.top && i - box.top < box.height;
          const bool cols = j >= box.left && j - box.left < box.width;
          y.push_back(!rows || !cols ? image[static_cast<std::size_t>(from)]
                      : picture      ? picture[from]
                                     : uniform_noise({key.seed, key.image,
                                                      static_cast<std::uint32_t>(view.window)},
                                                     from));
        }
      }
    }
  }
  return y;
}

CPU_TEST(Occlusion, follows_the_formula) {
  for (const Image& m : kImages) {
    const std::vector<float> image = awkward_values<float>(m.count(), 1);
    const std::vector<float> picture = awkward_values<float>(m.count(), 2);
    for (const Case& cut : cases(m)) {
      for (const float* fill : {picture.data(), static_cast<const float*>(nullptr)}) {
        std::vector<float> y(static_cast<std::size_t>(cut.count(m)));
        cpu::occlude(image.data(), m.c, m.h, m.w, cut.views.data(),
                     static_cast<std::int64_t>(cut.views.size()), cut.h, cut.w, {fill, 5, 6},
                     y.data());
        expect_same(y, naive(image, m, cut, fill, {5, 6, 0}));
      }
    }
  }
}

// 2^16 values have a mean within 4 / sqrt(12 * 2^16) of a half but once in 16000 keys. Windows and
// images share no stream: of 3 x 3 x 64 values of 24 bits two are equal once in 100 seeds.
CPU_TEST(Occlusion, noise_is_uniform_and_each_window_has_its_own) {
  double sum = 0;
  for (std::int64_t i = 0; i < 1 << 16; ++i) {
    const float value = uniform_noise({3, 4, 5}, i);
    ASSERT_TRUE(value >= 0 && value < 1) << value;
    sum += value;
  }
  EXPECT_NEAR(sum / (1 << 16), 0.5, 4 / std::sqrt(12.0 * (1 << 16)));
  std::set<float> values;
  for (std::uint64_t image = 0; image < 3; ++image) {
    for (std::uint32_t window = 0; window < 3; ++window) {
      for (std::int64_t i = 0; i < 64; ++i) values.insert(uniform_noise({1, image, window}, i));
    }
  }
  EXPECT_EQ(values.size(), 3U * 3 * 64);
}

DEVICE_TEST(Occlusion, agrees_with_the_cpu) {
  for (const Image& m : kImages) {
    const std::vector<float> image = awkward_values<float>(m.count(), 1);
    const std::vector<float> picture = awkward_values<float>(m.count(), 2);
    for (const Case& cut : cases(m)) {
      const auto count = static_cast<std::int64_t>(cut.views.size());
      DeviceBuffer<float> in(image, 1), fill(picture);
      DeviceBuffer<OccludedView> views(cut.views);
      for (const bool noisy : {false, true}) {
        std::vector<float> expected(static_cast<std::size_t>(cut.count(m)));
        cpu::occlude(image.data(), m.c, m.h, m.w, cut.views.data(), count, cut.h, cut.w,
                     {noisy ? nullptr : picture.data(), 5, 6}, expected.data());
        auto y = DeviceBuffer<float>::unwritten(expected.size(), 1);
        cuda::occlude(nullptr, in.data(), m.c, m.h, m.w, views.data(), count, cut.h, cut.w,
                      {noisy ? nullptr : fill.data(), 5, 6}, y.data());
        expect_same(y.host(), expected);
      }
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
