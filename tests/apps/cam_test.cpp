#include <gtest/gtest.h>

#include <cmath>

#include "phosphene/image.hpp"
#include "phosphene/npy.hpp"
#include "tests/apps/explain_app.hpp"

namespace phosphene::test {
namespace {

class CamApp : public ExplainApp {
 protected:
  CamApp() : ExplainApp(CAM) {}
};

TEST_F(CamApp, WritesALowMapAndAPictureOfThePhotographsSize) {
  flags_["--class"] = {"7"};
  const nlohmann::json record = this->record();
  EXPECT_EQ(record["maps"][0]["class"], 7);
  EXPECT_EQ(load_image(path("out/a.png")).shape(), (Shape{1, 3, 32, 40}));
  const std::vector<float> map = array("out/a.npy", 8 * 8);
  EXPECT_GE(*std::ranges::min_element(map), 0);
  EXPECT_EQ(record["maps"][0]["nowhere_positive"], *std::ranges::max_element(map) == 0);
}

/// Grad-CAM's numbers are CAM's over the pixels, rectified.
TEST_F(CamApp, SeveralClassesGetAMapEach) {
  flags_["--class"] = {"2", "5"};
  flags_["--signed"] = {};
  record();
  flags_.erase("--signed");
  const auto two = array("out/a-2.npy", 64), five = array("out/a-5.npy", 64);
  EXPECT_NE(two, five);
  EXPECT_FALSE(read("out/a-5.png").empty());
  flags_["--method"] = {"cam"};
  flags_["--out"] = {path("cam")};
  record();
  const auto cam = array("cam/a-2.npy", 64);
  for (std::size_t p = 0; p < 64; ++p) {
    EXPECT_NEAR(two[p], cam[p] / 64, 1e-5 * (1 + std::abs(cam[p])));
  }
}

TEST_F(CamApp, TakesNoMoreAtOnceThanThereAre) {
  take_a_folder();
  flags_["--batch"] = {"64"};
  const Outcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("--batch 64: 3 are all"), std::string::npos) << outcome.err;
  const Bytes journal = read("out/journal-0-of-1.jsonl");
  const std::string text(journal.begin(), journal.end());
  EXPECT_NE(text.find("\"batch\":3"), std::string::npos) << text;
}

TEST_F(CamApp, TakesAListThatCanBeReadOnlyOnce) { expect_the_same_of_a_pipe(); }

TEST_F(CamApp, SaysWhereAMapIsNowherePositive) {
  // The maps are a ReLU's, so that a gradient below 0 weighs all of them down.
  Tensor gradient = Tensor::host({1, 64, 8, 8});
  std::fill_n(gradient.data(), gradient.count(), -1.0F);
  save_npy(path("g.npy"), gradient, {64, 8, 8});
  flags_["--gradient"] = {path("g.npy")};
  flags_["--gradient-at"] = {"layer3.2"};
  const Outcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("the given gradient is nowhere positive"), std::string::npos)
      << outcome.err;
  const auto record = nlohmann::json::parse(outcome.out);
  EXPECT_TRUE(record["maps"][0]["nowhere_positive"].get<bool>());
}

TEST_F(CamApp, AGradientInAFileTakesTheClasssPlace) {
  flags_["--class"] = {"4"};
  record();
  const Bytes expected = read("out/a.npy");
  Tensor one_hot = Tensor::host({1, 10, 1, 1});
  std::fill_n(one_hot.data(), 10, 0.0F);
  one_hot.data()[4] = 1;
  save_npy(path("g.npy"), one_hot, {10});
  flags_.erase("--class");
  flags_["--gradient"] = {path("g.npy")};
  flags_["--out"] = {path("given")};
  record();
  EXPECT_EQ(read("given/a.npy"), expected);
}

/// What a captioning network behind the feature maps would send back to them.
TEST_F(CamApp, AGradientAtALayerTakesTheRestOfTheNetworksPlace) {
  flags_["--signed"] = {};
  Tensor gradient = Tensor::host({1, 64, 8, 8});
  const auto map_of = [&](float scale) {
    for (std::int64_t i = 0; i < gradient.count(); ++i) {
      gradient.data()[i] = scale * static_cast<float>(i / 64 % 5 - 2);
    }
    save_npy(path("g.npy"), gradient, {64, 8, 8});
    flags_["--gradient"] = {path("g.npy")};
    flags_["--gradient-at"] = {"layer3.2"};
    const nlohmann::json record = this->record();
    EXPECT_EQ(record["layer"], "layer3.2");
    EXPECT_FALSE(record["maps"][0].contains("class"));
    return array("out/a.npy", 64);
  };
  const std::vector<float> one = map_of(1), three = map_of(3);
  EXPECT_GT(*std::ranges::max_element(one), *std::ranges::min_element(one));
  // The map is linear in the gradient; a sum of 64 products.
  for (std::size_t p = 0; p < 64; ++p) {
    EXPECT_NEAR(three[p], 3 * one[p], 1e-4 * (1 + std::abs(one[p])));
  }
  expect_refusal_of("--gradient-at", {"layer1.0.conv2"}, {"--gradient", "1x64x8x8"});
}

