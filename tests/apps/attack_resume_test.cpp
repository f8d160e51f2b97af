// The program attack, stopped and run again in the same folder.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

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

// It is left to the next run: an image may take 90000 passes.
TEST_F(AttackApp, StopsInTheMiddleOfAnImage) {
  flags_["--data"] = "shapes:2:2";
  flags_["--targeted"] = "5";  // the second shows it and is skipped, while the first is in work
  flags_["--method"] = "cw";
  flags_["--steps"] = "150";
  flags_["--searches"] = "2";
  flags_.erase("--eps");
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
  flags_["--data"] = "shapes:2:2";
  flags_["--method"] = "penalty";  // has no checks afterwards
  flags_["--steps"] = "1";
  flags_.erase("--eps");
  flags_["--pictures"] = "1";
  ASSERT_EQ(run().code, 0);
  EXPECT_FALSE(std::filesystem::exists(path("out/shapes-00001.png")));
  flags_.erase("--pictures");
  const Outcome more = run();
  ASSERT_EQ(more.code, 0) << more.err;
  EXPECT_THAT(more.err, HasSubstr("2 done before"));
  const HostArray saved = load_npy(path("out/adversarial.npy"));
  const Tensor picture = load_image(path("out/shapes-00001.png"));
  for (std::int64_t k = 0; k < kPixels; ++k) {
    const float exact = saved.values[static_cast<std::size_t>(kPixels + k)];
    ASSERT_NEAR(picture.data()[k], exact, 0.5 / 255 + 1e-6);
  }
}

}  // namespace
}  // namespace phosphene::test
