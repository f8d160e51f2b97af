// certify as a user runs it, on the bundled classifier and its pictures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "phosphene/npy.hpp"
#include "phosphene/tensor.hpp"
#include "tests/apps/run_app.hpp"
#include "tests/formats/support.hpp"

namespace phosphene::test {
namespace {

using Json = nlohmann::json;
using Arguments = std::vector<std::string>;

class CertifyApp : public InFolder {
 protected:
  Outcome certify(const Arguments& first, const std::string& out,
                  const Arguments& more = {}) const {
    Arguments arguments = first;
    arguments.insert(arguments.end(),
                     {"--weights", "shapes", "--device", "cpu", "--out", path(out)});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_app(CERTIFY, arguments);
  }

  /// The records of a journal by item.
  std::vector<Json> records(const std::string& out) const {
    const Bytes bytes = read(out + "/journal-0-of-1.jsonl");
    std::istringstream lines(std::string(bytes.begin(), bytes.end()));
    std::vector<Json> found;
    std::string line;
    while (std::getline(lines, line)) {
      Json json = Json::parse(line);
      if (json.contains("record")) found.push_back(std::move(json));
    }
    std::ranges::sort(found, {}, [](const Json& json) { return json["item"].get<int>(); });
    for (Json& json : found) json = json["record"];
    return found;
  }