TEST_F(CamApp, ReplacesNoFileThatItReads) {
  expect_refusal_of("--json", {path("a.png")}, {"--json", "would overwrite", "--image"});
  Tensor gradient = Tensor::host({1, 10, 1, 1});
  std::fill_n(gradient.data(), 10, 1.0F);
  std::filesystem::create_directory(path("out"));
  save_npy(path("out/a.npy"), gradient, {10});
  const Bytes before = read("out/a.npy");
  expect_refusal_of("--gradient", {path("out/a.npy")}, {"--out", "a.npy", "--gradient"});
  EXPECT_EQ(read("out/a.npy"), before);
  take_a_folder();
  expect_refusal_of("--json", {path("photos/b.png")}, {"--json", "would overwrite", "--images"});
}

TEST_F(CamApp, ASweepIsTheContentOfItsGradientAndTheNumbersOfItsClasses) {
  take_a_folder();
  Tensor gradient = Tensor::host({1, 10, 1, 1});
  std::fill_n(gradient.data(), 10, 1.0F);
  save_npy(path("g.npy"), gradient, {10});
  flags_["--gradient"] = {path("g.npy")};
  ASSERT_EQ(run().code, 0);
  std::filesystem::rename(path("g.npy"), path("h.npy"));
  flags_["--gradient"] = {path("h.npy")};
  EXPECT_EQ(run().code, 0);
  gradient.data()[3] = 2;
  save_npy(path("h.npy"), gradient, {10});
  expect_refusal_of("--batch", {"auto"}, {"is of another sweep: --gradient had other content;"});

  flags_.erase("--gradient");
  flags_["--out"] = {path("classes")};
  flags_["--labels"] = {"a,b,c,d,e,f,g,h,i,j"};
  flags_["--class"] = {"c"};
  ASSERT_EQ(run().code, 0);
  expect_refusal_of("--labels", {"b,a,c,d,e,f,g,h,i,j"},
                    {"is of another sweep: --labels had other content;"});
  expect_refusal_of("--mean", {"0.1,0.2,0.3"}, {"is of another sweep: --mean was"});
  flags_["--class"] = {"2"};
  EXPECT_EQ(run().code, 0);
}

TEST_F(CamApp, GuidedGradCamAndFoldersAreTheSameTwice) {
  take_a_folder();
  flags_["--method"] = {"guided-grad-cam"};
  flags_["--class"] = {"1"};
  ASSERT_EQ(run().code, 0);
  const Bytes first = read("out/b.npy"), picture = read("out/b.png");
  EXPECT_EQ(load_image(path("out/b.png")).shape(), (Shape{1, 3, 64, 33}));
  std::filesystem::remove_all(path("out"));
  ASSERT_EQ(run().code, 0);
  EXPECT_EQ(read("out/b.npy"), first);
  EXPECT_EQ(read("out/b.png"), picture);
}

TEST_F(CamApp, RefusesInOneLine) {
  const auto refuses = [&](const std::string& flag, std::vector<std::string> values,
                           const std::vector<std::string>& texts) {
    SCOPED_TRACE(flag);
    const auto before = flags_;
    flags_[flag] = std::move(values);
    expect_refusal(kUsage, texts);
    flags_ = before;
  };
  refuses("--class", {"10"}, {"--class", "0 to 9"});
  refuses("--class", {"1", "1"}, {"--class", "twice"});
  refuses("--layer", {"fc"}, {"layer", "no spatial extent"});
  refuses("--layer", {"layer9"}, {"layer9", "near"});
  refuses("--method", {"score-cam"}, {"--method", "grad-cam, cam, guided-grad-cam"});
  refuses("--gradient-at", {"layer1"}, {"--gradient"});
  refuses("--colours", {"hot"}, {"--colours", "jet"});
  flags_["--method"] = {"cam"};
  refuses("--signed", {}, {"--signed"});
  refuses("--layer", {"layer1.0.conv2"}, {"--layer"});
  flags_["--model"] = {"convexadv_cifar_small"};
  expect_refusal(kFailed, {"CAM", "global average pooling", "Grad-CAM"});
  Tensor wrong = Tensor::host({1, 3, 2, 2});
  std::fill_n(wrong.data(), wrong.count(), 1.0F);
  save_npy(path("g.npy"), wrong, {3, 2, 2});
  flags_["--method"] = {"grad-cam"};
  flags_["--model"] = {"resnet20_cifar10"};
  flags_["--gradient"] = {path("g.npy")};
  expect_refusal(kUsage, {"--gradient", "1x3x2x2", "1x10x1x1"});
  save_npy(path("g.npy"), wrong, {6, 2});
  expect_refusal(kUsage, {"--gradient", "axes"});
}

}  // namespace
}  // namespace phosphene::test
