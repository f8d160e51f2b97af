// What attack and robustness say before they compute anything.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "phosphene/datasets/shapes.hpp"
#include "phosphene/image.hpp"
#include "phosphene/npy.hpp"
#include "tests/apps/attack_app.hpp"

namespace phosphene::test {
namespace {

constexpr int kFailed = 1, kUsage = 2;

TEST_F(AttackApp, RefusesRadiiThatAreNone) {
  flags_["--eps"] = "8";
  expect_refused(kUsage, {"--eps '8'", "8/255"});
  flags_["--eps"] = "-0.1";
  expect_refused(kUsage, {"--eps '-0.1'", "negative"});
  flags_.erase("--eps");
  flags_["--epsilons"] = "0:16:1";
  expect_refused(kUsage, {"--epsilons '0:16:1'", "at most 1"});
}

TEST_F(AttackApp, RefusesUnknownNames) {
  const auto refuse = [&](const char* flag, const char* value, const char* expected) {
    const auto before = flags_;
    flags_[flag] = value;
    expect_refused(kUsage, {flag, value, expected});
    flags_ = before;
  };
  refuse("--method", "pdg", "expected fgsm, bim, pgd");
  refuse("--method", "PGD", "expected pgd");
  refuse("--loss", "hinge", "expected ce");
  refuse("--norm", "l3", "expected linf or l2");
  refuse("--defence", "jpg:75", "jpeg");
  refuse("--targeted", "dics", "disc");
  refuse("--targeted", "8", "0 to 7");
}

TEST_F(AttackApp, RefusesATargetThatIsTheOnlyTrueClass) {
  write_picture(path("disc.png"), 64, 64, 1);
  flags_.erase("--data");
  flags_["--image"] = path("disc.png");
  flags_["--label"] = flags_["--targeted"] = "disc";
  expect_refused(kUsage, {"--targeted 'disc'", "is the true class of disc"});
}

TEST_F(AttackApp, NamesClassesAsDataSetsDo) {
  write_picture(path("snake.png"), 64, 64, 1);
  flags_.erase("--data");
  flags_["--image"] = path("snake.png");
  flags_["--labels"] = "crane,king_snake,c,d,e,f,Crane,h";
  flags_["--label"] = "King Snake";
  flags_["--targeted"] = "king_snake";
  expect_refused(kUsage, {"--targeted 'king_snake'", "is the true class of snake"});
  flags_["--targeted"] = "CRANE";
  expect_refused(kUsage, {"--targeted", "'CRANE' is what classes 0 and 6 are called"});
  flags_["--targeted"] = flags_["--label"] = "crane";
  expect_refused(kUsage, {"--label", "'crane' is what classes 0 and 6 are called"});
}

TEST_F(AttackApp, RefusesWhatIsNoFlagAndWhatIsGivenTwice) {
  const auto before = flags_;
  flags_["--epsilon"] = "0.1";
  expect_refused(kUsage, {"attack: --epsilon: no such flag; near: --epsilons, "});
  flags_ = before;
  flags_["--iterations=20"] = "on";
  expect_refused(kUsage, {"attack: --iterations: no such flag"});
  flags_ = before;
  flags_["twenty"] = "on";
  expect_refused(kUsage, {"attack: 'twenty': is no flag"});
  flags_ = before;
  flags_["--eps=8/255"] = "on";
  expect_refused(kUsage, {"--eps: given 2 times, expected once"});
}

TEST_F(AttackApp, RefusesWeightsThatDoNotSayTheirModel) {
  write_weights(path("bare.safetensors"),
                {{"conv1.weight", {{4, 3, 7, 7}, std::vector<float>(588)}}});
  flags_["--weights"] = path("bare.safetensors");
  expect_refused(kFailed, {"bare.safetensors: does not say its model (tried as vgg19: ",
                           "found e.g. 'conv1.weight'", "): name it by --model\n"});
}

TEST_F(AttackApp, RefusesFlagsOfOtherMethods) {
  flags_["--momentum"] = "1";
  expect_refused(kUsage, {"--momentum", "does not belong to pgd", "mi-fgsm"});
  flags_.erase("--momentum");
  flags_.erase("--eps");
  flags_["--norm"] = "linf";
  flags_["--method"] = "cw";
  expect_refused(kUsage, {"--norm linf", "cw", "l2"});
  flags_.erase("--norm");
  flags_.erase("--steps");
  flags_["--method"] = "autoattack";
  flags_["--targeted"] = "next";
  expect_refused(kUsage, {"--targeted", "autoattack"});
}

TEST_F(AttackApp, RefusesWhatDoesNotGoTogether) {
  const auto before = flags_;
  flags_["--naive"] = "on";
  expect_refused(kUsage, {"--naive", "--defence"});
  flags_ = before;
  flags_["--image"] = path("cat.png");
  expect_refused(kUsage, {"--data and --image"});
  flags_.erase("--data");
  expect_refused(kUsage, {"--label"});
  flags_ = before;
  flags_["--label"] = "disc";
  expect_refused(kUsage, {"--label", "--image"});
  flags_ = before;
  flags_["--method"] = "square";
  flags_.erase("--steps");
  flags_["--expectation"] = "print";
  expect_refused(kUsage, {"--expectation", "square"});
}

TEST_F(AttackApp, RefusesAMaskOfAnotherSize) {
  write_picture(path("mask.png"), 32, 64, 1);
  flags_["--mask"] = path("mask.png");
  expect_refused(kFailed, {"mask.png", "64"});
}

TEST_F(AttackApp, RefusesANetworkWithOneOutput) {
  // The bundled network's features with a single score.
  Arrays arrays = Weights::bundled("shapes").arrays();
  for (auto& [name, array] : arrays) {
    if (array.shape.empty() || array.shape[0] != 8) continue;
    if (name.find("fc") == std::string::npos && name.find("linear") == std::string::npos) continue;
    array.values.resize(array.values.size() / 8);
    array.shape[0] = 1;
  }
  write_weights(path("one.safetensors"), arrays);
  flags_["--weights"] = path("one.safetensors");
  flags_["--model"] = "resnet8_shapes";
  expect_refused(kUsage, {"one.safetensors", "1 output", "2 classes"});
}

TEST_F(AttackApp, RefusesToReplaceItsData) {
  save_npy(path("x.npy"), shapes(2, 0).image);
  const std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }";
  std::string labels("\x93NUMPY\x01\x00", 8);
  labels += std::string{static_cast<char>(header.size() + 1), 0} + header + "\n" + '\0';
  write("y.npy", Bytes(labels.begin(), labels.end()));
  flags_["--data"] = path("x.npy") + "," + path("y.npy");
  for (const char* name : {"x.npy", "y.npy"}) {
    flags_["--json"] = path(name);
    expect_refused(kUsage, {"--json", name, "would overwrite the file of --data"});
  }
}

TEST_F(AttackApp, KeepsWhatItFound) {
  std::filesystem::create_directory(path("out"));
  const auto refuse = [&](const std::string& json, const std::string& part) {
    flags_["--json"] = json;
    expect_refused(kUsage, {"--json " + json + ": ", part});
  };
  for (const char* name : {"journal-0-of-1.jsonl", "adversarial-0-of-2.npy", "curve.png"}) {
    refuse(path("out/") + name, "might replace a result, expected a name in --out that ends in");
  }
  flags_["--json"] = path("fresh");
  const Outcome both = run("fresh");
  EXPECT_EQ(both.code, kUsage);
  EXPECT_NE(both.err.find("fresh: is the folder of --out, expected a file"), std::string::npos)
      << both.err;
  EXPECT_TRUE(std::filesystem::is_empty(path("out")));
  flags_["--json"] = path("out/s.json");
  flags_["--data"] = "shapes:2:1";
  ASSERT_EQ(run().code, 0);
  const Outcome merged = run_app(MERGE, {path("out"), "--out", path("out/adversarial.npy")});
  EXPECT_EQ(merged.code, kUsage);
  EXPECT_NE(merged.err.find("adversarial.npy: might replace a result, expected a name in"),
            std::string::npos)
      << merged.err;
}

TEST_F(AttackApp, AnEmptyValueIsNoDefault) {
  for (const char* flag : {"--shard", "--eps", "--json", "--limit"}) {
    const auto before = flags_;
    flags_[flag] = "";
    expect_refused(kUsage, {std::string(flag) + " '': is empty, expected a value"});
    flags_ = before;
  }
  flags_["--shard"] = "0/9223372036854775807";
  expect_refused(kUsage, {"--shard '0/9223372036854775807': expected i/N with 0 <= i < N <= 1"});
}

// The first image is looked at before the sweep begins.
TEST_F(AttackApp, ACorruptPhotographFailsAlone) {
  flags_["--data"] = path("photographs");
  std::filesystem::create_directory(path("photographs"));
  for (const char* name : {"a_3.png", "b_3.png"}) {
    write_picture(path("photographs/") + name, 64, 64, 1);
  }
  Bytes bytes = read("photographs/a_3.png");
  bytes.resize(bytes.size() - 20);
  write("photographs/a_3.png", bytes);
  const Outcome outcome = run();
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_NE(outcome.err.find("1 of 2 images failed"), std::string::npos) << outcome.err;
  EXPECT_EQ(json()["images"], 1);
}

TEST_F(AttackApp, RobustnessRefusesWhatIsNoRun) {
  const auto refuse = [&](const std::vector<std::string>& arguments, int code,
                          const std::string& part) {
    const Outcome outcome = run_app(ROBUSTNESS, arguments);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
  };
  refuse({path("none.json")}, kFailed, "no such file");
  refuse({std::string(300, 'n') + "=" + path("none.json")}, kFailed, "none.json: no such file");
  const std::string empty = "{}", line = "{\"journal\":1}\n";
  write("empty.json", Bytes(empty.begin(), empty.end()));
  refuse({"a=" + path("empty.json")}, kFailed, "has no 'model' that attack --json would write");
  write("bad.jsonl", Bytes(line.begin(), line.end()));
  refuse({path("bad.jsonl")}, kFailed, "line 1");
  refuse({}, kUsage, "RUN");
}

}  // namespace
}  // namespace phosphene::test