  Json json(const std::string& name) const { return Json::parse(read(name)); }
};

TEST_F(CertifyApp, BoundsGoFromCleanAccuracyDown) {
  const Arguments flags{"ibp", "--data", "shapes:2:12", "--epsilons", "0,0.00001,1/255"};
  const Outcome outcome = certify(flags, "a", {"--json", path("a.json")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("resnet8_shapes, data shapes:2:12: ibp, linf\n\n| epsilon | images | "
                             "clean % | certified % |"),
            std::string::npos);
  const std::vector<Json> found = records("a");
  ASSERT_EQ(found.size(), 36U);
  for (std::size_t image = 0; image < 12; ++image) {
    double above = INFINITY;
    for (std::size_t k = 0; k < 3; ++k) {  // an image's epsilons are items side by side
      const Json& record = found[3 * image + k];
      const double margin = record["margin"].is_null() ? -INFINITY : record["margin"].get<double>();
      EXPECT_EQ(record["certified"].get<bool>(), margin > 0);
      if (margin > 0) {
        EXPECT_EQ(record["clean"], record["label"]);
      }
      EXPECT_LT(margin, above);
      above = margin;
    }
  }
  const Json report = json("a.json");
  EXPECT_EQ(report["certified"].size(), 3U);
  EXPECT_EQ(report["certified"][2]["clean_accuracy"], 1);
  EXPECT_EQ(report["certified"][2]["certified_accuracy"], 0);  // not trained for it
  EXPECT_EQ(report["certified"][0]["certified_accuracy_interval"].size(), 2U);
  EXPECT_TRUE(report["provenance"].contains("command"));
  for (const char* field : {"model", "weights_fingerprint", "data", "data_fingerprint"}) {
    EXPECT_NE(report[field], "") << field;
  }
}

TEST_F(CertifyApp, ShardsAreTheSame) {
  const Arguments ibp{"ibp", "--data", "shapes:2:5", "--epsilons", "0,1/255", "--batch", "2"};
  const Arguments smooth{"smooth", "--data", "shapes:2:3", "--n", "40",
                         "--n0",   "8",      "--batch",    "8"};
  for (const Arguments& flags : {ibp, smooth}) {
    const std::string name = flags[0];
    ASSERT_EQ(certify(flags, name + "-whole").code, 0);
    for (const std::string shard : {"0/2", "1/2"}) {
      const Outcome outcome = certify(flags, name + "-parts", {"--shard", shard});
      ASSERT_EQ(outcome.code, 0) << outcome.err;
    }
    for (const std::string kind : {"-whole", "-parts"}) {
      const Outcome outcome =
          run_app(MERGE, {path(name + kind), "--out", path(name + kind + ".jsonl")});
      ASSERT_EQ(outcome.code, 0) << outcome.err;
    }
    EXPECT_EQ(read(name + "-whole.jsonl"), read(name + "-parts.jsonl"));
  }
}

TEST_F(CertifyApp, SmoothsAndTakesUpWhereItWas) {
  const Arguments flags{"smooth", "--data",  "shapes:2:4", "--sigma", "0.1",  "--n",
                        "120",    "--n0",    "20",         "--alpha", "0.01", "--radii",
                        "0,0.05", "--batch", "40",         "--seed",  "3"};
  const Outcome outcome = certify(flags, "s", {"--json", path("s.json")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::vector<Json> found = records("s");
  ASSERT_EQ(found.size(), 4U);
  for (const Json& record : found) {
    EXPECT_EQ(record["radius"].get<double>() > 0, record["prediction"].get<int>() >= 0);
    EXPECT_LE(record["agreeing"].get<int>(), 120);
  }
  const Json report = json("s.json");
  EXPECT_EQ(report["images"], 4);
  EXPECT_EQ(report["certified"].size(), 2U);
  EXPECT_TRUE(report.contains("abstained_interval"));
  const std::string head =
      "resnet8_shapes, data shapes:2:4: smooth, l2, sigma 0.1, n 120, alpha 0.01\n\n| |";
  EXPECT_NE(outcome.out.find(head), std::string::npos) << outcome.out;
  const Bytes journal = read("s/journal-0-of-1.jsonl");
  const Outcome again = certify(flags, "s");
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, outcome.out);
  EXPECT_EQ(read("s/journal-0-of-1.jsonl"), journal);
  Arguments other = flags;
  other[4] = "0.2";
  const Outcome refused = certify(other, "s");
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("--sigma"), std::string::npos) << refused.err;
}

/// 20 draws of sigma 0.1 prove 0.0545 at most at alpha 0.001.
TEST_F(CertifyApp, LeavesOutRadiiThatTheDrawsCannotProve) {
  Arguments flags{"smooth", "--data", "shapes:2:1", "--sigma", "0.1", "--n",
                  "20",     "--n0",   "4",          "--batch", "20"};
  const Outcome usual = certify(flags, "s");
  ASSERT_EQ(usual.code, 0) << usual.err;
  EXPECT_NE(usual.out.find("certified to L2 0 |"), std::string::npos) << usual.out;
  EXPECT_EQ(usual.out.find("certified to L2 0.1"), std::string::npos) << usual.out;
  flags.insert(flags.end(), {"--radii", "0.05,0.06", "--json", path("s.json")});
  const Outcome asked = certify(flags, "s");
  ASSERT_EQ(asked.code, 0) << asked.err;
  EXPECT_NE(asked.out.find("to L2 0.05 |"), std::string::npos) << asked.out;
  EXPECT_NE(asked.out.find("to L2 0.06 (beyond what --n draws can prove) |"), std::string::npos)
      << asked.out;
  EXPECT_EQ(json("s.json")["certified"][0]["provable"], true);
  EXPECT_EQ(json("s.json")["certified"][1]["provable"], false);
}

TEST_F(CertifyApp, RefusesInOneLine) {
  const auto refusal = [&](const Arguments& flags, const std::vector<std::string>& parts) {
    const Outcome outcome = certify(flags, "r");
    EXPECT_EQ(outcome.code, 2) << outcome.out;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    for (const std::string& part : parts) {
      EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
    }
    EXPECT_FALSE(std::filesystem::exists(path("r")));
  };
  const std::string data = "shapes:2:2";
  refusal({}, {"expected one of smooth, ibp first"});
  refusal({"smoth"}, {"expected one of smooth, ibp first"});
  refusal({"smooth", "--data", data, "--sigmas", "1"}, {"--sigmas: no such flag; near: --sigma, "});
  refusal({"ibp"}, {"--data"});
  refusal({"ibp", "--data", data, "--eps", "8"}, {"--eps '8'", "8/255"});
  refusal({"ibp", "--data", data, "--eps", "-1/255"}, {"--eps '-1/255'", "negative"});
  refusal({"ibp", "--data", data, "--eps", "0.1", "--epsilons", "0.1"}, {"expected one of them"});
  refusal({"ibp", "--data", data, "--epsilons", "1:2"}, {"--epsilons '1:2'", "FROM:TO:STEP"});
  refusal({"ibp", "--data", data, "--limit", "0"}, {"--limit '0'", "1 or more"});
  refusal({"ibp", "--data", data, "--batch", "0"}, {"--batch '0'"});
  refusal({"smooth", "--data", data, "--sigma", "0"}, {"--sigma '0'", "above 0"});
  refusal({"smooth", "--data", data, "--sigma", "wide"}, {"--sigma 'wide'"});
  refusal({"smooth", "--data", data, "--n0", "0"}, {"--n0 '0'", "1 or more"});
  refusal({"smooth", "--data", data, "--n", "0"}, {"--n '0'", "1 or more"});
  refusal({"smooth", "--data", data, "--alpha", "1"}, {"--alpha '1'", "between 0 and 1"});
  refusal({"smooth", "--data", data, "--sigma", "64"}, {"--sigma '64'", "[0,1]", "it is 64/255"});
  refusal({"smooth", "--data", data, "--sigma", "64/25"}, {"--sigma '64/25'", "at most 2"});
  refusal({"smooth", "--data", data, "--n", "9"}, {"--n 9", "--alpha 0.001", "expected 10 or"});
  // 0.5^3 is 1/8: that three draws agree makes one half, and not more.
  refusal({"smooth", "--data", data, "--n", "3", "--alpha", "0.125"}, {"expected 4 or"});
  refusal({"smooth", "--data", data, "--radii", "-1"}, {"--radii '-1'", "negative"});
}

/// GoogLeNet of random weights: its first LRN is named.
TEST_F(CertifyApp, RefusesLrnByItsLayersName) {
  Tensor image = Tensor::host({1, 3, 64, 64});
  std::fill_n(image.data(), image.count(), 0.5F);
  save_npy(path("x.npy"), image);
  const std::vector<std::uint8_t> label{7};
  save_npy(path("y.npy"), label, {1});
  const Outcome outcome =
      run_app(CERTIFY, {"ibp", "--data", path("x.npy") + "," + path("y.npy"), "--model",
                        "googlenet_bvlc", "--weights", "random:1", "--input-size", "64", "--device",
                        "cpu", "--out", path("r")});
  EXPECT_EQ(outcome.code, 2) << outcome.err;
  EXPECT_NE(outcome.err.find("layer 'pool1/norm1' (Lrn): no interval bounds go through it"),
            std::string::npos)
      << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(path("r")));
}

}  // namespace
}  // namespace phosphene::test
