// What occlusion says to bad input: one line on stderr that a user can act on, an exit code, and
// nothing left behind.
#include "tests/apps/occlusion_app.hpp"

namespace phosphene::test {
namespace {

constexpr int kFailed = 1, kUsage = 2;

class OcclusionRefuses : public OcclusionApp {
 protected:
  void expect_refusal(int code, const std::vector<std::string>& parts) {
    const Outcome outcome = run();
    EXPECT_EQ(outcome.code, code);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err.rfind("occlusion: ", 0), 0U) << outcome.err;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
    for (const std::string& part : parts) {
      EXPECT_NE(outcome.err.find(part), std::string::npos)
          << '"' << part << "\" is not in: " << outcome.err;
    }
    EXPECT_TRUE(written().empty());
  }
  void expect_refusal_of(const std::string& flag, const std::string& value, int code,
                         const std::vector<std::string>& parts) {
    const auto before = flags_;
    flags_[flag] = value;
    expect_refusal(code, parts);
    flags_ = before;
  }
};

TEST_F(OcclusionRefuses, PatchesAndStrides) {
  expect_refusal_of("--patch", "33", kUsage, {"--patch 33x33", "larger than the 32x32 pixels"});
  expect_refusal_of("--patch", "9x40", kUsage, {"--patch 9x40", "larger"});
  expect_refusal_of("--stride", "10", kUsage, {"--stride 10x10", "larger than the patch of 9x9"});
  expect_refusal_of("--stride", "9x10", kUsage, {"--stride 9x10"});
  expect_refusal_of("--patch", "0", kUsage, {"--patch '0'", "N, or HxW"});
  expect_refusal_of("--patch", "9x", kUsage, {"--patch '9x'"});
  expect_refusal_of("--patch", "9by9", kUsage, {"--patch '9by9'"});
  expect_refusal_of("--stride", "-1", kUsage, {"--stride '-1'"});
}

TEST_F(OcclusionRefuses, Classes) {
  expect_refusal_of("--class", "10", kUsage, {"--class: class 10", "0 to 9"});
  expect_refusal_of("--class", "-1", kUsage, {"--class: class -1", "0 to 9"});
  expect_refusal_of("--class", "cat", kUsage, {"--class", "'cat'", "a class from 0 to 9"});
  flags_["--labels"] = "a,b,c,d,tiger cat,f,g,h,i,j";
  expect_refusal_of("--class", "tiger", kUsage, {"--class", "'tiger'", "near: tiger_cat"});
  expect_refusal_of("--labels", "cat,dog", kUsage, {"--labels cat,dog: 2 names", "10 classes"});
}

TEST_F(OcclusionRefuses, Baselines) {
  expect_refusal_of("--baseline", "gray.png", kUsage, {"--baseline 'gray.png'", "no such file"});
  expect_refusal_of("--baseline", "blur:0", kUsage, {"--baseline", "blur:SIGMA"});
  expect_refusal_of("--baseline", "blur:x", kUsage, {"--baseline", "blur:SIGMA"});
  expect_refusal_of("--baseline", "0.5", kUsage, {"--baseline '0.5'", "R,G,B"});
  expect_refusal_of("--baseline", "0.5,0.5", kUsage, {"--baseline '0.5,0.5'", "R,G,B"});
  expect_refusal_of("--baseline", "0.5,0.5,2", kUsage, {"--baseline '2'", "from 0 to 1"});
  expect_refusal_of("--baseline", "0,0,0,0", kUsage, {"--baseline"});
}

TEST_F(OcclusionRefuses, OtherValues) {
  expect_refusal_of("--score", "probability", kUsage, {"--score 'probability'", "softmax, logit"});
  expect_refusal_of("--aggregate", "max", kUsage, {"--aggregate 'max'", "mean, sum, centre"});
  expect_refusal_of("--engine", "fast", kUsage, {"--engine 'fast'", "dense, incremental"});
  expect_refusal_of("--batch", "0", kUsage, {"--batch '0'"});
  expect_refusal_of("--smooth", "-1", kUsage, {"--smooth"});
  expect_refusal_of("--opacity", "2", kUsage, {"--opacity"});
  expect_refusal_of("--colours", "pink", kUsage, {"pink", "viridis"});
}

TEST_F(OcclusionRefuses, WhatWouldNotBeUsed) {
  flags_["--engine"] = "incremental";
  expect_refusal_of("--batch", "4", kUsage, {"--batch 4", "dense"});
}

TEST_F(OcclusionRefuses, ToReplaceWhatItReads) {
  expect_refusal_of("--json", path("photo.png"), kUsage, {"--json", "would overwrite", "--image"});
  write_picture(path("grey.png"), 32, 32, 2);
  flags_["--baseline"] = path("grey.png");
  expect_refusal_of("--json", path("grey.png"), kUsage, {"--json", "--baseline"});
  std::filesystem::rename(path("grey.png"), path("photo-grid.npy"));  // a name that it writes
  flags_["--baseline"] = path("photo-grid.npy");
  flags_["--out"] = path("");
  expect_refusal_of("--patch", "9", kUsage,
                    {"photo-grid.npy would replace the file of --baseline"});
}

TEST_F(OcclusionRefuses, Networks) {
  flags_["--patch"] = flags_["--stride"] = "3";
  expect_refusal_of("--input-size", "6", kFailed, {"too small"});
  expect_refusal_of("--input-size", "64", kFailed, {"'fc' are 5x5 maps", "one score a class"});
  flags_["--model"] = "vgg19";
  flags_["--weights"] = path("features.safetensors");
  write_weights(path("features.safetensors"), tiny_vgg19());
  expect_refusal(kUsage, {"no class scores"});
}

TEST_F(OcclusionRefuses, Photographs) {
  expect_refusal_of("--images", path("."), kUsage, {"either --image F or --images"});
  flags_.erase("--image");
  expect_refusal(kUsage, {"either --image F or --images"});
  std::filesystem::create_directory(path("empty"));
  expect_refusal_of("--images", path("empty"), kUsage, {path("empty"), "no photographs"});
  flags_["--image"] = path("none.jpg");
  expect_refusal(kFailed, {path("none.jpg"), "no such file"});
}

}  // namespace
}  // namespace phosphene::test
