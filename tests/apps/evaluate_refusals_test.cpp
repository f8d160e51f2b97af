// What evaluate says before it computes anything.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/apps/run_app.hpp"
#include "tests/formats/support.hpp"

namespace phosphene::test {
namespace {

class EvaluateRefuses : public InFolder {
 protected:
  static void expect_refusal(const std::vector<std::string>& arguments, int code,
                             const std::vector<std::string>& parts) {
    const Outcome outcome = run_app(EVALUATE, arguments);
    EXPECT_EQ(outcome.code, code);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    for (const std::string& part : parts) {
      EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
    }
  }
};

TEST_F(EvaluateRefuses, OtherSizesThanThePictures) {
  expect_refusal({"--input-size", "32", "--out", path("maps")}, 2, {"--input-size 32", "64"});
  EXPECT_FALSE(std::filesystem::exists(path("maps")));
}

TEST_F(EvaluateRefuses, AFileForAFolder) {
  write("maps", Bytes{1});
  expect_refusal({"--device", "cpu", "--out", path("maps")}, 1, {"--out", path("maps"), "folder"});
}

}  // namespace
}  // namespace phosphene::test
