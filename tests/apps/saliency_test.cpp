#include <gtest/gtest.h>

#include "phosphene/image.hpp"
#include "phosphene/methods/segment.hpp"
#include "tests/apps/explain_app.hpp"

namespace phosphene::test {
namespace {

class SaliencyApp : public ExplainApp {
 protected:
  SaliencyApp() : ExplainApp(SALIENCY) {}
};

TEST_F(SaliencyApp, WritesAMapAndAPictureOfThePhotographsSize) {
  flags_["--class"] = {"7"};
  const nlohmann::json record = this->record();
  EXPECT_EQ(record["class"], 7);
  EXPECT_TRUE(record["score"].is_number());
  const Tensor picture = load_image(path("out/a.png"));
  EXPECT_EQ(picture.shape(), (Shape{1, 3, 32, 40}));
  const std::vector<float> map = array("out/a.npy", 32 * 32);
  EXPECT_GT(*std::ranges::max_element(map), 0);
  EXPECT_GE(*std::ranges::min_element(map), 0);
}

TEST_F(SaliencyApp, EveryMethodAndTheSignedChannels) {
  for (const char* method : {"gradient", "gradient-x-input", "smoothgrad", "integrated-gradients",
                             "guided-backprop", "deconvnet"}) {
    SCOPED_TRACE(method);
    std::filesystem::remove_all(path("out"));
    flags_["--method"] = {method};
    flags_["--reduction"] = {"channels"};
    if (std::string(method) == "smoothgrad") flags_["--samples"] = {"3"};
    record();
    flags_.erase("--samples");
    const std::vector<float> map = array("out/a.npy", 3 * 32 * 32);
    EXPECT_LT(*std::ranges::min_element(map), 0);
    EXPECT_GT(*std::ranges::max_element(map), 0);
  }
}

/// layer1 of this network has 16 maps of 32 x 32; its second convolution sees 5 x 5 pixels of the
/// first, which sees 3 x 3: with the stem's 3 x 3, 7 x 7 pixels.
TEST_F(SaliencyApp, ShowsTheReceptiveFieldOfANeuron) {
  flags_["--method"] = {"guided-backprop"};
  flags_["--layer"] = {"layer1.0.conv2"};
  flags_["--channel"] = {"5"};
  flags_["--at"] = {"10,12"};
  const nlohmann::json record = this->record();
  EXPECT_EQ(record["receptive_field"], nlohmann::json({7, 9, 7, 7}));
  EXPECT_EQ(record["at"], nlohmann::json({10, 12}));
  const std::vector<float> map = array("out/a.npy", 32 * 32);
  for (std::size_t p = 0; p < map.size(); ++p) {
    const bool inside = p / 32 >= 7 && p / 32 < 14 && p % 32 >= 9 && p % 32 < 16;
    EXPECT_TRUE(inside || map[p] == 0) << p;
  }
  flags_["--crop"] = {};
  this->record();
  EXPECT_EQ(load_image(path("out/a.png")).shape(), (Shape{1, 3, 7, 7}));
}

TEST_F(SaliencyApp, AFolderIsAsItsPhotographsAloneAndTheSameTwice) {
  take_a_folder();
  flags_["--method"] = {"smoothgrad"};
  flags_["--samples"] = {"2"};
  flags_["--batch"] = {"2"};
  ASSERT_EQ(run().code, 0);
  const Bytes first = read("out/a.npy"), second = read("out/b.npy"), picture = read("out/c.png");
  std::filesystem::remove_all(path("out"));
  ASSERT_EQ(run().code, 0);
  EXPECT_EQ(read("out/a.npy"), first);
  EXPECT_EQ(read("out/b.npy"), second);
  EXPECT_EQ(read("out/c.png"), picture);
  EXPECT_NE(first, second);
  flags_["--batch"] = {"99"};
  flags_["--out"] = {path("all")};
  const Outcome all = run();
  ASSERT_EQ(all.code, 0) << all.err;
  EXPECT_NE(all.err.find("--batch 99: 6 are all"), std::string::npos) << all.err;
}

TEST_F(SaliencyApp, TakesAListThatCanBeReadOnlyOnce) { expect_the_same_of_a_pipe(); }

TEST_F(SaliencyApp, ReplacesNoFileThatItReadsAndKnowsWhatItRead) {
  std::filesystem::create_directory(path("out"));
  write_picture(path("out/a.png"), 32, 32, 4);
  flags_["--method"] = {"integrated-gradients"};
  flags_["--samples"] = {"2"};
  expect_refusal_of("--baseline", {path("out/a.png")}, {"--out", "a.png", "--baseline"});
  flags_["--baseline"] = {path("black.png")};
  write_picture(path("black.png"), 32, 32, 5);
  expect_refusal_of("--json", {path("black.png")}, {"--json", "would overwrite", "--baseline"});
  take_a_folder();
  ASSERT_EQ(run().code, 0);
  write_picture(path("black.png"), 32, 32, 6);
  expect_refusal_of("--batch", {"auto"}, {"is of another sweep: --baseline had other content;"});
}

TEST_F(SaliencyApp, Segments) {
  flags_["--segment"] = {};
  if (!has_segment()) {
    expect_refusal(kUsage, {"--segment", "libopencv-imgproc-dev"});
    return;
  }
  record();
  const Tensor mask = load_image(path("out/a-mask.png"));
  ASSERT_EQ(mask.shape(), (Shape{1, 3, 32, 40}));
  for (std::int64_t i = 0; i < mask.count(); ++i) {
    EXPECT_TRUE(mask.data()[i] == 0 || mask.data()[i] == 1);
  }
  const Bytes first = read("out/a-mask.png");
  record();
  EXPECT_EQ(read("out/a-mask.png"), first);
}

TEST_F(SaliencyApp, RefusesInOneLine) {
  const auto refuses = [&](const std::string& flag, std::vector<std::string> values,
                           std::vector<std::string> texts) {
    SCOPED_TRACE(flag);
    const auto before = flags_;
    flags_[flag] = std::move(values);
    texts.push_back(flag);
    expect_refusal(kUsage, texts);
    flags_ = before;
  };
  refuses("--class", {"10"}, {"0 to 9"});
  refuses("--method", {"lrp"}, {"guided-backprop"});
  refuses("--channel", {"3"}, {"--layer"});
  refuses("--at", {"3,4"}, {"--layer"});
  refuses("--crop", {}, {"--layer"});
  refuses("--samples", {"3"}, {"smoothgrad or integrated-gradients"});
  refuses("--sigma", {"0.1"}, {"smoothgrad"});
  flags_["--method"] = {"smoothgrad"};
  refuses("--samples", {"-2"}, {"expected"});
  refuses("--sigma", {"-1"}, {"expected"});
  flags_.erase("--method");
  refuses("--reduction", {"sum"}, {"max-abs, channels"});
  refuses("--colours", {"hot"}, {"viridis"});
  refuses("--opacity", {"2"}, {"0 to 1"});
  refuses("--clip", {"1"}, {"below 1"});
  refuses("--batch", {"0"}, {"or auto"});
  refuses("--baseline", {path("a.png")}, {"integrated-gradients"});
  flags_["--layer"] = {"layer1.0.conv2"};
  refuses("--class", {"1"}, {"--layer"});
  flags_["--at"] = {"32,0"};
  expect_refusal(kUsage, {"'layer1.0.conv2'", "rows 0 to 31"});
  flags_["--at"] = {"3"};
  expect_refusal(kUsage, {"--at", "Y,X"});
  flags_.erase("--at");
  flags_["--channel"] = {"16"};
  expect_refusal(kUsage, {"channel 16", "0 to 15"});
  flags_["--channel"] = {"0"};
  flags_["--layer"] = {"layer9"};
  expect_refusal(kUsage, {"layer9", "near"});
}

}  // namespace
}  // namespace phosphene::test
