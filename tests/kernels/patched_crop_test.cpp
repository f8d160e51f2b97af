#include "kernels/patched_crop.hpp"

#include "tests/kernels/kernel_test.hpp"
#include "tests/kernels/maps_cases.hpp"

// Nothing is rounded: every comparison is exact.
namespace phosphene::kernels::testing {
namespace {

struct Case {
  Maps clean, fresh, y;
  std::vector<CropPlace> places;
};

/// Crops inside the map, over each border and corner, over all of it and more, past it, and of one
/// pixel; fresh rectangles inside, beside and around the crop, at borders and over the whole map.
const std::vector<Case> kCases = {
    {{1, 4, 4, 3}, {0, 2, 2, 3}, {0, 3, 3, 3}, {}},
    {{1, 5, 7, 0}, {1, 2, 2, 0}, {1, 3, 3, 0}, {{0, 0, 0, 0}}},
    {{1, 1, 1, 1}, {2, 1, 1, 1}, {2, 1, 1, 1}, {{0, 0, 0, 0}, {0, 0, 0, 0}}},
    {{1, 5, 7, 3}, {3, 2, 3, 3}, {3, 4, 5, 3}, {{0, 0, 1, 1}, {-2, -3, 0, 0}, {3, 5, 3, 4}}},
    {{1, 9, 8, 4}, {3, 3, 2, 4}, {3, 5, 4, 4}, {{2, 2, 3, 3}, {-1, 6, 0, 6}, {6, -2, 1, 5}}},
    {{1, 6, 6, 32}, {2, 6, 6, 32}, {2, 8, 8, 32}, {{-1, -1, 0, 0}, {0, 0, 0, 0}}},
    {{1, 6, 5, 33}, {2, 1, 5, 33}, {2, 10, 9, 33}, {{-2, -2, 5, 0}, {-4, -4, 0, 0}}},
    {{1, 3, 300, 8}, {2, 2, 40, 8}, {2, 2, 299, 8}, {{0, 1, 1, 30}, {-1, -2, 0, 255}}},
    {{1, 2, 3, 1028}, {1, 1, 1, 1028}, {1, 3, 4, 1028}, {{-1, 0, 1, 2}}},
};

template <class T>
std::vector<T> naive(const std::vector<T>& clean, const std::vector<T>& fresh, const Case& k,
                     Border border) {
  const auto reflect = [](std::int64_t i, std::int64_t extent) {
    while (i < 0 || i >= extent) i = i < 0 ? -i : 2 * extent - 2 - i;
    return i;
  };
  std::vector<T> y;
  for_each_element(k.y, [&](std::int64_t n, std::int64_t i, std::int64_t j, std::int64_t c) {
    const CropPlace& place = k.places[static_cast<std::size_t>(n)];
    std::int64_t row = place.top + i, col = place.left + j;
    if (border == Border::mirror) {
      row = reflect(row, k.clean.h);
      col = reflect(col, k.clean.w);
    }
    const std::int64_t r = row - place.fresh_top, s = col - place.fresh_left;
    if (!inside(row, k.clean.h) || !inside(col, k.clean.w)) {
      y.push_back(from_float<T>(border == Border::lowest ? -INFINITY : 0.0F));
    } else if (inside(r, k.fresh.h) && inside(s, k.fresh.w)) {
      y.push_back(fresh[index_of(k.fresh, n, r, s, c)]);
    } else {
      y.push_back(clean[index_of(k.clean, 0, row, col, c)]);
    }
  });
  return y;
}

/// Mirroring reaches less than the map's extent beyond it.
bool can_mirror(const Case& k) {
  return std::ranges::all_of(k.places, [&](const CropPlace& p) {
    return -p.top < k.clean.h && p.top + k.y.h < 2 * k.clean.h && -p.left < k.clean.w &&
           p.left + k.y.w < 2 * k.clean.w;
  });
}

template <class Body>
void for_each_case(Body body) {
  for (const Case& k : kCases) {
    for (const Border border : {Border::zero, Border::lowest, Border::mirror}) {
      if (border != Border::mirror || can_mirror(k)) body(k, border);
    }
  }
}

CPU_TEST(PatchedCrop, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for_each_case([](const Case& k, Border border) {
      const std::vector<T> clean = awkward_values<T>(k.clean.count(), 1);
      const std::vector<T> fresh = awkward_values<T>(k.fresh.count(), 2);
      std::vector<T> y(static_cast<std::size_t>(k.y.count()));
      cpu::patched_crop(clean.data(), fresh.data(), k.places.data(), y.data(), k.clean, k.fresh,
                        k.y, border);
      expect_same(y, naive(clean, fresh, k, border));
    });
  });
}

DEVICE_TEST(PatchedCrop, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for_each_case([](const Case& k, Border border) {
      for (const std::size_t offset : kOffsets) {
        const std::vector<T> clean = awkward_values<T>(k.clean.count(), 1);
        const std::vector<T> fresh = awkward_values<T>(k.fresh.count(), 2);
        std::vector<T> expected(static_cast<std::size_t>(k.y.count()));
        cpu::patched_crop(clean.data(), fresh.data(), k.places.data(), expected.data(), k.clean,
                          k.fresh, k.y, border);
        DeviceBuffer<T> whole(clean, offset), parts(fresh, offset);
        DeviceBuffer<CropPlace> places(k.places);
        auto y = DeviceBuffer<T>::unwritten(expected.size(), offset);
        cuda::patched_crop(nullptr, whole.data(), parts.data(), places.data(), y.data(), k.clean,
                           k.fresh, k.y, border);
        expect_same(y.host(), expected);
      }
    });
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
