// The program attack, stopped and run again in the same folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "phosphene/datasets/shapes.hpp"
#include "phosphene/image.hpp"
#include "phosphene/npy.hpp"
#include "tests/apps/attack_app.hpp"

namespace phosphene::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kPixels = 3 * kShapesSize * kShapesSize;

TEST_F(AttackApp, GoesOnWhereItWasStopped) {
  flags_["--batch"] = "2";
  ASSERT_EQ(run("whole").code, 0);
  nlohmann::json whole = json();
  const Outcome stopped = run("part", {.signal_at = "2/8", .signal = SIGTERM});
  EXPECT_EQ(stopped.code, 75) << stopped.err;
  EXPECT_FALSE(std::filesystem::exists(path("part/curve.png")));
  const Outcome resumed = run("part");
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  nlohmann::json part = json();
  for (nlohmann::json* each : {&whole, &part}) each->erase("provenance");
  EXPECT_EQ(part, whole);
  for (const char* name : {"adversarial.npy", "curve.png", "grid.png", "shapes-00003.png"}) {
    EXPECT_EQ(read(std::string("part/") + name), read(std::string("whole/") + name)) << name;
  }
}

/// Of two images the second is skipped at once, while the first is in work.
class StoppedAttack : public AttackApp,
                      public testing::WithParamInterface<std::map<std::string, std::string>> {};

// It is left to the next run: an image may take 90000 passes.
TEST_P(StoppedAttack, StopsInTheMiddleOfAnImage) {
  flags_["--data"] = "shapes:2:2";
  flags_["--targeted"] = "5";  // which the second shows
  flags_.erase("--steps");
  flags_.erase("--eps");
  for (const auto& [flag, value] : GetParam()) flags_[flag] = value;
  ASSERT_EQ(run("whole").code, 0);
  const Outcome stopped = run("part", {.signal_at = "1/2", .signal = SIGTERM});
  EXPECT_EQ(stopped.code, 75) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("the same command goes on from here"));
  EXPECT_EQ(std::ranges::count(text("part/journal-0-of-1.jsonl"), '\n'), 2);
  ASSERT_EQ(run("part").code, 0);
  for (const char* name : {"adversarial.npy", "journal-0-of-1.jsonl", "grid.png"}) {
    EXPECT_EQ(read(std::string("part/") + name), read(std::string("whole/") + name)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, StoppedAttack,
                         testing::Values(std::map<std::string, std::string>{{"--method", "cw"},
                                                                            {"--steps", "150"},
                                                                            {"--searches", "2"}},
                                         std::map<std::string, std::string>{
                                             {"--method", "hopskipjump"}, {"--queries", "200"}}));

// The third withstands and would take ten seconds; the others are in the journal long before.
TEST_F(AttackApp, AutoAttackKeepsTheImagesThatItFooled) {
  flags_["--data"] = "shapes:2:3";
  flags_["--method"] = "autoattack";
  flags_["--eps"] = "4/255";
  flags_["--batch"] = "1";
  flags_.erase("--steps");
  const Outcome stopped = run("out", {.signal_at = "2/3", .signal = SIGTERM});
  EXPECT_EQ(stopped.code, 75) << stopped.err;
  const std::string journal = text("out/journal-0-of-1.jsonl");
  EXPECT_EQ(std::ranges::count(journal, '\n'), 3);
  EXPECT_THAT(journal, HasSubstr("\"by\":\"apgd-ce\""));
  const Bytes images = read("out/adversarial.npy");
  const Outcome again = run("out", {.signal_at = "check:", .signal = SIGTERM});
  EXPECT_EQ(again.code, 75) << again.err;
  EXPECT_THAT(again.err, HasSubstr("2 done before"));
  EXPECT_EQ(text("out/journal-0-of-1.jsonl"), journal);
  EXPECT_EQ(read("out/adversarial.npy"), images);
}

// Half a check would say what is not so.
TEST_F(AttackApp, StopsInTheChecksAfterTheAttack) {
  flags_["--data"] = "shapes:2:4";
  flags_["--eps"] = "0.01/255";
  flags_["--steps"] = "1";
  const Outcome stopped = run("out", {.signal_at = "queries of Square", .signal = SIGTERM});
  EXPECT_EQ(stopped.code, 75) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("the same command goes on from here"));
  EXPECT_THAT(stopped.err, Not(HasSubstr("warning")));
  EXPECT_EQ(stopped.out, path("out/journal-0-of-1.jsonl") + "\n");
  std::filesystem::rename(path("out/adversarial.npy"), path("kept.npy"));
  expect_refused(1, {path("out/adversarial.npy"), "is gone", "remove what is left of both"});
}

