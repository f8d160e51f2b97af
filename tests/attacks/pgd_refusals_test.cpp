// What PGD refuses before it computes anything, in a line that names the flag or the image.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "phosphene/attacks/pgd.hpp"
#include "tests/attacks/pictures.hpp"

namespace phosphene::testing_attacks {
namespace {

using testing::HasSubstr;

const Context& cpu() {
  static const Context context({.device = "cpu", .seed = 5});
  return context;
}

std::unique_ptr<Victim> bundled_victim() {
  static const Network bundled = bundled_network();
  return make_victim(cpu(), bundled, 64, 64, 1);
}

TEST(PgdRefusals, OfOptions) {
  const auto victim = bundled_victim();
  const auto said = [&](auto change) {
    PgdOptions options;
    change(options);
    return refusal([&] { pgd(cpu(), *victim, std::move(options)); });
  };
  EXPECT_THAT(said([](PgdOptions& o) { o.steps = 0; }), HasSubstr("--steps 0"));
  EXPECT_THAT(said([](PgdOptions& o) { o.restarts = 0; }), HasSubstr("--restarts 0"));
  EXPECT_THAT(said([](PgdOptions& o) { o.samples = 0; }), HasSubstr("--samples 0"));
  EXPECT_THAT(said([](PgdOptions& o) { o.alpha = -1; }), HasSubstr("--alpha -1"));
  EXPECT_THAT(said([](PgdOptions& o) { o.alpha = NAN; }), HasSubstr("--alpha nan"));
  EXPECT_THAT(said([](PgdOptions& o) { o.momentum = -1; }), HasSubstr("--momentum -1"));
  EXPECT_THAT(said([](PgdOptions& o) { o.penalty = -1; }), HasSubstr("--penalty -1"));
  EXPECT_THAT(said([](PgdOptions& o) { o.penalty = 1; }), HasSubstr("random start"));
  EXPECT_THAT(said([](PgdOptions& o) { o.random_start = false, o.restarts = 2; }),
              HasSubstr("without a random start"));
  EXPECT_THAT(said([](PgdOptions& o) { o.norm = Norm::l2, o.penalty = 1; }), HasSubstr("linf"));
  EXPECT_THAT(said([](PgdOptions& o) {
                o.mask = Tensor::host({1, 1, 8, 8});
              }),
              HasSubstr("1x1x64x64"));
}

TEST(PgdRefusals, OfExamples) {
  const auto victim = bundled_victim();
  const auto attack = pgd(cpu(), *victim, {});
  const auto said = [&](auto change) {
    Example example = std::move(pictures(1, 0.1F)[0]);
    change(example);
    return refusal([&] { attack->start(0, example); });
  };
  EXPECT_THAT(said([](Example& e) { e.epsilon = 8; }), HasSubstr("8/255"));
  EXPECT_THAT(said([](Example& e) { e.epsilon = -1; }), HasSubstr("--eps -1: expected 0 to 1"));
  EXPECT_THAT(said([](Example& e) { e.epsilon = NAN; }), HasSubstr("--eps nan"));
  EXPECT_THAT(said([](Example& e) { e.label = 8; }), HasSubstr("label 8, expected 0 to 7"));
  EXPECT_THAT(said([](Example& e) { e.target = 9; }), HasSubstr("target 9, expected 0 to 7"));
  EXPECT_THAT(said([](Example& e) { e.target = e.label; }), HasSubstr("its own class"));
  EXPECT_THAT(said([](Example& e) { e.image.data()[5] = 77; }), HasSubstr("0 to 255"));
  EXPECT_THAT(said([](Example& e) { e.image.data()[5] = NAN; }), HasSubstr("pixels in [0,1]"));
  EXPECT_THAT(said([](Example& e) {
                e.image = Tensor::host({1, 3, 32, 32});
              }),
              HasSubstr("1x3x64x64"));
  EXPECT_EQ(said([](Example&) {}), "");
}

}  // namespace
}  // namespace phosphene::testing_attacks
