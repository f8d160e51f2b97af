// What reports say of a run in words and pictures, and the runs that are read back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/checksum.hpp"
#include "apps/journal.hpp"
#include "apps/robust/pictures.hpp"
#include "apps/robust/runs.hpp"
#include "apps/robust/setup.hpp"
#include "phosphene/tensor.hpp"
#include "tests/apps/robust_records.hpp"

namespace apps {
namespace {

using phosphene::Tensor;
using testing::HasSubstr;

TEST(Headings, SayTheMaskAndWhatASuiteRunsWith) {
  const nlohmann::json setup =
      setup_of_journal({{"--method", "autoattack"},
                        {"--mask", "file 1a2b"},
                        {"share of free pixels", 0.125},
                        {"--square", {{"queries", 5000}, {"restarts", 1}}}});
  EXPECT_EQ(heading(setup),
            "network: autoattack, linf, square (queries 5000, restarts 1), mask file 1a2b, 12.5 % "
            "of the pixels free");
  nlohmann::json bare = setup;
  bare["options"] = {{"square", {{"restarts", 0}}}};
  EXPECT_THAT(heading(bare), HasSubstr("linf, square, mask"));
  EXPECT_EQ(setup_of_report(setup)["mask"], setup["mask"]);
  EXPECT_TRUE(setup_of_journal({{"--mask", ""}})["mask"].is_null());
}

TEST(Grids, SayTheTargetAndWhetherItIsShown) {
  EXPECT_EQ(caption("tabby cat", 0.981), "tabby cat 98.1 %");
  EXPECT_EQ(caption("class 56", 0.585), "class 56: 58.5 %");
  const auto drawn = [](const std::string& target, bool fooled) {
    std::vector<Pair> pairs(1);
    pairs[0].image = Tensor::host({1, 3, 2, 2});
    pairs[0].attacked = Tensor::host({1, 3, 2, 2});
    for (Tensor* image : {&pairs[0].image, &pairs[0].attacked})
      std::fill_n(image->data(), 12, 0.5F);
    pairs[0].target = target;
    pairs[0].fooled = fooled;
    const Tensor picture = grid_picture("", pairs);
    return std::vector<float>(picture.data(), picture.data() + picture.count());
  };
  EXPECT_TRUE(drawn("disc", true) != drawn("", true));
  EXPECT_TRUE(drawn("disc", true) != drawn("disc", false));
}

TEST(Runs, OfAnotherProgramAreRefusedByItsName) {
  const std::string path = testing::TempDir() + "of_certify.jsonl";
  Json header{{"app", "certify"}, {"journal", 1}};
  header["crc32"] = crc32(journal_text(header));
  std::ofstream(path) << journal_text(header) << "\n";
  EXPECT_THAT(refusal([&] { read_run(path, ""); }),
              HasSubstr("line 1 is of the program certify, expected attack"));
  std::filesystem::remove(path);
}

// What one journal has done and another has as failed is one item.
TEST(Runs, CountAnItemOnce) {
  const std::string folder = testing::TempDir() + "two_journals";
  std::filesystem::create_directory(folder);
  const Json header{{"app", "attack"},
                    {"journal", 1},
                    {"items", {{"count", 2}}},
                    {"settings", {{"--method", "pgd"}, {"--norm", "linf"}}}};
  const auto write = [&](const std::string& name, Json item) {
    std::ofstream file(folder + "/" + name);
    for (Json line : {header, std::move(item)}) {
      line["crc32"] = crc32(journal_text(line));
      file << journal_text(line) << "\n";
    }
  };
  write("journal-0-of-1.jsonl", {{"item", 0}, {"record", Json(to_json(right(0.1, true)))}});
  write("journal-0-of-2.jsonl", {{"item", 0}, {"error", "cannot be read"}});
  EXPECT_THAT(refusal([&] { read_run(folder, ""); }), HasSubstr("holds 1 of 2 items"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace apps
