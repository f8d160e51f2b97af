#include "phosphene/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "phosphene/error.hpp"
#include "phosphene/models.hpp"
#include "tests/engine/small_network.hpp"

namespace phosphene {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::random_image;
using testing::small_network;
using ::testing::ThrowsMessage;

const ContextOptions kCpu{.device = "cpu"};

SessionOptions at_8x9(std::vector<std::string> taps, std::int64_t batch = 1) {
  return {8, 9, batch, std::move(taps), true};
}

Seed ones(std::string tap) {
  return {std::move(tap), [](const Tensor&, Tensor& d_tap) {
            for (std::int64_t i = 0; i < d_tap.count(); ++i) d_tap.data()[i] += 1;
          }};
}

std::vector<float> values(const Tensor& t) { return {t.data(), t.data() + t.count()}; }

TEST(Session, RunsNothingPastTheLastTap) {
  const Context context(kCpu);
  const Network network = small_network();
  EXPECT_THAT(Session(context, network, at_8x9({"relu1"})).steps(),
              ElementsAre("input", "conv1+relu1"));
  EXPECT_THAT(Session(context, network, at_8x9({"conv1", "relu2"})).steps(),
              ElementsAre("input", "conv1", "relu1", "pool1", "conv2+relu2"));
}

TEST(Session, TapsBeforeAndAfterAReluAgree) {
  const Context context(kCpu);
  const Network network = small_network();
  Session session(context, network, at_8x9({"conv1", "relu1"}));
  session.forward(random_image({1, 3, 8, 9}, 5), 1);
  const auto before = values(session.tap("conv1")), after = values(session.tap("relu1"));
  int negative = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i], std::max(before[i], 0.0F));
    negative += before[i] < 0;
  }
  EXPECT_GT(negative, 10);
}

TEST(Session, AnImageDoesNotDependOnItsCompany) {
  const Context context(kCpu);
  const Network network = small_network();
  const Tensor images = random_image({3, 3, 8, 9}, 6);
  Session three(context, network, at_8x9({"relu2"}, 3));
  three.forward(images, 3);
  const auto all = values(three.tap("relu2"));
  three.forward(images, 1);  // the other slots keep what they had
  EXPECT_EQ(values(three.tap("relu2")), all);
  three.forward(random_image({3, 3, 8, 9}, 7), 3);
  three.forward(images, 1);
  const auto first = values(three.tap("relu2"));
  const std::size_t size = first.size() / 3;
  EXPECT_TRUE(
      std::equal(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(size), all.begin()));
  EXPECT_FALSE(std::equal(first.begin() + static_cast<std::ptrdiff_t>(size), first.end(),
                          all.begin() + static_cast<std::ptrdiff_t>(size)));
}

TEST(Session, BackwardCanBeRepeatedWithOtherSeeds) {
  const Context context(kCpu);
  const Network network = small_network();
  Session session(context, network, at_8x9({"conv1", "relu1", "relu2"}));
  session.forward(random_image({1, 3, 8, 9}, 8), 1);
  const std::vector<Seed> deep{ones("relu2")}, shallow{ones("conv1")};
  const auto first = values(session.backward(deep));
  const auto other = values(session.backward(shallow));
  EXPECT_NE(first, other);
  EXPECT_EQ(values(session.backward(deep)), first);
}

/// The gradient is linear in its seeds, so that of both is the sum of the two.
TEST(Session, SeedsAtSeveralTapsAdd) {
  const Context context(kCpu);
  const Network network = small_network();
  Session session(context, network, at_8x9({"relu1", "relu2"}));
  session.forward(random_image({1, 3, 8, 9}, 9), 1);
  const std::vector<Seed> a{ones("relu1")}, b{ones("relu2")}, both{ones("relu1"), ones("relu2")};
  const auto d_a = values(session.backward(a)), d_b = values(session.backward(b));
  const auto sum = values(session.backward(both));
  for (std::size_t i = 0; i < sum.size(); ++i) {
    // Three sums of some 36 products of order 1, each rounded to 2^-24.
    EXPECT_NEAR(sum[i], d_a[i] + d_b[i], 3 * 36 * 0x1p-24 * 4);
  }
}

