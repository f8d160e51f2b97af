// occlusion with real weights and a photograph of a dog beside a cat.
#include <nlohmann/json.hpp>

#include "phosphene/npy.hpp"
#include "tests/apps/occlusion_app.hpp"

namespace phosphene::test {
namespace {

class OcclusionData : public OcclusionApp {
 protected:
  void SetUp() override {
    if (data_folder("weights").empty() || data_folder("images").empty()) {
      GTEST_SKIP() << "no test data: PHOSPHENE_DATA names no folder with weights/ and images/";
    }
    flags_["--image"] = data_folder("images") / "photos" / "cat_dog.png";
    flags_["--model"] = "squeezenet1_1";
    flags_["--weights"] = data_folder("weights") / "squeezenet1_1.safetensors";
    flags_["--patch"] = "65";
    flags_["--stride"] = "54";
  }
  /// The sum of the drops above 0 in the upper and in the lower half of the photograph.
  std::pair<double, double> halves(const std::string& target) {
    flags_["--class"] = target;
    const Outcome outcome = run();
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const HostArray map = load_npy(out("cat_dog.npy"));
    std::pair<double, double> sums;
    for (std::size_t i = 0; i < map.values.size(); ++i) {
      (i < map.values.size() / 2 ? sums.first : sums.second) +=
          std::max(0.0, static_cast<double>(map.values[i]));
    }
    return sums;
  }
};

TEST_F(OcclusionData, HidingTheDogHurtsTheDogAndTheCatTheCat) {
  const auto [dog_above, dog_below] = halves("243");
  EXPECT_GT(dog_above, dog_below);
  const auto [cat_above, cat_below] = halves("282");
  EXPECT_GT(cat_below, cat_above);
}

}  // namespace
}  // namespace phosphene::test
