#include "kernels/boundary.hpp"

#include "tests/kernels/kernel_test.hpp"

// u = 2^-24. An image is a sum of two numbers of at most 1, of a product that is rounded once or
// twice: 3 u. A normal number is off by 110 u (normal_noise_test.cpp) of at most 5.8, a uniform one
// by none; their length by half of n u in its largest order of adding up, relative, plus as much as
// the numbers are; and the direction is scaled by `amount`. A sum of rows is off by as many u of
// its terms' sizes, one more for the difference and one for phi.
namespace phosphene::kernels::testing {
namespace {

constexpr double kU = 0x1p-24;
constexpr std::uint64_t kSeed = 0x0123456789abcdefULL;
const std::vector<std::int64_t> kSizes = {1, 3, 4, 31, 257, 1021, 3072};
constexpr std::int64_t kSlots = 3;

struct Slots {
  explicit Slots(std::int64_t size_)
      : size(size_),
        original(random_values<float>(kSlots * size, 1, 0, 1)),
        point(random_values<float>(kSlots * size, 2, 0, 1)),
        candidate(random_values<float>(kSlots * size, 3, 0, 1)),
        direction(random_values<float>(kSlots * size, 4)) {}

  BoundaryImages images() const {
    return {original.data(), point.data(), candidate.data(), direction.data(), size};
  }

