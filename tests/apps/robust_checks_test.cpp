// The checks of an attack's run: each fires where it should, and only there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "apps/robust/checks.hpp"
#include "phosphene/tensor.hpp"
#include "tests/apps/robust_records.hpp"

namespace apps {
namespace {

using phosphene::Norm;
using phosphene::Tensor;
using testing::HasSubstr;

Tensor image_of(std::vector<float> values) {
  Tensor image = Tensor::host({1, 3, 1, static_cast<std::int64_t>(values.size()) / 3});
  std::copy(values.begin(), values.end(), image.data());
  return image;
}

TEST(CheckImage, KnowsTheBall) {
  const Tensor x = image_of({0.5F, 0.5F, 0.5F}), in = image_of({0.6F, 0.5F, 0.5F});
  EXPECT_NO_THROW(check_image("cat", x, in, Norm::linf, 0.1));
  EXPECT_NO_THROW(check_image("cat", x, image_of({0.6000005F, 0.5F, 0.5F}), Norm::linf, 0.1));
  const auto out = refusal([&] {
    check_image("cat", x, image_of({0.60001F, 0.5F, 0.5F}), Norm::linf, 0.1);
  });
  EXPECT_THAT(out, HasSubstr("cat"));
  EXPECT_THAT(out, HasSubstr("linf"));
  const Tensor all = image_of({0.6F, 0.6F, 0.6F});
  EXPECT_NO_THROW(check_image("cat", x, all, Norm::l2, 0.17321));
  EXPECT_THAT(refusal([&] { check_image("cat", x, all, Norm::l2, 0.17); }), HasSubstr("l2"));
  EXPECT_NO_THROW(check_image("cat", x, all, Norm::l2, {}));  // of the nearest there is no ball
}

TEST(CheckImage, KnowsTheRangeOfPixels) {
  const Tensor x = image_of({0.99F, 0, 0.5F});
  for (const float bad : {1.0001F, -0.0001F, std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_THAT(refusal([&] {
                  check_image("cat", x, image_of({bad, 0, 0.5F}), Norm::linf, {});
                }),
                HasSubstr("expected 0 to 1"));
  }
}

TEST(CheckImage, KnowsTheMask) {
  const Tensor x = image_of({0, 0, 0, 0, 0, 0});
  Tensor mask = Tensor::host({1, 1, 1, 2});
  mask.data()[0] = 1;
  mask.data()[1] = 0;
  EXPECT_NO_THROW(check_image("cat", x, image_of({1, 0, 1, 0, 1, 0}), Norm::linf, {}, mask));
  EXPECT_THAT(refusal([&] {
                check_image("cat", x, image_of({1, 0, 1, 0, 1, 0.5F}), Norm::linf, {}, mask);
              }),
              HasSubstr("column 1"));
}

Tensor logits_of(std::vector<float> values, std::int64_t rows) {
  Tensor logits = Tensor::host({rows, static_cast<std::int64_t>(values.size()) / rows, 1, 1});
  std::copy(values.begin(), values.end(), logits.data());
  return logits;
}

TEST(CheckLogits, KnowsASoftmax) {
  EXPECT_TRUE(check_logits(logits_of({0.2F, 0.8F, 0.5F, 0.5F}, 2)));
  EXPECT_FALSE(check_logits(logits_of({0.2F, 0.8F, -0.5F, 1.5F}, 2)));
  EXPECT_FALSE(check_logits(logits_of({0.2F, 0.8F, 0.5F, 0.6F}, 2)));
}

TEST(CheckGradients, KnowsWhatHidesThem) {
  EXPECT_FALSE(check_gradients({{1e-3, 0.5}, {1e-9, 0}}, "ce"));
  EXPECT_THAT(*check_gradients({{0, 0.5}, {1, 1}}, "ce"), HasSubstr("not differentiable"));
  EXPECT_THAT(*check_gradients({{0, 0}, {1, 1}}, "ce"), HasSubstr("exactly 0 for 1 of 2"));
  EXPECT_THAT(*check_gradients({{1e-20, 0}, {1, 1}}, "ce"), HasSubstr("vanishes"));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(check_gradients({{nan, 1}}, "ce"));
}

TEST(CheckRepeats, KnowsRandomVictims) {
  EXPECT_FALSE(check_repeats({true, true}, true, 1));
  EXPECT_THAT(*check_repeats({false, false}, true, 16), HasSubstr("cannot be repeated"));
  EXPECT_THAT(*check_repeats({true, false}, true, 1), HasSubstr("--samples"));
  EXPECT_FALSE(check_repeats({true, false}, true, 16));
  EXPECT_FALSE(check_repeats({true, false}, false, 1));
}

TEST(CheckBlackBox, KnowsMaskedGradients) {
  EXPECT_FALSE(check_black_box(16, 0, "Square"));
  EXPECT_THAT(*check_black_box(16, 3, "Square"), HasSubstr("masked gradients"));
  EXPECT_THAT(*check_black_box(16, 3, "Square"), HasSubstr("merely too weak"));
}

TEST(CheckRise, KnowsAnAttackThatGetsNowhere) {
  std::vector<Record> records;
  for (int i = 0; i < 10; ++i) records.push_back(right(0.1, false, -1.5));
  EXPECT_FALSE(check_rise(records));
  records[0].attacked->margin = -2.5;  // of a margin of -2 before
  EXPECT_THAT(*check_rise(records), HasSubstr("1 of 10"));
  for (int i = 0; i < 10; ++i) records.push_back(right(0.05, false, -1.5));
  EXPECT_THAT(*check_rise(records), HasSubstr("at epsilon 0.1, for 1 of 10 images"));
  records[0].epsilon = 0;  // in a ball of one image there is nothing to rise
  EXPECT_FALSE(check_rise(records));
}

TEST(CheckRounding, KnowsWhatAFileDoesNotHold) {
  std::vector<Record> records{right(0.1, true), right(0.1, true), right(0.2, true)};
  records[0].attacked->rounded = 3;
  EXPECT_FALSE(check_rounding(records));  // half of them stay
  records[1].attacked->rounded = 3;
  EXPECT_THAT(*check_rounding(records), HasSubstr("of 2 images that fool at epsilon 0.1 only 0"));
  EXPECT_FALSE(check_rounding({right(0.1, false)}));
}

TEST(CheckConfirmed, CountsWhatTheJournalHas) {
  std::vector<Record> records{right(0.1, true), right(0.1, false)};
  EXPECT_FALSE(check_confirmed(records));
  records[1].attacked->unconfirmed = true;
  records[1] = record_of(to_json(records[1]));
  EXPECT_THAT(*check_confirmed(records), HasSubstr("2 successes"));
}

TEST(CheckLargeEpsilon, KnowsWhatMustNotWithstand) {
  EXPECT_FALSE(check_large_epsilon(16, 0, 0.5));
  EXPECT_THAT(*check_large_epsilon(16, 2, 0.5), HasSubstr("2 of 16"));
}

TEST(CheckNearest, KnowsAnAttackThatFindsNothing) {
  std::vector<Record> records{right(0.1, true), right(0.1, false)};
  EXPECT_FALSE(check_nearest(records));  // in a ball an image may withstand
  for (Record& record : records) record.epsilon.reset();
  EXPECT_THAT(*check_nearest(records), HasSubstr("1 of 2"));
  records.pop_back();
  EXPECT_FALSE(check_nearest(records));
}

TEST(CheckStarts, NamesWhatNoImageShows) {
  std::vector<Record> records{right(0.1, true), right(0.1, false), {3, 4, 0.5, {}, {}}};
  for (Record& record : records) record.epsilon.reset();
  const auto name = [](std::int64_t target) { return "class " + std::to_string(target); };
  EXPECT_FALSE(check_starts(records, name));
  const auto without = [&](std::int64_t target) {
    records[1].attacked->no_start = true;
    records[1].attacked->target = target;
    records.push_back(records[1]);
  };
  without(7);
  records.pop_back();
  EXPECT_THAT(*check_starts(records, name), testing::StartsWith("1 of 2 images had no start"));
  EXPECT_THAT(*check_starts(records, name), testing::EndsWith("no image of the data as 'class 7'"));
  EXPECT_FALSE(check_nearest(records));  // it was not looked for
  for (std::int64_t target = 0; target < 6; ++target) without(target);
  EXPECT_THAT(*check_starts(records, name), testing::EndsWith("'class 3', 'class 4', ..."));
}

TEST(CheckClean, KnowsThatNothingWasAttacked) {
  std::vector<Record> records{{3, 4, 0.5, 0.1, {}}};
  const std::string said = "of cat the network says 4 tiger cat, not 3 tabby";
  EXPECT_THAT(*check_clean(records, said, false), HasSubstr("attacked (" + said + "): are the"));
  EXPECT_EQ(*check_clean(records, said, true), said + ": the image was not attacked");
  records.push_back(right(0.1, true));
  EXPECT_FALSE(check_clean(records, said, false));
  EXPECT_FALSE(check_clean({}, "", false));
}

TEST(CheckOrder, KnowsThatBallsContainEachOther) {
  EXPECT_FALSE(check_order(two_epsilons()));
  std::vector<Record> records;
  for (int i = 0; i < 10; ++i) {
    records.push_back(right(0.1, i < 5));
    records.push_back(right(0.2, i < 4));
  }
  EXPECT_FALSE(check_order(records));  // one image is luck
  records[1].attacked->success = false;
  EXPECT_THAT(*check_order(records), HasSubstr("fewer images"));
}

}  // namespace
}  // namespace apps
