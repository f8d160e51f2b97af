// The program robustness, on what attack leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "phosphene/datasets/shapes.hpp"
#include "phosphene/image.hpp"
#include "tests/apps/attack_app.hpp"

namespace phosphene::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(AttackApp, RobustnessComparesOnlyWhatCompares) {
  flags_["--data"] = "shapes:2:2";
  flags_.erase("--eps");
  flags_["--epsilons"] = "2/255,8/255";
  ASSERT_EQ(run("one").code, 0);
  const std::string one = path("one.json"), two = path("s.json");
  std::filesystem::rename(two, one);
  flags_["--data"] = "shapes:3:2";
  ASSERT_EQ(run("two").code, 0);
  const Outcome same = run_app(ROBUSTNESS, {one, two});
  EXPECT_EQ(same.code, 2);
  EXPECT_THAT(same.err, HasSubstr("is called 'resnet8_shapes', as another is"));
  const Outcome other = run_app(ROBUSTNESS, {"a=" + one, "b=" + two, "--epsilons", "8/255"});
  EXPECT_EQ(other.code, 0) << other.err;
  EXPECT_THAT(other.err, HasSubstr("b and a are of different images (2 images of shapes:3:2"));
  EXPECT_THAT(other.out, Not(HasSubstr("| 2/255")));
  EXPECT_THAT(other.out, HasSubstr("| 8/255"));
  EXPECT_THAT(other.err, Not(HasSubstr("in different ways")));
  nlohmann::json kind = json("one.json");
  kind["targeted"] = "next";
  kind["naive"] = true;
  kind["mask"] = {{"fingerprint", "file 1a2b"}, {"free", 0.1}};
  const std::string dumped = kind.dump();
  write("kind.json", Bytes(dumped.begin(), dumped.end()));
  EXPECT_THAT(run_app(ROBUSTNESS, {"a=" + one, "b=" + path("kind.json")}).err,
              HasSubstr("b and a are attacked in different ways (targeted next beside untargeted, "
                        "mask file 1a2b beside no mask)"));
  const Outcome missing = run_app(ROBUSTNESS, {one, "--epsilons", "4/255"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("was not measured at 4/255, expected of 0, 2/255, 8/255; or "
                                     "run attack with --epsilons 4/255"));
}

TEST_F(AttackApp, RobustnessSaysWhatFailed) {
  constexpr int kImages = 33;  // one beyond those that the run looks at before
  std::string list;
  for (int i = 0; i < kImages; ++i) {
    const ShapesSample sample = shapes(2, static_cast<std::uint64_t>(i));
    const std::string name = "p" + std::to_string(i) + ".png";
    if (i + 1 < kImages) save_image(path(name), sample.image);
    list += name + " " + std::to_string(sample.label) + "\n";
  }
  write("p32.png", {});
  write("list.txt", Bytes(list.begin(), list.end()));
  flags_["--data"] = path("list.txt");
  flags_["--method"] = "square";  // has no checks afterwards
  flags_["--queries"] = "1";
  flags_.erase("--steps");
  const Outcome outcome = run();
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("1 of 33 images failed"));
  EXPECT_EQ(json()["images"], 32);
  EXPECT_EQ(json()["warnings"].back(), "1 items failed, and are in no rate");
  const Outcome read = run_app(ROBUSTNESS, {path("out")});
  EXPECT_EQ(read.code, 0);
  EXPECT_THAT(read.err, HasSubstr(": 1 of 33 items failed, and are in no rate"));
}

// A name with '=' is a file's before it is a name and a file.
TEST_F(AttackApp, RobustnessOverwritesNothingThatItReads) {
  flags_["--data"] = "shapes:2:1";
  flags_["--json"] = path("x=y.json");
  ASSERT_EQ(run().code, 0);
  const std::string before = text("x=y.json");
  for (const std::string& read : {path("x=y.json"), "a=" + path("x=y.json")}) {
    const Outcome outcome = run_app(ROBUSTNESS, {read, "--json", path("x=y.json")});
    EXPECT_EQ(outcome.code, 2) << read;
    EXPECT_THAT(outcome.err, HasSubstr("would overwrite the file of RUN"));
  }
  const Outcome journal =
      run_app(ROBUSTNESS, {path("out"), "--json", path("out/journal-0-of-1.jsonl")});
  EXPECT_THAT(journal.err, HasSubstr("would overwrite the file of RUN"));
  EXPECT_EQ(text("x=y.json"), before);
}

}  // namespace
}  // namespace phosphene::test
