// The program attack, run as a user runs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "phosphene/datasets/shapes.hpp"
#include "phosphene/image.hpp"
#include "phosphene/npy.hpp"
#include "tests/apps/attack_app.hpp"

namespace phosphene::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kPixels = 3 * kShapesSize * kShapesSize;

TEST_F(AttackApp, WritesRatesImagesAndPictures) {
  const Outcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json s = json();
  EXPECT_EQ(s["clean_accuracy"], 1.0);
  const double robust = s["robust_accuracy"].get<double>();
  EXPECT_EQ(s["attack_success_rate"], 1 - robust);
  EXPECT_LT(robust, 0.7);  // the bundled network is not defended
  EXPECT_LE(s["robust_accuracy_interval"][0].get<double>(), robust);
  EXPECT_GE(s["robust_accuracy_interval"][1].get<double>(), robust);
  EXPECT_EQ(s["curve"].size(), 2U);
  EXPECT_EQ(s["provenance"]["device"], "cpu");
  EXPECT_THAT(outcome.out, HasSubstr("| 8/255 | 100.0 ["));
  EXPECT_THAT(outcome.err, Not(HasSubstr("warning")));
  EXPECT_TRUE(s["warnings"].empty());
  EXPECT_EQ(text("s.json").find("second"), std::string::npos);

  const HostArray saved = load_npy(path("out/adversarial.npy"));
  EXPECT_EQ(saved.shape, (std::vector<std::int64_t>{8, 3, kShapesSize, kShapesSize}));
  for (std::int64_t i = 0; i < 8; ++i) {
    const ShapesSample clean = shapes(2, static_cast<std::uint64_t>(i));
    for (std::int64_t k = 0; k < kPixels; ++k) {
      const float value = saved.values[static_cast<std::size_t>(i * kPixels + k)];
      ASSERT_TRUE(value >= 0 && value <= 1);
      ASSERT_NEAR(value, clean.image.data()[k], 8.0 / 255 + 1e-6);
    }
  }
  EXPECT_EQ(load_image(path("out/shapes-00000.png")).shape(), (Shape{1, 3, 64, 64}));
  EXPECT_EQ(load_image(path("out/curve.png")).shape().w, 1200);
  EXPECT_GT(load_image(path("out/grid.png")).shape().h, 4 * 192);
}

TEST_F(AttackApp, SameBytesTwiceInAnyBatchAndShard) {
  flags_["--epsilons"] = "0,2/255,8/255";
  flags_.erase("--eps");
  flags_["--restarts"] = "2";
  ASSERT_EQ(run("one").code, 0);
  const nlohmann::json one = json();
  flags_["--shard"] = "0/2";
  ASSERT_EQ(run("two").code, 0);
  flags_["--shard"] = "1/2";
  const Outcome second = run("two");
  ASSERT_EQ(second.code, 0) << second.err;
  const auto merged = [&](const std::string& folder) {
    const Outcome merge = run_app(MERGE, {path(folder), "--out", path(folder + ".jsonl")});
    EXPECT_EQ(merge.code, 0) << merge.err;
    return text(folder + ".jsonl");
  };
  EXPECT_EQ(merged("one"), merged("two"));
  // The total of both shards, by robustness, is what one process found.
  const Outcome joined = run_app(ROBUSTNESS, {"a=" + path("two"), "b=" + path("one.jsonl"), "--out",
                                              path("both.png"), "--json", path("both.json")});
  ASSERT_EQ(joined.code, 0) << joined.err;
  const nlohmann::json both = json("both.json");
  EXPECT_EQ(both["runs"][0]["curve"], one["curve"]);
  EXPECT_EQ(both["runs"][0]["epsilons"], one["epsilons"]);
  EXPECT_EQ(both["runs"][1]["epsilons"], one["epsilons"]);
  EXPECT_TRUE(std::filesystem::exists(path("both.png")));
}

TEST_F(AttackApp, OfTheNearestImageItReportsDistances) {
  flags_["--data"] = "shapes:2:4";
  flags_["--method"] = "deepfool";
  flags_["--batch"] = "65536";  // more than there are
  for (const char* flag : {"--eps", "--steps"}) flags_.erase(flag);
  const Outcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("--batch 65536: 4 are all"));
  nlohmann::json s = json();
  EXPECT_EQ(s["batch"], 4);
  EXPECT_EQ(s["options"], (nlohmann::json{{"steps", 50}, {"overshoot", 0.02}, {"candidates", 10}}));
  EXPECT_FALSE(s.contains("robust_accuracy"));
  const double median = s["distance"]["median"].get<double>();
  EXPECT_EQ(s["l2"]["median"], median);
  EXPECT_GT(median, 0);
  EXPECT_THAT(outcome.out, Not(HasSubstr("robust %")));

  flags_["--eps"] = std::to_string(median);  // between two of the four
  const Outcome within = run();              // the same sweep: nothing is attacked again
  ASSERT_EQ(within.code, 0) << within.err;
  EXPECT_THAT(within.err, HasSubstr("4 done before"));
  EXPECT_THAT(within.out, HasSubstr("robust %"));
  s = json();
  EXPECT_EQ(s["robust_accuracy"], 0.5);
  EXPECT_EQ(s["distance"]["median"], median);
}

