// The program attack, by each of its methods.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/apps/attack_app.hpp"

namespace phosphene::test {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Two images, and the method's own flags alone.
class AttackMethods : public AttackApp {
 protected:
  AttackMethods() {
    flags_["--data"] = "shapes:2:2";  // of the classes 6 and 5
    flags_["--batch"] = "2";
    flags_.erase("--steps");
    flags_.erase("--eps");
  }

  /// Into a folder of the method's name.
  Outcome run_method(const std::string& method,
                     const std::vector<std::pair<std::string, std::string>>& more) {
    const auto before = flags_;
    flags_["--method"] = method;
    for (const auto& [flag, value] : more) flags_[flag] = value;
    const Outcome outcome = run(method);
    flags_ = before;
    EXPECT_EQ(outcome.code, 0) << method << ": " << outcome.err;
    EXPECT_EQ(json()["method"], method);
    EXPECT_TRUE(std::filesystem::exists(path(method + "/curve.png")));
    return outcome;
  }
};

TEST_F(AttackMethods, RunByTheirNames) {
  run_method("fgsm", {});
  run_method("bim", {{"--steps", "2"}});
  run_method("mi-fgsm", {{"--steps", "2"}, {"--momentum", "0.9"}});
  run_method("penalty", {{"--steps", "2"}, {"--lambda", "0.5"}});
  run_method("apgd", {{"--steps", "3"}, {"--loss", "dlr"}});
  run_method("apgd-t", {{"--steps", "3"}});
  run_method("square", {{"--queries", "5"}});
  run_method("hopskipjump", {{"--queries", "60"}, {"--norm", "linf"}});
}

TEST_F(AttackMethods, CarliniWagnerSaysWhereItsSearchBegins) {
  run_method("cw", {{"--steps", "3"}, {"--searches", "2"}});
  EXPECT_EQ(json()["options"]["initial_c"], 0.001);
}

TEST_F(AttackMethods, OfTheNearestImageJournalsHaveEveryRadius) {
  run_method("fab", {{"--steps", "2"}});
  const Outcome missing = run_app(ROBUSTNESS, {path("s.json"), "--epsilons", "0.123"});
  EXPECT_THAT(missing.err, HasSubstr("or name its --out folder, whose journals have every"));
}

TEST_F(AttackMethods, AutoAttackSaysWhatItsPartsLeave) {
  const Outcome outcome = run_method("autoattack", {{"--epsilons", "12/255,16/255"}});
  const nlohmann::json s = json();
  EXPECT_EQ(s["options"]["apgd-t"]["targets"], 9);
  ASSERT_EQ(s["after"].size(), 4U);
  EXPECT_EQ(s["after"][3]["robust_accuracy"], s["robust_accuracy"]);
  EXPECT_THAT(text("autoattack/journal-0-of-1.jsonl"), HasSubstr("\"by\":\"apgd-ce\""));
  EXPECT_LT(s["after"][0]["robust"], 2);
  EXPECT_THAT(outcome.out, HasSubstr("\nrobust % at 16/255 after apgd-ce "));
}

// It begins at an image that shows the target, and stays in that class.
TEST_F(AttackMethods, HopSkipJumpGoesToATarget) {
  flags_["--method"] = "hopskipjump";
  flags_["--data"] = "shapes:2:8";  // one of each class
  flags_["--targeted"] = "next";
  flags_["--queries"] = "50";
  flags_.erase("--batch");
  const Outcome outcome = run();
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, Not(HasSubstr("had no start")));
  int attacked = 0;
  std::istringstream lines(text("out/journal-0-of-1.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json record = nlohmann::json::parse(line).value("record", nlohmann::json());
    if (!record.contains("target")) continue;
    ++attacked;
    EXPECT_EQ(record["target"], (record["label"].get<int>() + 1) % 8);
    EXPECT_EQ(record["adversarial"], record["target"]) << line;
    EXPECT_LE(record["queries"], 50);
  }
  EXPECT_EQ(attacked, 8);
  flags_["--batch"] = "3";  // nor does the search for a start hang on the batch
  ASSERT_EQ(run("other").code, 0);
  EXPECT_EQ(text("out/adversarial.npy"), text("other/adversarial.npy"));
}

// Of a target of its own an image withstands; of the one that all have, none can be attacked.
TEST_F(AttackMethods, HopSkipJumpNeedsAnImageOfTheTarget) {
  flags_["--method"] = "hopskipjump";
  flags_["--targeted"] = "next";
  flags_["--queries"] = "20";
  const std::string warning =
      "1 of 2 images had no start, were left as they are and count as robust: the network sees no "
      "image of the data as '";
  const Outcome one = run();
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_THAT(one.err, HasSubstr("warning: " + warning));
  const nlohmann::json s = json();
  EXPECT_EQ(s["attacked"], 2);
  EXPECT_EQ(s["successes"], 1);
  ASSERT_FALSE(s["warnings"].empty());
  EXPECT_THAT(s["warnings"].dump(), HasSubstr(warning));
  EXPECT_THAT(s["warnings"].dump(), Not(HasSubstr("found nothing")));
  const Outcome again = run();
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("2 done before"));
  EXPECT_EQ(json()["warnings"], s["warnings"]);
  flags_["--targeted"] = "0";
  const Outcome all = run("all");
  EXPECT_EQ(all.code, 2);
  EXPECT_THAT(all.err, HasSubstr("--targeted: the network sees none of the 2 images as '"));
}

}  // namespace
}  // namespace phosphene::test