/// At a tap: its own seed plus what comes from downstream, before the ReLU that made it.
TEST(Session, GradientAtATapIsBeforeItsProducersRule) {
  const Context context(kCpu);
  const Network network = small_network();
  Session session(context, network, at_8x9({"conv1", "relu1"}));
  session.forward(random_image({1, 3, 8, 9}, 10), 1);
  const std::vector<Seed> seeds{ones("relu1")};
  EXPECT_THAT(values(session.backward(seeds, ReluRule::standard, "relu1")), ::testing::Each(1.0F));
  const auto through = values(session.backward(seeds, ReluRule::standard, "conv1"));
  const auto before = values(session.tap("conv1"));
  for (std::size_t i = 0; i < through.size(); ++i) EXPECT_EQ(through[i], before[i] > 0 ? 1 : 0);
}

TEST(Session, SameBytesTwice) {
  const Context context(kCpu);
  const Network network = small_network();
  std::vector<std::vector<float>> runs;
  for (int run = 0; run < 2; ++run) {
    Session session(context, network, at_8x9({"relu2"}));
    session.forward(random_image({1, 3, 8, 9}, 11), 1);
    const std::vector<Seed> seeds{ones("relu2")};
    runs.push_back(values(session.backward(seeds)));
  }
  EXPECT_EQ(runs[0], runs[1]);
}

/// VGG-19 to relu5_1 with style transfer's taps at 256 px, full width: what is alive at the peak.
TEST(Session, BuffersAreReusedByLifetime) {
  const Context context(kCpu);
  const Network network = load_network({.model = "vgg19", .weights = "random:1"});
  const SessionOptions options{
      256, 256, 1, {"relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu4_2", "relu5_1"}, true};
  const Session session(context, network, options);
  // Bytes a pixel in fp32: taps 256 + 128 + 64 + 32 + 32 + 8, the gradients of relu1_1 and relu1_2
  // 256 each, which are alive together, ReLU bits and argmax about 50. A few percent are lost to
  // gaps and oneDNN's workspace.
  const double per_pixel = static_cast<double>(session.planned_bytes()) / (256 * 256);
  EXPECT_LT(per_pixel, 1150);
  EXPECT_GT(per_pixel, 1000);
  EXPECT_LT(session.planned_bytes(), session.unshared_bytes() / 2);
}

TEST(Session, AllocatesNothingAfterConstruction) {
  const Context context(kCpu);
  const Network network = small_network();
  Session session(context, network, at_8x9({"relu2"}));
  const std::size_t held = context.allocated_bytes(), peak = context.peak_bytes();
  session.forward(random_image({1, 3, 8, 9}, 12), 1);
  const std::vector<Seed> seeds{ones("relu2")};
  session.backward(seeds);
  EXPECT_EQ(context.allocated_bytes(), held);
  EXPECT_EQ(context.peak_bytes(), peak);
}

TEST(Session, MemoryComesBack) {
  const Context context(kCpu);
  {
    const Network network = small_network();
    Session session(context, network, at_8x9({"relu2"}));
    EXPECT_GT(context.allocated_bytes(), 0U);
  }
  EXPECT_EQ(context.allocated_bytes(), 0U);
}

TEST(Session, ErrorsSayWhatIsWrong) {
  const Context context(kCpu);
  const Network network = small_network();
  EXPECT_THAT([&] { Session(context, network, at_8x9({"relu3"})); },
              ThrowsMessage<UsageError>(HasSubstr("near: relu1, relu2")));
  EXPECT_THAT(
      [&] {
        Session(context, network, {1, 1, 1, {"relu2"}, true});
      },
      ThrowsMessage<Error>(HasSubstr("layer 'pool1' (MaxPool): the image is too small")));
  Session session(context, network, at_8x9({"relu2"}));
  EXPECT_THAT([&] { session.tap("relu1"); }, ThrowsMessage<UsageError>(HasSubstr("'relu1'")));
  EXPECT_THAT(
      [&] {
        session.forward(random_image({1, 3, 8, 8}, 1), 1);
      },
      ThrowsMessage<UsageError>(HasSubstr("1x3x8x9")));
  const std::vector<Seed> seeds{ones("relu1")};
  EXPECT_THAT([&] { session.backward(seeds); },
              ThrowsMessage<UsageError>(HasSubstr("seed 'relu1'")));
  const std::vector<Seed> none;
  EXPECT_THAT([&] { session.backward(none); }, ThrowsMessage<UsageError>(HasSubstr("no seed")));
}

TEST(Context, RefusesWhatTheCpuCannotDo) {
  EXPECT_THAT([] { Context({.device = "cpu", .precision = Precision::bf16}); },
              ThrowsMessage<UsageError>(HasSubstr("fp32 alone")));
  EXPECT_THAT([] { Context({.device = "gpu"}); },
              ThrowsMessage<UsageError>(HasSubstr("expected cpu, cuda, cuda:N or auto")));
}

}  // namespace
}  // namespace phosphene
