// The program evaluate, run as a user runs it.
#include <gtest/gtest.h>

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/image.hpp"
#include "tests/apps/run_app.hpp"

namespace phosphene::test {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr int kUsage = 2;
constexpr int kPictures = 16;

Outcome run(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--device", "cpu"});
  return run_app(EVALUATE, arguments, {.environment = {{"OMP_WAIT_POLICY", "passive"}}});
}

/// The table of one run, which takes a while and so serves all that is asked of it.
class Table {
 public:
  explicit Table(Json json) : json_(std::move(json)) {}

  double mean(const std::string& method, const std::string& weights,
              const std::string& what) const {
    for (const Json& row : json_["rows"]) {
      if (row["method"] == method && row["weights"] == weights) {
        return row[what]["mean"].get<double>();
      }
    }
    ADD_FAILURE() << "no row of " << method << ' ' << weights;
    return 0;
  }

 private:
  Json json_;
};

void expect_every_row(const std::string& out) {
  for (const char* line :
       {"| random map |  |", "| edges (Sobel) |  |", "| gradient | trained |",
        "| gradient-x-input | trained |", "| smoothgrad | trained |",
        "| integrated-gradients | trained |", "| guided-backprop | trained |",
        "| deconvnet | trained |", "| cam | trained |", "| grad-cam | trained |",
        "| guided-grad-cam | trained |", "| occlusion | trained |", "| gradient | random |",
        "| guided-backprop | random |", "| occlusion | random |"}) {
    EXPECT_NE(out.find(line), std::string::npos) << line;
  }
}

// A random map points within 4 pixels of an object in about a fifth of the pictures; of n pictures
// that share has a standard deviation of sqrt(0.2 0.8 / n).
void expect_better_pointing_than_chance(const Table& table) {
  const double sigma = std::sqrt(0.2 * 0.8 / kPictures);
  EXPECT_NEAR(table.mean("random map", "", "pointing"), 0.2, 3 * sigma);
  for (const char* method : {"cam", "grad-cam", "guided-grad-cam", "occlusion", "gradient",
                             "smoothgrad", "integrated-gradients", "guided-backprop"}) {
    EXPECT_GT(table.mean(method, "trained", "pointing"), 0.2 + 3 * sigma) << method;
  }
  // A random map is even: its energy is the mask's share of the picture, on average about 9 %.
  EXPECT_NEAR(table.mean("random map", "", "energy_inside"), 0.09, 0.03);
  EXPECT_GT(table.mean("grad-cam", "trained", "energy_inside"),
            2 * table.mean("random map", "", "energy_inside"));
}

void expect_better_curves_than_chance(const Table& table) {
  for (const char* method : {"cam", "grad-cam", "occlusion"}) {
    EXPECT_LT(table.mean(method, "trained", "deletion"), table.mean("random map", "", "deletion"))
        << method;
    EXPECT_GT(table.mean(method, "trained", "insertion"), table.mean("random map", "", "insertion"))
        << method;
  }
}

// Adebayo et al. 2018: guided backpropagation shows nearly the same when the upper layers, which
// decide, have random weights; Grad-CAM does not.
void expect_guided_backprop_to_mind_weights_least(const Table& table) {
  for (const char* what : {"rank_correlation_last", "rank_correlation_upper_half"}) {
    const double guided = table.mean("guided-backprop", "trained", what);
    EXPECT_GT(guided, table.mean("gradient", "trained", what) + 0.1) << what;
    EXPECT_GT(guided, table.mean("grad-cam", "trained", what) + 0.1) << what;
  }
  EXPECT_GT(table.mean("guided-backprop", "trained", "rank_correlation_last"), 0.9);
}

TEST(EvaluateApp, TableIsWhatOneMustExpect) {
  const fs::path folder =
      fs::temp_directory_path() / ("evaluate_test_" + std::to_string(::getpid()));
  const std::string result = folder.string() + ".json";
  const Outcome outcome = run({"--count", std::to_string(kPictures), "--step", "1024", "--json",
                               result, "--out", folder.string()});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::ifstream file(result);
  const Json json = Json::parse(file);

  EXPECT_EQ(json["rows"].size(), 22U);
  EXPECT_EQ(json["count"], kPictures);
  EXPECT_GT(json["accuracy"].get<double>(), 0.95);
  EXPECT_EQ(json["provenance"]["device"], "cpu");
  expect_every_row(outcome.out);
  const Table table(json);
  expect_better_pointing_than_chance(table);
  expect_better_curves_than_chance(table);
  expect_guided_backprop_to_mind_weights_least(table);
  for (const char* name : {"maps_trained.png", "maps_upper_half_random.png", "maps_random.png"}) {
    EXPECT_EQ(load_image((folder / name).string()).shape(), (Shape{1, 3, 8 * 66 - 2, 14 * 66 - 2}));
  }
  fs::remove_all(folder);
  fs::remove(result);
}

TEST(EvaluateApp, SameNumbersTwice) {
  const std::vector<std::string> few{"--count", "8",         "--step",
                                     "2048",    "--methods", "smoothgrad,grad-cam"};
  const Outcome first = run(few), second = run(few);
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.out, second.out);
}

void expect_refusal(const Outcome& outcome, const std::string& part) {
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
  EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
}

TEST(EvaluateApp, RefusesWhatMakesNoSense) {
  expect_refusal(run({"--count", "7"}), "--count");
  expect_refusal(run({"--step", "0"}), "--step");
  expect_refusal(run({"--step", "4097"}), "--step");
  expect_refusal(run({"--blur", "0"}), "--blur");
  expect_refusal(run({"--tolerance", "-1"}), "--tolerance");
  expect_refusal(run({"--weights", "random:1", "--model", "resnet20_cifar10"}), "10 classes");
  expect_refusal(run({"--methods", "cam,lime"}), "--methods 'lime'");
  expect_refusal(run({"--weights", "shape"}), "--weights 'shape'");
}

}  // namespace
}  // namespace phosphene::test
