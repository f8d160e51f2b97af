// What style_transfer says to bad input: one line on stderr that a user can act on, an exit code,
// and nothing left behind.
#include <cmath>

#include "tests/apps/style_transfer_app.hpp"

namespace phosphene::test {
namespace {

constexpr int kFailed = 1, kUsage = 2;

class StyleTransferRefuses : public StyleTransferApp {
 protected:
  /// Expects that the command is refused with one line that holds every one of `parts`.
  void expect_refusal(int code, const std::vector<std::string>& parts,
                      const RunOptions& options = {}) {
    const Outcome outcome = run(options);
    EXPECT_EQ(outcome.code, code);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err.rfind("style_transfer: ", 0), 0U) << outcome.err;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
    for (const std::string& part : parts) {
      EXPECT_NE(outcome.err.find(part), std::string::npos)
          << '"' << part << "\" is not in: " << outcome.err;
    }
    EXPECT_EQ(written(), left_);
  }

  /// The weights, after `change`.
  template <class Change>
  void with_weights(Change change) {
    Arrays arrays = tiny_vgg19();
    change(arrays);
    write_weights(path("tiny.safetensors"), arrays);
  }

  std::vector<std::string> left_;  ///< what lies in out/ before the run, and after it
};

// --- images -------------------------------------------------------------------------------------

TEST_F(StyleTransferRefuses, MissingContent) {
  flags_["--content"] = {path("none.jpg")};
  expect_refusal(kFailed, {path("none.jpg"), "no such file"});
}

TEST_F(StyleTransferRefuses, MissingStyle) {
  flags_["--style"] = {path("style.png"), path("none.jpg")};
  expect_refusal(kFailed, {path("none.jpg"), "no such file"});
}

TEST_F(StyleTransferRefuses, MissingInitialImage) {
  flags_["--init"] = {"contents"};
  expect_refusal(kUsage, {"--init 'contents'", "no such file", "noise, content"});
}

TEST_F(StyleTransferRefuses, WhatIsNotAnImage) {
  flags_["--content"] = {path("tiny.safetensors")};
  expect_refusal(kFailed, {path("tiny.safetensors"), "not an image", "JPEG, PNG or BMP"});
}

TEST_F(StyleTransferRefuses, FolderForAnImage) {
  flags_["--style"] = {path("out")};
  expect_refusal(kFailed, {path("out"), "is a directory, not a file"});
}

TEST_F(StyleTransferRefuses, CorruptImage) {
  Bytes bytes = read("content.png");
  bytes[bytes.size() / 2] ^= 0xff;
  write("content.png", bytes);
  expect_refusal(kFailed, {path("content.png"), "corrupt PNG", "checksum"});
}

TEST_F(StyleTransferRefuses, TruncatedImage) {
  Bytes bytes = read("style.png");
  bytes.resize(bytes.size() / 2);
  write("style.png", bytes);
  expect_refusal(kFailed, {path("style.png"), "truncated PNG"});
}

TEST_F(StyleTransferRefuses, TruncatedJpeg) {
  write_picture(path("content.jpg"), 48, 40, 1);
  Bytes bytes = read("content.jpg");
  bytes.resize(bytes.size() * 3 / 4);
  flags_["--content"] = {write("content.jpg", bytes)};
  expect_refusal(kFailed, {path("content.jpg"), "truncated or corrupt"});
}

TEST_F(StyleTransferRefuses, ImageOverTheLimit) {
  flags_["--max-megapixels"] = {"0.001"};
  expect_refusal(kFailed, {path("content.png"), "40x32", "--max-megapixels"});
}

TEST_F(StyleTransferRefuses, ImageBelowTheSmallestSize) {
  flags_["--size"] = {"15"};
  expect_refusal(kFailed, {"a picture of 15x12 pixels", "pool4", "too small"});
}

// --- weights and layers -------------------------------------------------------------------------

TEST_F(StyleTransferRefuses, MissingWeights) {
  flags_["--weights"] = {path("none.safetensors")};
  expect_refusal(kFailed, {path("none.safetensors"), "no such file"});
}

TEST_F(StyleTransferRefuses, WeightsOfNoFetchedName) {
  flags_["--weights"] = {"no_such_network"};
  expect_refusal(kUsage, {"--weights 'no_such_network'", "fetch_weights.sh"});
}

TEST_F(StyleTransferRefuses, WeightsOfAnotherModel) {
  flags_["--model"] = {"vgg16"};
  expect_refusal(kFailed, {path("tiny.safetensors"), "another model than vgg16", "--model"});
}

TEST_F(StyleTransferRefuses, WeightsOfAnotherFamily) {
  write_weights(path("tiny.safetensors"), {{"layer1.0.conv1.weight", {{1, 1, 1, 1}, {1}}}});
  expect_refusal(kFailed, {path("tiny.safetensors"), "no vgg19 weights", "features.0.weight",
                           "layer1.0.conv1.weight"});
}

TEST_F(StyleTransferRefuses, MissingTensor) {
  with_weights([](Arrays& a) { a.erase("features.10.weight"); });
  expect_refusal(kFailed, {path("tiny.safetensors"), "features.10.weight"});
}

TEST_F(StyleTransferRefuses, MissingBias) {
  with_weights([](Arrays& a) { a.erase("features.10.bias"); });
  expect_refusal(kFailed, {path("tiny.safetensors"), "features.10.bias"});
}

TEST_F(StyleTransferRefuses, WrongShape) {
  with_weights([](Arrays& a) { a["features.12.weight"].shape = {4, 16, 3, 3}; });
  expect_refusal(kFailed,
                 {path("tiny.safetensors"), "features.12.weight", "[4, 16, 3, 3]", "[4, 8, 3, 3]"});
}

TEST_F(StyleTransferRefuses, NanInTheWeights) {
  with_weights([](Arrays& a) { a["features.5.weight"].values[3] = std::nanf(""); });
  expect_refusal(kFailed, {path("tiny.safetensors"), "features.5.weight", "NaN at index 3"});
}

TEST_F(StyleTransferRefuses, TruncatedWeights) {
  Bytes bytes = read("tiny.safetensors");
  bytes.resize(bytes.size() - 100);
  write("tiny.safetensors", bytes);
  expect_refusal(kFailed, {path("tiny.safetensors"), "cut off"});
}

TEST_F(StyleTransferRefuses, UnknownModel) {
  flags_["--model"] = {"vgg18"};
  expect_refusal(kUsage, {"--model 'vgg18'", "vgg16", "vgg19"});
}

TEST_F(StyleTransferRefuses, UnknownLayer) {
  flags_["--style-layers"] = {"relu1_1,relu3_9"};
  expect_refusal(kUsage, {"--style-layers", "'relu3_9'", "near:", "relu3_1"});
}

TEST_F(StyleTransferRefuses, DefaultLayerThatTheNetworkLacks) {
  with_weights([](Arrays& a) {
    std::erase_if(a, [](const auto& entry) {
      return entry.first.starts_with("features.2") && entry.first[10] != '.';
    });
  });
  expect_refusal(kUsage, {"--content-layers", "'relu4_2'", "near:", "relu4_1"});
}

TEST_F(StyleTransferRefuses, BadLayerWeight) {
  flags_["--style-layers"] = {"relu1_1:much"};
  expect_refusal(kUsage, {"--style-layers", "'much'", "expected a number"});
  flags_["--style-layers"] = {"relu1_1:-1"};
  expect_refusal(kUsage, {"--style-layers", "'relu1_1'", ">= 0"});
}

TEST_F(StyleTransferRefuses, LayerNamedTwice) {
  flags_["--style-layers"] = {"relu1_1,relu2_1,relu1_1:2"};
  expect_refusal(kUsage, {"--style-layers", "'relu1_1'", "twice"});
}

// --- numbers ------------------------------------------------------------------------------------

TEST_F(StyleTransferRefuses, ZeroIterations) {
  flags_["--iterations"] = {"0"};
  expect_refusal(kUsage, {"--iterations 0", "at least 1"});
}

TEST_F(StyleTransferRefuses, NegativeWeight) {
  for (const char* flag : {"--content-weight", "--style-weight", "--tv-weight", "--lr"}) {
    flags_[flag] = {"-1"};
    expect_refusal(kUsage, {flag, "-1", ">= 0"});
    flags_.erase(flag);
  }
}

TEST_F(StyleTransferRefuses, NegativeSaveEvery) {
  flags_["--save-every"] = {"-1"};
  expect_refusal(kUsage, {"--save-every -1", "at least 0"});
}

TEST_F(StyleTransferRefuses, BlendOfTheWrongLength) {
  flags_["--style-blend"] = {"0.5,0.5"};
  expect_refusal(kUsage, {"--style-blend", "2 numbers for 1 styles"});
}

TEST_F(StyleTransferRefuses, BadSize) {
  for (const char* size : {"0", "-32", "large", "32.5", "9223372036854775807"}) {
    flags_["--size"] = {size};
    expect_refusal(kUsage, {"--size", size, "expected", "'full'"});
  }
}

TEST_F(StyleTransferRefuses, BadChoice) {
  flags_["--optimizer"] = {"sgd"};
  expect_refusal(kUsage, {"--optimizer 'sgd'", "lbfgs, adam, gd"});
  flags_.erase("--optimizer");
  flags_["--pooling"] = {"mean"};
  expect_refusal(kUsage, {"--pooling 'mean'", "max, avg"});
  flags_.erase("--pooling");
  flags_["--normalisation"] = {"none"};
  expect_refusal(kUsage, {"--normalisation 'none'", "johnson, gatys, chapter"});
}

TEST_F(StyleTransferRefuses, ShrinkingScales) {
  flags_["--multiscale"] = {"32,24"};
  expect_refusal(kUsage, {"--multiscale", "24 after 32", "growing"});
}

TEST_F(StyleTransferRefuses, WhatIsNoSeed) {
  for (const char* seed : {"-1", "18446744073709551616", "1.5", "x"}) {
    flags_["--seed"] = {seed};
    expect_refusal(kUsage, {"--seed", seed, "whole number"});
  }
}

TEST_F(StyleTransferRefuses, WhatIsNoLimit) {
  for (const char* limit : {"nan", "-1", "0"}) {
    flags_["--max-megapixels"] = {limit};
    expect_refusal(kUsage, {"--max-megapixels", "> 0"});
  }
}

TEST_F(StyleTransferRefuses, WhatIsNoNumber) {
  flags_["--iterations"] = {"many"};
  expect_refusal(kUsage, {"--iterations", "many", "--help"});
}

TEST_F(StyleTransferRefuses, BadIterationsToProfile) {
  for (const char* range : {"5", "a:b", "7:3"}) {
    flags_["--profile-iterations"] = {range};
    expect_refusal(kUsage, {"--profile-iterations '", "A:B"});
  }
}

TEST_F(StyleTransferRefuses, UnknownAndMissingFlags) {
  flags_["--contents"] = {"x"};
  expect_refusal(kUsage, {"--contents", "--help"});
  flags_.erase("--contents");
  flags_.erase("--style");
  expect_refusal(kUsage, {"--style is required", "--help"});
}

TEST_F(StyleTransferRefuses, StepThatMakesTheLossInfinite) {
  flags_["--optimizer"] = {"gd"};
  flags_["--lr"] = {"1e30"};
  const Outcome outcome = run();
  EXPECT_EQ(outcome.code, kFailed);
  const std::string last = outcome.err.substr(outcome.err.rfind('\n', outcome.err.size() - 2) + 1);
  EXPECT_EQ(last.rfind("style_transfer: ", 0), 0U) << outcome.err;
  EXPECT_NE(last.find("--lr"), std::string::npos) << outcome.err;
  EXPECT_TRUE(written().empty());
}

// --- devices ------------------------------------------------------------------------------------

TEST_F(StyleTransferRefuses, CudaWithoutAGpu) {
  flags_["--device"] = {"cuda"};
  expect_refusal(kUsage, {"--device cuda", "--device cpu"},
                 {.environment = {{"CUDA_VISIBLE_DEVICES", ""}}});
}

TEST_F(StyleTransferRefuses, UnknownDevice) {
  flags_["--device"] = {"gpu"};
  expect_refusal(kUsage, {"--device 'gpu'", "cpu, cuda, cuda:N or auto"});
}

TEST_F(StyleTransferRefuses, Bf16OnTheCpu) {
  flags_["--precision"] = {"bf16"};
  expect_refusal(kUsage, {"--precision bf16", "fp32"});
  flags_["--precision"] = {"fp16"};
  expect_refusal(kUsage, {"--precision 'fp16'", "fp32, tf32 or bf16"});
}

TEST_F(StyleTransferRefuses, WhatDoesNotFit) {
  flags_["--size"] = {"60000"};
  expect_refusal(kFailed,
                 {"out of memory", "GiB are free", "--size ", "--optimizer adam", "--history"});
}

// --- output -------------------------------------------------------------------------------------

TEST_F(StyleTransferRefuses, OutputInAMissingFolder) {
  flags_["--out"] = {out("none/o.png")};
  expect_refusal(kFailed, {out("none/o.png"), "folder", "does not exist"});
}

TEST_F(StyleTransferRefuses, OutputThatIsAFolder) {
  std::filesystem::create_directory(out("o.png"));
  left_ = {"o.png"};
  expect_refusal(kFailed, {out("o.png"), "is a directory"});
}

TEST_F(StyleTransferRefuses, OutputOfAnUnknownExtension) {
  flags_["--out"] = {out("o.gif")};
  expect_refusal(kUsage, {out("o.gif"), ".png, .jpg or .jpeg"});
}

TEST_F(StyleTransferRefuses, ReportThatCannotBeWritten) {
  flags_["--json"] = {out("none/o.json")};
  expect_refusal(kFailed, {out("none/o.json"), "folder"});
  flags_["--json"] = {path("out")};
  expect_refusal(kFailed, {path("out"), "is a directory"});
  flags_["--json"] = {"/dev/null"};
  expect_refusal(kFailed, {"/dev/null", "not a regular file"});
}

TEST_F(StyleTransferRefuses, OutputOverAnInputOrTheOtherOutput) {
  flags_["--json"] = {path("./out/o.png")};
  expect_refusal(kUsage, {"--json", "would overwrite the file of --out"});
  flags_["--json"] = {path("tiny.safetensors")};
  expect_refusal(kUsage, {"--json", "would overwrite the file of --weights"});
  flags_["--json"] = {path("style.png")};
  expect_refusal(kUsage, {"--json", "would overwrite the file of --style"});
  flags_.erase("--json");
  flags_["--out"] = {path("content.png")};
  expect_refusal(kUsage, {"--out", "would overwrite the file of --content"});
}

/// The line comes after those of the progress: that the disk is full shows at the end.
TEST_F(StyleTransferRefuses, FullDisk) {
  const Outcome outcome = run({.largest_file = 500});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_EQ(outcome.out, "");
  const std::string last = outcome.err.substr(outcome.err.rfind('\n', outcome.err.size() - 2) + 1);
  EXPECT_EQ(last, "style_transfer: " + out("o.png") + ": cannot be written: File too large\n");
  EXPECT_TRUE(written().empty());
}

/// The picture, which took the time, stays.
TEST_F(StyleTransferRefuses, FullDiskForTheReport) {
  flags_["--out"] = {out("o.jpg")};
  flags_["--json"] = {out("o.json")};
  flags_["--size"] = {"20"};
  flags_["--iterations"] = {"100"};
  ASSERT_EQ(run().code, 0);
  const auto picture = std::filesystem::file_size(out("o.jpg"));
  ASSERT_LT(picture, std::filesystem::file_size(out("o.json")));
  std::filesystem::remove(out("o.jpg"));
  std::filesystem::remove(out("o.json"));
  const Outcome outcome = run({.largest_file = picture});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_NE(outcome.err.find("style_transfer: " + out("o.json") + ": "), std::string::npos)
      << outcome.err;
  EXPECT_EQ(written(), std::vector<std::string>{"o.jpg"});
}

}  // namespace
}  // namespace phosphene::test
