// style_transfer with real weights and photographs, as a user runs it.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "phosphene/image.hpp"
#include "tests/apps/style_transfer_app.hpp"

namespace phosphene::test {
namespace {

using Json = nlohmann::json;

class StyleTransferData : public StyleTransferApp {
 protected:
  void SetUp() override {
    if (data_folder("weights").empty() || data_folder("images").empty()) {
      GTEST_SKIP() << "no test data: PHOSPHENE_DATA names no folder with weights/ and images/";
    }
    flags_["--content"] = {data_folder("images") / "photos" / "tubingen.jpg"};
    flags_["--style"] = {data_folder("images") / "styles" / "starry_night_google.jpg"};
    flags_["--out"] = {"o.png"};
    flags_["--json"] = {"o.json"};
  }

  /// Runs in out/ and returns the report.
  Json paint(const std::string& model, const std::string& weights) {
    flags_["--model"] = {model};
    flags_["--weights"] = {data_folder("weights") / (weights + ".safetensors")};
    const Outcome outcome = run({.folder = path("out")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    std::ifstream file(out("o.json"));
    return Json::parse(file, nullptr, false);
  }
};

TEST_F(StyleTransferData, TheLossFallsTwentyfold) {
  flags_["--size"] = {"160"};
  flags_["--iterations"] = {"60"};
  flags_["--init"] = {"noise"};
  flags_["--seed"] = {"3"};
  const Json json = paint("vgg19", "vgg19_16x_SE5");
  ASSERT_TRUE(json.contains("losses")) << json;
  const Json &first = json["losses"].front(), &last = json["losses"].back();
  EXPECT_EQ(first["iteration"], 1);
  EXPECT_EQ(last["iteration"], 60);
  for (const char* loss : {"total", "style"}) {
    EXPECT_LT(20 * last[loss].get<double>(), first[loss].get<double>()) << loss;
  }
  EXPECT_EQ(json["provenance"]["seed"], 3);
  EXPECT_EQ(json["provenance"]["device"], "cpu");
  const Shape shape = load_image(out("o.png")).shape();
  EXPECT_EQ(std::max(shape.w, shape.h), 160);
  EXPECT_EQ(written(), (std::vector<std::string>{"o.json", "o.png"}));
}

TEST_F(StyleTransferData, Vgg16OfFullWidth) {
  flags_["--size"] = {"48"};
  const Json json = paint("vgg16", "vgg16_hed");
  EXPECT_LT(json["losses"].back()["total"], json["losses"].front()["total"]);
}

TEST_F(StyleTransferData, Vgg19ThatEndsEarly) {
  flags_["--size"] = {"48"};
  flags_["--style-layers"] = {"relu1_1,relu2_1,relu3_1"};
  flags_["--content-layers"] = {"relu3_1"};
  const Json json = paint("vgg19", "vgg19_normalised_to_relu3_1");
  EXPECT_LT(json["losses"].back()["total"], json["losses"].front()["total"]);
}

}  // namespace
}  // namespace phosphene::test
