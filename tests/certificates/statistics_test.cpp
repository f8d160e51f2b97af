// Against SciPy (make_statistics_goldens.py), at the extremes too.
#include "phosphene/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "phosphene/error.hpp"
#include "tests/certificates/stored_numbers.hpp"

namespace phosphene {
namespace {

using testing::stored_numbers;

TEST(Statistics, ClopperPearsonIsSciPysRoundedDown) {
  for (const auto& row : stored_numbers("statistics", "clopper_pearson_lower")) {
    const double found = clopper_pearson_lower(row[0], row[1], row[2]), expected = row[3];
    // Never above, so that a certificate stays one: SciPy's own error is a few units.
    EXPECT_LE(found, expected * (1 + 1e-15)) << row;
    EXPECT_GE(found, expected * (1 - 1e-11)) << row;
  }
}

TEST(Statistics, WilsonIsSciPys) {
  for (const auto& row : stored_numbers("statistics", "wilson")) {
    const Interval found = wilson(row[0], row[1], row[2]);
    EXPECT_NEAR(found.low, row[3].get<double>(), 1e-14) << row;
    EXPECT_NEAR(found.high, row[4].get<double>(), 1e-14) << row;
  }
  EXPECT_EQ(wilson(0, 0).low, 0);
  EXPECT_EQ(wilson(0, 0).high, 1);
}

TEST(Statistics, FairCoinIsSciPys) {
  for (const auto& row : stored_numbers("statistics", "fair_coin")) {
    const double expected = row[2];
    EXPECT_NEAR(fair_coin_p_value(row[0], row[1]), expected, 1e-11 * expected) << row;
  }
  EXPECT_EQ(fair_coin_p_value(0, 0), 1);
}

TEST(Statistics, NormalQuantileIsSciPys) {
  for (const auto& row : stored_numbers("statistics", "normal_quantile")) {
    const double expected = row[1];
    EXPECT_NEAR(normal_quantile(row[0]), expected, 1e-15 * (1 + std::abs(expected))) << row;
  }
}

TEST(Statistics, RefusesWhatIsNoRate) {
  EXPECT_THROW(wilson(3, 2), Error);
  EXPECT_THROW(wilson(-1, 2), Error);
  EXPECT_THROW(wilson(1, 2, 1), Error);
  EXPECT_THROW(clopper_pearson_lower(1, 2, 0), Error);
  EXPECT_THROW(clopper_pearson_lower(3, 2, 0.1), Error);
  EXPECT_THROW(fair_coin_p_value(3, 2), Error);
  EXPECT_THROW(normal_quantile(0), Error);
  EXPECT_THROW(normal_quantile(NAN), Error);
}

}  // namespace
}  // namespace phosphene
