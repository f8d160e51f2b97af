#include "kernels/bias.hpp"

#include <algorithm>

#include "tests/kernels/kernel_test.hpp"

namespace phosphene::kernels::testing {
namespace {

constexpr Maps kShapes[] = {{0, 3, 3, 4}, {1, 1, 1, 1},  {1, 5, 7, 3},   {2, 3, 5, 4},
                            {1, 9, 4, 8}, {1, 3, 3, 67}, {2, 11, 13, 24}};
struct Form {
  bool bias, z, relu;
};
constexpr Form kForms[] = {{true, false, false}, {true, true, true},   {false, true, false},
                           {true, false, true},  {false, false, true}, {false, true, true}};

CPU_TEST(Bias, follows_the_formula) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kShapes) {
      for (const Form& form : kForms) {
        const auto x = rarely_awkward_values<T>(maps.count(), 1);
        const auto z = random_values<T>(maps.count(), 2);
        const auto b = random_values<float>(maps.c, 3);
        std::vector<double> expected(x.size()), magnitude(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double add = form.bias ? b[i % b.size()] : 0, more = form.z ? to_double(z[i]) : 0;
          const double sum = to_double(x[i]) + add + more;
          expected[i] = form.relu ? std::max(sum, 0.0) : sum;
          magnitude[i] = std::abs(to_double(x[i])) + std::abs(add) + std::abs(more);
        }
        std::vector<T> y = x;
        cpu::bias(y.data(), form.bias ? b.data() : nullptr, form.z ? z.data() : nullptr, maps,
                  form.relu);
        expect_near(y, expected, [&](std::size_t i) {  // two additions, and the storage
          return 2 * rounding<float>(magnitude[i]) +
                 rounding<T>(std::abs(expected[i]) + 2 * rounding<float>(magnitude[i]));
        });
      }
    }
  });
}

// The same two additions in the same order: equal, but for the sign of a zero.
DEVICE_TEST(Bias, agrees_with_the_cpu) {
  for_each_storage([](auto zero) {
    using T = decltype(zero);
    for (const Maps& maps : kShapes) {
      for (const Form& form : kForms) {
        for (const std::size_t offset : kOffsets) {
          const auto x = awkward_values<T>(maps.count(), 1), z = random_values<T>(maps.count(), 2);
          const auto b = random_values<float>(maps.c, 3);
          std::vector<T> expected = x;
          cpu::bias(expected.data(), form.bias ? b.data() : nullptr, form.z ? z.data() : nullptr,
                    maps, form.relu);
          DeviceBuffer<T> y(x, offset), add(z, offset);
          DeviceBuffer<float> biases(b, offset);
          cuda::bias(nullptr, y.data(), form.bias ? biases.data() : nullptr,
                     form.z ? add.data() : nullptr, maps, form.relu);
          expect_near(y.host(), expected, [](std::size_t) { return 0.0; });
        }
      }
    }
  });
}

}  // namespace
}  // namespace phosphene::kernels::testing
