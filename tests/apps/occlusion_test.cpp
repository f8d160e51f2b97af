// occlusion, as a user runs it.
#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "phosphene/image.hpp"
#include "phosphene/npy.hpp"
#include "tests/apps/occlusion_app.hpp"

namespace phosphene::test {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

class OcclusionRuns : public OcclusionApp {
 protected:
  /// Runs and returns the record that it prints.
  Json record() const {
    const Outcome outcome = run();
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return Json::parse(outcome.out, nullptr, false);
  }
  std::vector<float> grid() const { return load_npy(out("photo-grid.npy")).values; }
};

TEST_F(OcclusionRuns, WritesMapGridAndPicture) {
  const Json json = record();
  EXPECT_THAT(written(), ElementsAre("photo-grid.npy", "photo.jsonl", "photo.npy", "photo.png"));
  const HostArray drops = load_npy(out("photo-grid.npy")), map = load_npy(out("photo.npy"));
  EXPECT_THAT(drops.shape, ElementsAre(5, 5));  // ceil((32 - 9) / 7) + 1
  EXPECT_THAT(map.shape, ElementsAre(48, 60));
  EXPECT_EQ(load_image(out("photo.png")).shape(), (Shape{1, 3, 48, 60}));
  // The network saw the 48 x 48 pixels in the middle.
  for (std::size_t y = 0; y < 48; ++y) {
    EXPECT_EQ(map.values[y * 60 + 5], 0);
    EXPECT_NE(map.values[y * 60 + 6], 0);
    EXPECT_EQ(map.values[y * 60 + 54], 0);
  }
  const auto largest = std::ranges::max_element(drops.values);
  const auto at = largest - drops.values.begin();
  EXPECT_EQ(json["class"], json["predicted"]);
  EXPECT_FLOAT_EQ(json["largest_drop"].get<float>(), *largest);
  EXPECT_EQ(json["at"], Json::array({at / 5, at % 5}));
  EXPECT_EQ(json["window"],
            Json::array({at / 5 * 7, at % 5 * 7, at / 5 == 4 ? 4 : 9, at % 5 == 4 ? 4 : 9}));
  EXPECT_GT(json["score"], 0);
  EXPECT_LT(json["score"], 1);
  EXPECT_FALSE(json.contains("label"));
}

TEST_F(OcclusionRuns, ClassesByNumberAndByName) {
  flags_["--class"] = "4";
  const Json number = record();
  EXPECT_EQ(number["class"], 4);
  const std::vector<float> drops = grid();
  flags_["--labels"] = "a,b,c,d,tiger cat,f,g,h,i,j";
  flags_["--class"] = "Tiger cat";
  const Json name = record();
  EXPECT_EQ(name["class"], 4);
  EXPECT_EQ(name["label"], "tiger cat");
  EXPECT_EQ(grid(), drops);
}

TEST_F(OcclusionRuns, BothEnginesAgree) {
  flags_["--score"] = "logit";
  for (const char* baseline : {"grey", "noise"}) {
    flags_["--baseline"] = baseline;
    flags_["--engine"] = "dense";
    record();
    const std::vector<float> dense = grid();
    flags_["--engine"] = "incremental";
    record();
    // A logit is a sum of 320 products of about 1.
    EXPECT_THAT(grid(), Pointwise(FloatNear(2e-5F), dense));
  }
}

TEST_F(OcclusionRuns, BaselinesDiffer) {
  write_picture(path("other.png"), 50, 50, 7);
  std::set<std::vector<float>> all;
  const std::vector<std::string> baselines{"grey", "zero",        "blur:2",         "noise",
                                           "mean", "0.1,0.9,0.3", path("other.png")};
  for (const std::string& baseline : baselines) {
    flags_["--baseline"] = baseline;
    record();
    all.insert(grid());
  }
  EXPECT_EQ(all.size(), baselines.size());
  flags_["--baseline"] = "0.5,0.5,0.5";
  record();
  EXPECT_TRUE(all.contains(grid())) << "a grey colour is not grey";
}

TEST_F(OcclusionRuns, DropsMayBeRelative) {
  const Json json = record();
  const std::vector<float> drops = grid();
  flags_["--relative"] = "on";
  record();
  std::vector<float> relative;
  for (float drop : drops) relative.push_back(drop / json["score"].get<float>());
  EXPECT_THAT(grid(), Pointwise(FloatNear(1e-5F), relative));
}

TEST_F(OcclusionRuns, DarkerIsALargerDrop) {
  flags_["--opacity"] = "1";
  record();
  const std::vector<float> map = load_npy(out("photo.npy")).values;
  std::size_t most = 6, least = 6;  // of what the network saw
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (i % 60 < 6 || i % 60 >= 54) continue;
    if (map[i] > map[most]) most = i;
    if (map[i] < map[least]) least = i;
  }
  // From no drop on it is white.
  const float lightest = 1 - std::max(map[least], 0.0F) / map[most];
  const Tensor dark = load_image(out("photo.png"));
  EXPECT_EQ(dark.data()[most], 0);
  EXPECT_NEAR(dark.data()[least], lightest, 0.5 / 255);
  EXPECT_EQ(dark.data()[5], load_image(path("photo.png")).data()[5]) << "not seen, yet coloured";
  flags_["--invert"] = "on";
  record();
  const Tensor light = load_image(out("photo.png"));
  EXPECT_EQ(light.data()[most], 1);
  EXPECT_NEAR(light.data()[least], 1 - lightest, 0.5 / 255);
}