TEST_F(AttackApp, ImagesOfTheTargetAreSkippedAndTheFirstAreSaved) {
  flags_["--data"] = "shapes:2:4";
  flags_["--targeted"] = "disc";
  flags_["--pictures"] = "2";
  const Outcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::int64_t discs = 0;
  for (std::uint64_t i = 0; i < 4; ++i) discs += shapes(2, i).label == 0 ? 1 : 0;
  ASSERT_GT(discs, 0);
  const nlohmann::json s = json();
  EXPECT_EQ(s["skipped"], discs);
  EXPECT_EQ(s["images"], 4 - discs);
  EXPECT_EQ(s["attacked"], 4 - discs);
  EXPECT_THAT(outcome.err, HasSubstr(std::to_string(discs) + " of 4 images, which are skipped"));
  EXPECT_TRUE(std::filesystem::exists(path("out/shapes-00001.png")));
  EXPECT_FALSE(std::filesystem::exists(path("out/shapes-00002.png")));
  EXPECT_EQ(s["options"]["steps"], 3);
  EXPECT_EQ(s["options"]["alpha"].get<double>(), 2.0 / 255);
  EXPECT_EQ(s["options"]["loss"], "ce");
  EXPECT_EQ(s["weights_fingerprint"].get<std::string>().size(), 16U);
  const Outcome read = run_app(ROBUSTNESS, {path("out"), "--json", path("r.json")});
  ASSERT_EQ(read.code, 0) << read.err;
  const nlohmann::json again = json("r.json")["runs"][0];
  EXPECT_EQ(again["epsilons"], s["epsilons"]);
  for (const char* field : {"model", "weights_fingerprint", "data_fingerprint", "targeted"}) {
    EXPECT_EQ(again[field], s[field]) << field;
  }
}

TEST_F(AttackApp, OneTargetedPhotographUnderAMask) {
  save_image(path("disc.png"), shapes(2, 3).image);
  Tensor mask = Tensor::host({1, 1, 64, 64});
  for (std::int64_t i = 0; i < mask.count(); ++i) mask.data()[i] = i % 64 < 32 ? 1.0F : 0.0F;
  save_image(path("mask.png"), mask);
  flags_.erase("--data");
  flags_["--image"] = path("disc.png");
  flags_["--label"] = "disc";
  flags_["--targeted"] = "next";
  flags_["--mask"] = path("mask.png");
  const Outcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(json()["images"], 1);
  EXPECT_EQ(json()["mask"]["file"], path("mask.png"));
  EXPECT_EQ(json()["mask"]["free"], 0.5);
  EXPECT_THAT(outcome.out, HasSubstr("mask " + path("mask.png") + " (file "));
  EXPECT_THAT(outcome.out, HasSubstr("50 % of the pixels free"));
  EXPECT_THAT(run_app(ROBUSTNESS, {path("out")}).out, HasSubstr("50 % of the pixels free"));
  EXPECT_THAT(text("out/journal-0-of-1.jsonl"), HasSubstr("\"target\":1"));
  const HostArray saved = load_npy(path("out/adversarial.npy"));
  const Tensor clean = load_image(path("disc.png"));
  for (std::int64_t k = 0; k < kPixels; ++k) {
    if (k % 64 < 32) continue;
    ASSERT_EQ(saved.values[static_cast<std::size_t>(k)], clean.data()[k]) << k;
  }
}

TEST_F(AttackApp, SaysWhatAWronglyNamedPhotographIsCalled) {
  save_image(path("disc.png"), shapes(2, 3).image);
  flags_.erase("--data");
  flags_["--image"] = path("disc.png");
  flags_["--label"] = "1";
  const std::string name = "warning: of disc the network says 0 disc, not 1 ";
  EXPECT_THAT(run().err,
              testing::AllOf(HasSubstr(name), HasSubstr(": the image was not attacked")));
}

TEST_F(AttackApp, ABallOfL2HasARadiusOfItsOwn) {
  flags_["--data"] = "shapes:2:2";
  flags_["--norm"] = "l2";
  flags_.erase("--eps");
  const Outcome usual = run();
  ASSERT_EQ(usual.code, 0);
  EXPECT_EQ(json()["epsilon"], 1.0);
  EXPECT_EQ(usual.err.find("length"), std::string::npos) << usual.err;
  flags_["--eps"] = "8/255";
  const std::string err = run("small").err, warning = "--eps 8/255: in L2 it is the length";
  EXPECT_NE(err.find(warning), std::string::npos) << err;
  EXPECT_NE(err.find("--norm linf"), std::string::npos) << err;
  EXPECT_EQ(err.find(warning), err.rfind(warning)) << err;
  EXPECT_THAT(json()["warnings"][0].get<std::string>(), testing::StartsWith(warning));
}

TEST_F(AttackApp, ObfuscatedNetworksRaiseWarnings) {
  flags_["--data"] = "shapes:2:4";
  flags_["--defence"] = "bits:2";
  const Outcome quantised = run("bits");
  EXPECT_THAT(quantised.err, HasSubstr("bits:2 is not differentiable"));
  EXPECT_FALSE(json()["warnings"].empty());
  flags_["--defence"] = "resize-pad:0.7";
  EXPECT_THAT(run("random").err, HasSubstr("the victim is random"));
  EXPECT_EQ(json()["iterations"]["mean"], 3.0);  // one lucky draw ends nothing
}

TEST_F(AttackApp, NaiveImagesAreNotLeftAtTheBoundaryOfTheBareNetwork) {
  flags_["--data"] = "shapes:2:2";
  flags_["--defence"] = "median:3";
  flags_["--naive"] = "on";
  const Outcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("robust % (naive)"));
  ASSERT_EQ(json()["warnings"].size(), 1U) << outcome.err;
  EXPECT_THAT(json()["warnings"][0].get<std::string>(), HasSubstr("the attack is naive"));
  EXPECT_EQ(json()["iterations"]["mean"], 3.0);
}

}  // namespace
}  // namespace phosphene::test
