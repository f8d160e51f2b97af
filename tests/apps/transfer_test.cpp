// transfer on the bundled classifier and a copy of it with other weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "phosphene/image.hpp"
#include "tests/apps/app_inputs.hpp"
#include "tests/apps/run_app.hpp"
#include "tests/formats/support.hpp"

namespace phosphene::test {
namespace {

class Transfer : public InFolder {
 protected:
  static std::vector<std::string> with(std::vector<std::string> arguments) {
    const std::vector<std::string> usual{"--data", "shapes:2:6", "--device", "cpu",     "--steps",
                                         "3",      "--eps",      "4/255",    "--batch", "3"};
    arguments.insert(arguments.end(), usual.begin(), usual.end());
    return arguments;
  }

  static void expect_refusal(const std::vector<std::string>& arguments,
                             const std::vector<std::string>& parts) {
    const Outcome outcome = run_app(TRANSFER, with(arguments));
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    for (const std::string& part : parts) {
      EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
    }
  }
};

nlohmann::json json_in(const std::string& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

TEST_F(Transfer, StoppedItSavesNothingAndSaysSo) {
  const Outcome outcome =
      run_app(TRANSFER,
              {"--data", "shapes:2:6", "--device", "cpu", "--method", "bim", "--steps", "60",
               "--batch", "1", "--network", "trained=shapes", "--network",
               "drawn=resnet8_shapes:random:3", "--out", path("t.png")},
              {.signal_at = "1/12", .signal = SIGTERM});
  EXPECT_EQ(outcome.code, 75) << outcome.err;
  EXPECT_NE(outcome.err.find("transfer: interrupted; nothing was saved\n"), std::string::npos)
      << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(path("t.png")));
}

// It asks for many images at once for each: a batch is not cut to as many as there are.
TEST_F(Transfer, OfHopSkipJumpABatchMayBeLargerThanTheData) {
  const Outcome outcome = run_app(
      TRANSFER, {"--data", "shapes:2:2", "--device", "cpu", "--method", "hopskipjump", "--queries",
                 "20", "--batch", "8", "--network", "trained=shapes", "--json", path("t.json")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err.find("warning"), std::string::npos) << outcome.err;
  EXPECT_EQ(json_in(path("t.json"))["provenance"]["batch"], 8);
}

TEST_F(Transfer, FillsTheMatrix) {
  const Outcome outcome = run_app(
      TRANSFER, with({"--network", "trained=shapes", "--network", "drawn=resnet8_shapes:random:3",
                      "--json", path("t.json"), "--out", path("t.png")}));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const nlohmann::json json = json_in(path("t.json"));
  EXPECT_EQ(json["images"], 6);
  EXPECT_EQ(json["method"], "pgd");
  EXPECT_EQ(json["networks"][0]["name"], "trained");
  EXPECT_EQ(json["networks"][1]["weights"], "random:3");
  EXPECT_TRUE(json["networks"][1].contains("weights_fingerprint"));
  EXPECT_TRUE(json.contains("data_fingerprint"));
  EXPECT_EQ(json["options"]["steps"], 3);
  EXPECT_EQ(json["options"]["loss"], "ce");
  EXPECT_EQ(json["options"]["alpha"], 1.0 / 255);
  EXPECT_EQ(json["matrix"].size(), 4U);
  for (const nlohmann::json& cell : json["matrix"]) {
    const std::int64_t fooled = cell["fooled"], correct = cell["correct"];
    EXPECT_LE(fooled, correct);
    if (correct == 0) {
      EXPECT_TRUE(cell["attack_success_rate"].is_null());
      continue;
    }
    const double rate = cell["attack_success_rate"];
    EXPECT_LE(cell["attack_success_rate_interval"][0], rate);
    EXPECT_GE(cell["attack_success_rate_interval"][1], rate);
  }
  EXPECT_EQ(json["matrix"][0]["correct"], json["networks"][0]["correct"]);
  EXPECT_EQ(json["provenance"]["seed"], 0);
  for (const char* part : {"| trained |", "| drawn |", "| clean accuracy |", "eps 4/255"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << outcome.out;
  }
  EXPECT_GT(load_image(path("t.png")).shape().w, 300);
}

TEST_F(Transfer, RefusesNetworksThatDoNotFit) {
  expect_refusal({"--network", "shapes"}, {"--network 'shapes'", "NAME=MODEL:WEIGHTS"});
  expect_refusal({"--network", "=shapes"}, {"--network '=shapes'"});
  expect_refusal({"--network", "a=shapes", "--network", "a=shapes"}, {"--network", "two", "'a'"});
  expect_refusal({"--network", "a=shapes", "--network", "b=resnet20_cifar10:random:1"},
                 {"--network b", "10 classes", "8", "a"});
}

TEST_F(Transfer, SaysHowANetworksModelIsNamedHere) {
  write_weights(path("bare.safetensors"),
                {{"conv1.weight", {{4, 3, 7, 7}, std::vector<float>(588)}}});
  const Outcome outcome = run_app(TRANSFER, with({"--network", "a=" + path("bare.safetensors")}));
  EXPECT_EQ(outcome.code, 1);
  for (const char* part : {"does not say its model", "): name it by NAME=MODEL:WEIGHTS\n"}) {
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
  }
  EXPECT_EQ(outcome.err.find("--model"), std::string::npos) << outcome.err;
}

TEST_F(Transfer, PromisesNothingThatItRefuses) {
  expect_refusal({"--network", "a=shapes", "--method", "deepfool"}, {"--eps: deepfool"});
  const std::string help = run_app(TRANSFER, {"--help"}).out;
  EXPECT_NE(help.find("--eps TEXT"), std::string::npos) << help;
  EXPECT_EQ(help.find("within which it counts"), std::string::npos) << help;
  expect_refusal({"--network", "a=shapes", "--epsilon", "1"},
                 {"--epsilon: no such flag; near: --eps, "});
  expect_refusal({"--networks", "a=shapes"}, {"--networks: no such flag; near: --network, "});
}

TEST_F(Transfer, RefusesBadEpsilonsAndOverwriting) {
  const Outcome outcome =
      run_app(TRANSFER, {"--network", "a=shapes", "--data", "shapes:2:6", "--eps", "8"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.err.find("8/255"), std::string::npos) << outcome.err;
  write("w.json", Bytes{1});
  expect_refusal({"--network", "a=shapes", "--json", path("w.json"), "--out", path("w.json.png"),
                  "--alpha", "-1"},
                 {"--alpha"});
}

}  // namespace
}  // namespace phosphene::test