/// Windows that show what was there before: no drop, and no colour.
TEST_F(OcclusionRuns, WhereNothingMattersNothingIsDark) {
  flags_["--baseline"] = path("photo.png");
  flags_["--opacity"] = "1";
  flags_["--engine"] = "dense";
  flags_["--batch"] = "1";
  EXPECT_EQ(record()["largest_drop"], 0);
  const Tensor picture = load_image(out("photo.png"));
  for (std::size_t x = 6; x < 54; ++x) EXPECT_EQ(picture.data()[24 * 60 + x], 1) << x;
}

TEST_F(OcclusionRuns, ExplainsItsChoice) {
  flags_["--explain"] = "on";
  flags_["--engine"] = "dense";
  flags_["--batch"] = "6";
  flags_["--json"] = path("report.json");
  const Outcome outcome = run();
  EXPECT_EQ(outcome.code, 0);
  for (const char* part :
       {"25 windows", "dense ", "incremental ", "GFLOP", "taken: dense, batch 6 (asked for)"}) {
    EXPECT_THAT(outcome.err, HasSubstr(part));
  }
  const auto bytes = read("report.json");
  const Json report = Json::parse(bytes.begin(), bytes.end());
  EXPECT_EQ(report["plan"]["windows"], 25);
  EXPECT_EQ(report["device"]["batch"], 6);
  EXPECT_EQ(report["settings"]["--patch"], "9");
  EXPECT_EQ(report["exit_code"], 0);
  EXPECT_FALSE(report["provenance"].contains("batch"));
}

TEST_F(OcclusionRuns, SameBytesTwice) {
  flags_["--baseline"] = "noise";
  flags_["--seed"] = "5";
  std::map<std::string, Bytes> first;
  record();
  for (const std::string& name : written()) first[name] = read("out/" + name);
  record();
  for (const std::string& name : written()) EXPECT_EQ(read("out/" + name), first[name]) << name;
  flags_["--seed"] = "6";
  record();
  EXPECT_NE(read("out/photo-grid.npy"), first["photo-grid.npy"]);
}

TEST_F(OcclusionRuns, BatchOfOneOrSeven) {
  flags_["--engine"] = "dense";
  flags_["--batch"] = "1";
  record();
  const std::vector<float> one = grid();
  flags_["--batch"] = "7";
  record();
  EXPECT_THAT(grid(), Pointwise(FloatNear(1e-6F), one));  // probabilities: fp32 rounding
}

// --- sweeps --------------------------------------------------------------------------------------

class OcclusionSweeps : public OcclusionRuns {
 protected:
  OcclusionSweeps() {
    std::filesystem::create_directory(path("photos"));
    write_picture(path("photos/a.png"), 40, 33, 2);
    write_picture(path("photos/b.png"), 32, 32, 3);
    flags_.erase("--image");
    flags_["--images"] = path("photos");
  }
};

TEST_F(OcclusionSweeps, GoOnWithTheBatchThatTheyBeganWith) {
  flags_["--engine"] = "dense";
  flags_["--batch"] = "6";
  ASSERT_EQ(run().code, 0);
  flags_.erase("--batch");
  flags_.erase("--engine");
  const Outcome again = run();
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.err.find("another device"), std::string::npos) << again.err;
}

TEST_F(OcclusionSweeps, AreRefusedWithOtherFlags) {
  flags_["--engine"] = "dense";
  flags_["--batch"] = "5";
  ASSERT_EQ(run().code, 0);
  for (const auto& [flag, value] : std::map<std::string, std::string>{{"--patch", "8"},
                                                                      {"--baseline", "zero"},
                                                                      {"--weights", "random:4"},
                                                                      {"--class", "2"},
                                                                      {"--engine", "incremental"},
                                                                      {"--batch", "7"}}) {
    const auto before = flags_;
    flags_[flag] = value;
    if (value == "incremental") flags_.erase("--batch");
    const Outcome other = run();
    EXPECT_EQ(other.code, 2);
    EXPECT_THAT(other.err, HasSubstr("is of another sweep: "));
    EXPECT_THAT(other.err, HasSubstr(flag));
    flags_ = before;
  }
}

TEST_F(OcclusionSweeps, KeyTheNoiseByTheImage) {
  std::filesystem::remove(path("photos/a.png"));
  std::filesystem::copy(path("photos/b.png"), path("photos/a.png"));
  flags_["--baseline"] = "noise";
  ASSERT_EQ(run().code, 0);
  EXPECT_NE(read("out/a-grid.npy"), read("out/b-grid.npy"));
}

}  // namespace
}  // namespace phosphene::test
