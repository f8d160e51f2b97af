#include "apps/flag_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "apps/common.hpp"
#include "phosphene/error.hpp"
#include "phosphene/text.hpp"
#include "tests/formats/support.hpp"

namespace apps {
namespace {

using phosphene::UsageError;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Number, ReadsAllOfTheText) {
  EXPECT_EQ(number<int>("--n", "-12", "a number"), -12);
  EXPECT_EQ(number<float>("--n", "1.5e-3", "a number"), 1.5e-3F);
  for (const char* text : {"", " 1", "1 ", "+1", "1,2", "0x10", "one", "99999999999999999999"}) {
    EXPECT_THAT(
        [&] { number<int>("--n", text, "a whole number"); },
        ThrowsMessage<UsageError>("--n '" + std::string(text) + "': expected a whole number"));
  }
  EXPECT_THROW(number<int>("--n", "5", "at most 4", 1, 4), UsageError);
  EXPECT_THROW(number<int>("--n", "0", "at least 1", 1, 4), UsageError);
}

TEST(Number, TakesNeitherNaNNorInfinity) {
  for (const char* text : {"nan", "-nan", "inf", "-inf", "infinity", "1e39"}) {
    EXPECT_THROW(number<float>("--n", text, "a number"), UsageError) << text;
  }
}

TEST(Side, IsOfOneToAMillionPixels) {
  EXPECT_EQ(side("--size", "1"), 1);
  EXPECT_EQ(side("--size", "1000000"), 1000000);
  for (const char* text : {"0", "-1", "1000001", "64.0", ""}) {
    EXPECT_THAT([&] { side("--size", text, ", or 'full'"); },
                ThrowsMessage<UsageError>(HasSubstr("from 1 to 1000000, or 'full'")));
  }
}

TEST(Extent, IsASquareOrHeightByWidth) {
  EXPECT_EQ(extent("--patch", "15"), (phosphene::Extent{15, 15}));
  EXPECT_EQ(extent("--patch", "3x40"), (phosphene::Extent{3, 40}));
  for (const char* text : {"", "0", "x", "3x", "x3", "3x0", "3x4x5", "-3", "3 x 4", "1000001"}) {
    EXPECT_THAT([&] { extent("--patch", text); }, ThrowsMessage<UsageError>(HasSubstr("N, or HxW")))
        << text;
  }
}

TEST(Choose, NamesTheChoices) {
  const std::vector<std::pair<std::string, int>> choices{{"one", 1}, {"two", 2}};
  EXPECT_EQ(choose("--n", "two", choices), 2);
  EXPECT_THAT([&] { choose("--n", "three", choices); },
              ThrowsMessage<UsageError>("--n 'three': expected one, two"));
}

TEST(LayerWeights, DefaultToOne) {
  const auto layers = layer_weights("--layers", {"relu1_1", "relu2_1:0.5", ""});
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_EQ(layers[0].layer, "relu1_1");
  EXPECT_EQ(layers[0].weight, 1);
  EXPECT_EQ(layers[1].layer, "relu2_1");
  EXPECT_EQ(layers[1].weight, 0.5F);
  EXPECT_EQ(layers[2].layer, "");
}

TEST(LayerWeights, RefusesTwiceTheSameAndWhatIsNoNumber) {
  EXPECT_THAT(
      [] {
        layer_weights("--layers", {"a", "b", "a:2"});
      },
      ThrowsMessage<UsageError>("--layers: names 'a' twice"));
  for (const char* text : {"a:", "a:much", "a:1:2", "a:nan"}) {
    EXPECT_THAT([&] { layer_weights("--layers", {text}); },
                ThrowsMessage<UsageError>(HasSubstr("expected a number")));
  }
}

TEST(IterationRange, IsNotEmpty) {
  const IterationRange range = iteration_range("--range", "0:2147483647");
  EXPECT_EQ(range.from, 0);
  EXPECT_EQ(range.to, 2147483647);
  for (const char* text : {"", ":", "5", "5:", ":5", "5:5", "7:3", "-1:5", "1:2:3", "a:b",
                           "2147483647:2147483648", "2147483647:2147483647"}) {
    EXPECT_THAT([&] { iteration_range("--range", text); },
                ThrowsMessage<UsageError>(HasSubstr("expected A:B, whole numbers with A < B")))
        << text;
  }
}

TEST(LiesIn, GoesByPlacesThatNeedNotBeThere) {
  const std::string here = std::filesystem::current_path().string();
  for (const std::string folder : {".", "", "./", "none/..", here.c_str()}) {
    EXPECT_TRUE(lies_in("a.npy", folder)) << folder;
    EXPECT_TRUE(lies_in(here + "/a.npy", folder)) << folder;
    EXPECT_FALSE(lies_in("none/a.npy", folder)) << folder;
  }
  EXPECT_TRUE(lies_in("none/a.npy", here + "/none/"));
}

TEST(NearNames, AreGivenOnce) {
  const std::vector<std::string> names{"conv2", "conv1", "pool", "conv1", "conv2"};
  EXPECT_EQ(phosphene::near_names("conv1", names, 2), (std::vector<std::string>{"conv1", "conv2"}));
}

TEST(NearNames, BeginAlike) {
  const std::vector<std::string> names{"r", "resnet50", "resnet20_cifar10", "--version", "--eps"};
  EXPECT_EQ(phosphene::near_names("resnet20", names, 2),
            (std::vector<std::string>{"resnet20_cifar10", "resnet50"}));
  EXPECT_EQ(phosphene::near_names("--epsilon", names, 1), (std::vector<std::string>{"--eps"}));
}

TEST(NearNames, EndAMessage) {
  const std::vector<std::string> names{"conv2", "conv1\n"};
  EXPECT_EQ(phosphene::near_text("conv1", names), "; near: conv1?, conv2");
  EXPECT_EQ(phosphene::near_text("conv1", {}), "");
  EXPECT_EQ(phosphene::joined(std::vector<std::string>{"a", "", "b"}, "|"), "a||b");
}

class MakeFolder : public phosphene::test::InFolder {};

TEST_F(MakeFolder, SaysWhetherItDidAndWhatIsInTheWay) {
  EXPECT_TRUE(make_folder("--out", path("a/b")));
  EXPECT_FALSE(make_folder("--out", path("a/b")));
  write("file", phosphene::test::Bytes{1});
  EXPECT_THAT([&] { make_folder("--out", path("file")); },
              ThrowsMessage<phosphene::Error>("--out " + path("file") +
                                              ": cannot be made a folder: "
                                              "there is a file of this name"));
}

}  // namespace
}  // namespace apps