  std::int64_t size;
  std::vector<float> original, point, candidate, direction;
};

/// Every kind, slots out of order and more than once.
std::vector<BoundaryQuery> queries() {
  std::vector<BoundaryQuery> list;
  const auto add = [&](BoundaryKind kind, float amount, std::int32_t slot) {
    const auto n = static_cast<std::uint32_t>(list.size());
    list.push_back(
        {kind, amount, slot, static_cast<std::int32_t>(n), 77U + (slot == 1 ? 1U : 0U), n});
  };
  add(BoundaryKind::original, 0, 2);
  add(BoundaryKind::direction, 0.1F, 0);
  add(BoundaryKind::candidate, 0, 1);
  add(BoundaryKind::noise, 0.3F, 0);
  add(BoundaryKind::noise, 1, 1);
  add(BoundaryKind::blend, 0.25F, 2);
  add(BoundaryKind::blend, 0, 0);
  add(BoundaryKind::step, 0.4F, 1);
  add(BoundaryKind::direction, 3e-4F, 2);
  add(BoundaryKind::step, 2, 2);
  add(BoundaryKind::direction, 5, 1);
  return list;
}

double clamped(double x, double low, double high) { return std::min(std::max(x, low), high); }

std::vector<double> random_direction(BoundaryNorm norm, NoiseKey key, std::int64_t size) {
  std::vector<double> r;
  double squares = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    const PhiloxWords words = noise_words(key, i / 4);
    double value = (words.v[i % 4] >> 8) * 0x1p-23 - 1;
    if (norm == BoundaryNorm::l2) {
      const std::int64_t pair = i % 4 / 2 * 2;
      const double u = ((words.v[pair] >> 8) + 1) * 0x1p-24;
      const double angle = 2 * std::acos(-1.0) * ((words.v[pair + 1] >> 8) * 0x1p-24);
      value = std::sqrt(-2 * std::log(u)) * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
    }
    r.push_back(value);
    squares += value * value;
  }
  for (double& value : r) value /= std::sqrt(squares);
  return r;
}

std::vector<double> naive_image(const Slots& slots, BoundaryNorm norm, const BoundaryQuery& q) {
  const NoiseKey key{kSeed, q.image, q.sample};
  const std::vector<double> r = random_direction(norm, key, slots.size);
  std::vector<double> y;
  for (std::int64_t i = 0; i < slots.size; ++i) {
    const auto at = static_cast<std::size_t>(q.slot * slots.size + i);
    const double x0 = slots.original[at], x = slots.point[at], z = slots.candidate[at];
    const double a = q.amount;
    switch (q.kind) {
      case BoundaryKind::original:
        y.push_back(x0);
        break;
      case BoundaryKind::candidate:
        y.push_back(z);
        break;
      case BoundaryKind::noise:
        y.push_back(x0 + a * (uniform_noise(key, i) - x0));
        break;
      case BoundaryKind::blend:
        y.push_back(norm == BoundaryNorm::l2 ? x0 + a * (z - x0) : clamped(z, x0 - a, x0 + a));
        break;
      case BoundaryKind::step:
        y.push_back(clamped(x + a * slots.direction[at], 0, 1));
        break;
      case BoundaryKind::direction:
        y.push_back(clamped(x + a * r[static_cast<std::size_t>(i)], 0, 1));
        break;
    }
  }
  return y;
}

/// Of one element, whatever the query. A direction of few elements is a division by what may be
/// small; its elements stay at most 1, and so does what they are off by, times 110 u / |r|.
double tolerance(const BoundaryQuery& q, std::int64_t size) {
  double off = 4 * kU * (1 + static_cast<double>(q.amount));
  if (q.kind == BoundaryKind::direction) {
    const double relative = 640 * kU + static_cast<double>(size) * kU;
    off += static_cast<double>(q.amount) * (relative + (size < 4 ? 1e-3 : 0));
  }
  return off;
}

double naive_distance(const Slots& slots, BoundaryNorm norm, const BoundaryQuery& q,
                      const float* y) {
  double squares = 0, largest = 0;
  for (std::int64_t i = 0; i < slots.size; ++i) {
    const double d =
        double{y[i]} - double{slots.original[static_cast<std::size_t>(q.slot * slots.size + i)]};
    squares += d * d;
    largest = std::max(largest, std::abs(d));
  }
  return norm == BoundaryNorm::linf ? largest : std::sqrt(squares);
}

/// The queries of these slots give such images, and such distances to their originals.
void expect_images(const Slots& slots, BoundaryNorm norm, const std::vector<float>& y,
                   const std::vector<float>& distances) {
  const std::vector<BoundaryQuery> list = queries();
  for (std::size_t n = 0; n < list.size(); ++n) {
    SCOPED_TRACE(n);
    const auto first = y.begin() + static_cast<std::ptrdiff_t>(n) * slots.size;
    const std::vector<float> own(first, first + slots.size);
    const double off = tolerance(list[n], slots.size);
    expect_near(own, naive_image(slots, norm, list[n]), [&](std::size_t) { return off; });
    const double expected = naive_distance(slots, norm, list[n], own.data());
    EXPECT_NEAR(distances[n], expected, static_cast<double>(slots.size + 4) * kU * expected);
  }
}

CPU_TEST(Boundary, queries_follow_the_formulas) {
  const std::vector<BoundaryQuery> list = queries();
  const auto count = static_cast<std::int64_t>(list.size());
  for (const BoundaryNorm norm : {BoundaryNorm::l2, BoundaryNorm::linf}) {
    for (const std::int64_t size : kSizes) {
      const Slots slots(size);
      std::vector<float> y(static_cast<std::size_t>(count * size)), distances(list.size());
      cpu::boundary_queries(slots.images(), norm, kSeed, list.data(), count, y.data(),
                            distances.data());
      expect_images(slots, norm, y, distances);
      std::vector<float> again(y.size());
      cpu::boundary_queries(slots.images(), norm, kSeed, list.data(), count, again.data(), nullptr);
      expect_same(again, y);
    }
  }
}

// A point that is kept is the image that was asked about, bit for bit.
CPU_TEST(Boundary, keeps_what_was_asked) {
  const Slots slots(1021);
  BoundaryQuery query{BoundaryKind::blend, 0.3F, 1, 0, 0, 0};
  std::vector<float> y(1021), distance(kSlots), point = slots.point;
  cpu::boundary_queries(slots.images(), BoundaryNorm::l2, kSeed, &query, 1, y.data(), nullptr);
  query.to = 1;
  BoundaryImages images = slots.images();
  images.point = point.data();
  cpu::boundary_queries(images, BoundaryNorm::l2, kSeed, &query, 1, point.data(), distance.data());
  for (std::size_t i = 0; i < point.size(); ++i) {
    const bool own = i / 1021 == 1;
    ASSERT_EQ(point[i], own ? y[i - 1021] : slots.point[i]) << i;
  }
  EXPECT_GT(distance[1], 0);
}

struct SumCase {
  std::vector<float> y, phi;
  std::vector<BoundaryRows> rows{{2, 0, 5, 1}, {0, 7, 4, 0}};
};

SumCase sum_case(std::int64_t size) {
  SumCase c;
  c.y = random_values<float>(11 * size, 6, 0, 1);
  for (int row = 0; row < 11; ++row) c.phi.push_back(row % 3 == 0 ? -1.0F : 1.0F);
  return c;
}

CPU_TEST(Boundary, sums_follow_the_formula) {
  for (const std::int64_t size : kSizes) {
    const Slots slots(size);
    const SumCase c = sum_case(size);
    const std::vector<float> before = random_values<float>(kSlots * size, 7);
    std::vector<float> plus = before, all = before;
    cpu::boundary_sums(c.y.data(), c.phi.data(), slots.point.data(), size, c.rows.data(), 2,
                       plus.data(), all.data());
    std::vector<double> expected_plus(before.begin(), before.end()), expected_all = expected_plus;
    for (const BoundaryRows& own : c.rows) {
      for (std::int64_t i = 0; i < size; ++i) {
        const auto at = static_cast<std::size_t>(own.slot * size + i);
        if (own.begins != 0) expected_plus[at] = expected_all[at] = 0;
        for (std::int64_t row = own.first; row < own.first + own.count; ++row) {
          const double u =
              double{c.y[static_cast<std::size_t>(row * size + i)]} - double{slots.point[at]};
          expected_plus[at] += double{c.phi[static_cast<std::size_t>(row)]} * u;
          expected_all[at] += u;
        }
      }
    }
    const auto off = [](std::size_t) { return 7 * 6 * kU; };
    expect_near(plus, expected_plus, off);
    expect_near(all, expected_all, off);
  }
}

// Bit for bit: what an attack finds must not depend on the batch.
CPU_TEST(Boundary, sums_do_not_depend_on_how_they_are_cut) {
  const Slots slots(1021);
  const SumCase c = sum_case(1021);
  const auto sums = [&](const std::vector<std::vector<BoundaryRows>>& calls) {
    std::vector<float> plus(static_cast<std::size_t>(kSlots * 1021)), all = plus;
    for (const auto& rows : calls) {
      cpu::boundary_sums(c.y.data(), c.phi.data(), slots.point.data(), 1021, rows.data(),
                         static_cast<std::int64_t>(rows.size()), plus.data(), all.data());
    }
    plus.insert(plus.end(), all.begin(), all.end());
    return plus;
  };
  expect_same(sums({{{1, 0, 11, 1}}}), sums({{{1, 0, 3, 1}}, {{1, 3, 1, 0}}, {{1, 4, 7, 0}}}));
}

CPU_TEST(Boundary, direction_follows_the_formula) {
  for (const BoundaryNorm norm : {BoundaryNorm::l2, BoundaryNorm::linf}) {
    for (const std::int64_t size : kSizes) {
      const std::vector<float> plus = random_values<float>(kSlots * size, 8);
      const std::vector<float> all = random_values<float>(kSlots * size, 9);
      const std::vector<BoundarySlot> slots{{2, 0.25F}, {0, 0}};
      std::vector<float> v(plus.size(), 9);
      cpu::boundary_direction(plus.data(), all.data(), size, norm, slots.data(), 2, v.data());
      std::vector<double> expected(plus.size(), 9);
      for (const BoundarySlot& own : slots) {
        double squares = 0;
        const auto first = static_cast<std::size_t>(own.slot * size);
        for (std::size_t i = first; i < first + static_cast<std::size_t>(size); ++i) {
          // In float, as its sign is taken.
          expected[i] = plus[i] - own.mean * all[i];
          squares += expected[i] * expected[i];
        }
        for (std::size_t i = first; i < first + static_cast<std::size_t>(size); ++i) {
          const double sign = expected[i] > 0 ? 1 : expected[i] < 0 ? -1 : 0;
          expected[i] = norm == BoundaryNorm::linf ? sign : expected[i] / std::sqrt(squares);
        }
      }
      expect_near(v, expected, [](std::size_t) { return 4 * kU; });
    }
  }
}

CPU_TEST(Boundary, no_sums_give_no_direction) {
  const std::vector<float> zero(5);
  const BoundarySlot slot{0, 0.5F};
  for (const BoundaryNorm norm : {BoundaryNorm::l2, BoundaryNorm::linf}) {
    std::vector<float> v(5, 1);
    cpu::boundary_direction(zero.data(), zero.data(), 5, norm, &slot, 1, v.data());
    expect_same(v, zero);
  }
}

DEVICE_TEST(Boundary, queries_agree_with_the_formulas) {
  const std::vector<BoundaryQuery> list = queries();
  const auto count = static_cast<std::int64_t>(list.size());
  DeviceBuffer<BoundaryQuery> on_device(list);
  for (const BoundaryNorm norm : {BoundaryNorm::l2, BoundaryNorm::linf}) {
    for (const std::int64_t size : kSizes) {
      const Slots slots(size);
      DeviceBuffer<float> original(slots.original, 1), point(slots.point);
      DeviceBuffer<float> candidate(slots.candidate), direction(slots.direction);
      auto y = DeviceBuffer<float>::unwritten(static_cast<std::size_t>(count * size));
      auto distances = DeviceBuffer<float>::unwritten(list.size());
      const BoundaryImages images{original.data(), point.data(), candidate.data(), direction.data(),
                                  size};
      cuda::boundary_queries(nullptr, images, norm, kSeed, on_device.data(), count, y.data(),
                             distances.data());
      expect_images(slots, norm, y.host(), distances.host());
    }
  }
}

DEVICE_TEST(Boundary, sums_agree_with_the_cpu) {
  for (const std::int64_t size : kSizes) {
    const Slots slots(size);
    const SumCase c = sum_case(size);
    const std::vector<float> before = random_values<float>(kSlots * size, 7);
    std::vector<float> expected_plus = before, expected_all = before;
    cpu::boundary_sums(c.y.data(), c.phi.data(), slots.point.data(), size, c.rows.data(), 2,
                       expected_plus.data(), expected_all.data());
    DeviceBuffer<float> y(c.y, 1), phi(c.phi), point(slots.point), plus(before), all(before, 1);
    DeviceBuffer<BoundaryRows> rows(c.rows);
    cuda::boundary_sums(nullptr, y.data(), phi.data(), point.data(), size, rows.data(), 2,
                        plus.data(), all.data());
    const auto off = [](std::size_t) { return 2 * 7 * 6 * kU; };
    expect_near(plus.host(), expected_plus, off);
    expect_near(all.host(), expected_all, off);
  }
}

DEVICE_TEST(Boundary, direction_agrees_with_the_cpu) {
  for (const BoundaryNorm norm : {BoundaryNorm::l2, BoundaryNorm::linf}) {
    for (const std::int64_t size : kSizes) {
      const std::vector<float> plus = random_values<float>(kSlots * size, 8);
      const std::vector<float> all = random_values<float>(kSlots * size, 9);
      const std::vector<BoundarySlot> slots{{2, 0.25F}, {0, 0}};
      std::vector<float> expected(plus.size(), 9);
      cpu::boundary_direction(plus.data(), all.data(), size, norm, slots.data(), 2,
                              expected.data());
      DeviceBuffer<float> a(plus), b(all), v(std::vector<float>(plus.size(), 9));
      DeviceBuffer<BoundarySlot> list(slots);
      cuda::boundary_direction(nullptr, a.data(), b.data(), size, norm, list.data(), 2, v.data());
      const double off = static_cast<double>(size + 8) * kU;
      expect_near(v.host(), expected, [&](std::size_t) { return off; });
    }
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
