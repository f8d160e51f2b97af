// The program universal, run as a user runs it, on the bundled classifier and drawn pictures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "phosphene/image.hpp"
#include "phosphene/npy.hpp"
#include "phosphene/statistics.hpp"
#include "tests/apps/run_app.hpp"
#include "tests/formats/support.hpp"

namespace phosphene::test {
namespace {

class UniversalApp : public InFolder {
 protected:
  Outcome universal(std::vector<std::string> arguments) const {
    for (const char* argument : {"--device", "cpu"}) arguments.emplace_back(argument);
    return run_app(UNIVERSAL, arguments);
  }
  std::vector<std::string> small(const std::string& out, const std::string& passes = "1") const {
    return {"--data", "shapes:2:10",      "--held-out", "4", "--passes", passes,
            "--eps",  "20/255",           "--seed",     "3", "--out",    path(out),
            "--json", path(out + ".json")};
  }
  void expect_refusal(const std::vector<std::string>& arguments, int code,
                      const std::vector<std::string>& parts) const {
    const Outcome outcome = universal(arguments);
    EXPECT_EQ(outcome.code, code);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    for (const std::string& part : parts) {
      EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
    }
    EXPECT_FALSE(std::filesystem::exists(path("out")));
  }
  std::string bytes(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

TEST_F(UniversalApp, WritesThePerturbationItsPictureAndWhatItFools) {
  const Outcome outcome = universal(small("out"));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("4 held-out images"), std::string::npos) << outcome.out;

  const HostArray delta = load_npy(path("out/universal.npy"));
  EXPECT_EQ(delta.shape, (std::vector<std::int64_t>{3, 64, 64}));
  float most = 0;
  for (const float v : delta.values) most = std::max(most, std::abs(v));
  EXPECT_GT(most, 0);
  EXPECT_LE(most, 20.0F / 255 + 1e-6F);
  EXPECT_EQ(load_image(path("out/universal.png")).shape().c, 3);

  const auto json = nlohmann::json::parse(std::ifstream(path("out.json")));
  EXPECT_EQ(json["images"], 6);
  EXPECT_EQ(json["held_out"], 4);
  EXPECT_EQ(json["passes"], 1);
  EXPECT_EQ(json["norm"], "linf");
  EXPECT_EQ(json["fooling_rates"].size(), 1);
  EXPECT_TRUE(json.contains("weights_fingerprint"));
  EXPECT_EQ(json["options"]["deepfool"]["overshoot"], 0.02);
  EXPECT_EQ(json["options"]["unfooled"], 0.2);
  const Interval interval = wilson(json["fooled"], 4);
  EXPECT_DOUBLE_EQ(json["fooling_rate"], json["fooled"].get<double>() / 4);
  EXPECT_DOUBLE_EQ(json["fooling_rate_interval"][0], interval.low);
  EXPECT_DOUBLE_EQ(json["fooling_rate_interval"][1], interval.high);
  EXPECT_TRUE(json.contains("provenance"));

  ASSERT_EQ(universal(small("again")).code, 0);
  EXPECT_EQ(bytes("out/universal.npy"), bytes("again/universal.npy"));
  EXPECT_EQ(bytes("out/universal.png"), bytes("again/universal.png"));
}

TEST_F(UniversalApp, StoppedItLeavesNothingAndSaysSo) {
  std::vector<std::string> arguments = small("out", "1000");
  arguments.insert(arguments.end(), {"--device", "cpu", "--unfooled", "0"});
  const Outcome outcome = run_app(UNIVERSAL, arguments, {.signal_at = "pass", .signal = SIGTERM});
  EXPECT_EQ(outcome.code, 75) << outcome.err;
  EXPECT_NE(outcome.err.find("universal: interrupted; nothing was saved\n"), std::string::npos)
      << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(path("out")));
}

TEST_F(UniversalApp, RefusesInOneLine) {
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--data", "shapes:2:10", "--out", path("out")});
    return more;
  };
  expect_refusal(with({"--eps", "8"}), 2, {"--eps", "8/255"});
  expect_refusal(with({"--eps", "-1/255"}), 2, {"--eps", "negative"});
  expect_refusal(with({"--eps", "0"}), 2, {"--eps"});
  expect_refusal(with({"--norm", "l2"}), 2, {"--norm l2 needs --eps", "2000/255"});
  expect_refusal(with({"--norm", "l1"}), 2, {"--norm", "linf"});
  expect_refusal(with({"--passes", "0"}), 2, {"--passes", "1 or more"});
  expect_refusal(with({"--unfooled", "20"}), 2, {"--unfooled", "0 to 1"});
  expect_refusal(with({"--held-out", "10"}), 2, {"--held-out 10", "10 images"});
  expect_refusal(with({"--held-out", "0"}), 2, {"--held-out"});
  expect_refusal(with({"--held-out", "shapes:2:10"}), 2, {"--held-out", "expected others"});
  expect_refusal({"--data", path("nothing.bin"), "--out", path("out")}, 1, {"nothing.bin"});
}

}  // namespace
}  // namespace phosphene::test