TEST_F(AttackApp, MorePicturesCanBeAskedForLater) {
  flags_["--data"] = "shapes:2:4";
  flags_["--method"] = "square";  // has no checks afterwards
  flags_["--queries"] = "2";
  flags_.erase("--steps");
  flags_.erase("--eps");
  flags_["--epsilons"] = "4/255,8/255";
  flags_["--shard"] = "1/2";  // the images 1 and 3
  flags_["--pictures"] = "2";
  ASSERT_EQ(run().code, 0);
  EXPECT_TRUE(std::filesystem::exists(path("out/shapes-00001-eps8.png")));
  EXPECT_FALSE(std::filesystem::exists(path("out/shapes-00003-eps8.png")));
  flags_.erase("--pictures");
  const Outcome more = run();
  ASSERT_EQ(more.code, 0) << more.err;
  EXPECT_THAT(more.err, HasSubstr("4 done before"));
  EXPECT_THAT(more.err, HasSubstr("pictures of what was done before: 2\n"));
  const HostArray saved = load_npy(path("out/adversarial-1-of-2.npy"));
  ASSERT_EQ(saved.shape[0], 4);
  for (const std::int64_t variant : {0, 1}) {
    const Tensor picture =
        load_image(path(variant == 0 ? "out/shapes-00003-eps4.png" : "out/shapes-00003-eps8.png"));
    for (std::int64_t k = 0; k < kPixels; ++k) {
      const float exact = saved.values[static_cast<std::size_t>((2 + variant) * kPixels + k)];
      ASSERT_NEAR(picture.data()[k], exact, 0.5 / 255 + 1e-6);
    }
  }
}

TEST_F(AttackApp, StopsInTheMiddleOfPictures) {
  flags_["--data"] = "shapes:2:60";
  flags_["--method"] = "square";
  flags_["--queries"] = "1";
  flags_.erase("--steps");
  flags_["--pictures"] = "0";
  ASSERT_EQ(run().code, 0);
  const nlohmann::json before = json();
  std::filesystem::remove(path("s.json"));
  flags_["--pictures"] = "60";
  const Outcome stopped = run("out", {.signal_at = "pictures of what", .signal = SIGTERM});
  EXPECT_EQ(stopped.code, 75) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("the same command goes on from here"));
  EXPECT_EQ(json()["epsilons"], before["epsilons"]);
  EXPECT_FALSE(std::filesystem::exists(path("out/shapes-00059.png")));
}

// No number hangs on how many there are.
TEST_F(AttackApp, RunsOfMoreAndFewerPicturesMerge) {
  flags_["--data"] = "shapes:2:2";
  flags_["--method"] = "square";
  flags_["--queries"] = "2";
  flags_.erase("--steps");
  ASSERT_EQ(run("some").code, 0);
  flags_["--pictures"] = "0";
  ASSERT_EQ(run("none").code, 0);
  for (const auto& [one, other] : {std::pair{"some", "none"}, std::pair{"none", "some"}}) {
    const Outcome merged = run_app(MERGE, {path(one), path(other), "--out", path("m.jsonl")});
    EXPECT_EQ(merged.code, 0) << merged.err;
  }
}

}  // namespace
}  // namespace phosphene::test
