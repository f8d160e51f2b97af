// What style_transfer does with good input. Its numbers are proven elsewhere (engine, golden); here
// stands that each flag reaches them.
#include <nlohmann/json.hpp>

#include "phosphene/image.hpp"
#include "phosphene/version.hpp"
#include "tests/apps/style_transfer_app.hpp"

namespace phosphene::test {
namespace {

using Json = nlohmann::json;

class StyleTransfer : public StyleTransferApp {
 protected:
  /// Runs, expects success and the picture, and returns its bytes.
  Bytes paint() {
    const Outcome outcome = run();
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, out("o.png") + "\n");
    return read("out/o.png");
  }

  /// The same, and returns the report of --json.
  Json report() {
    flags_["--json"] = {out("o.json")};
    paint();
    std::ifstream file(out("o.json"));
    return Json::parse(file, nullptr, false);
  }

  /// What --json says of the loss `name` at the first iteration.
  double first(const std::string& name) { return report()["losses"][0][name].get<double>(); }

  std::pair<std::int64_t, std::int64_t> painted_size() {
    paint();
    const Shape shape = load_image(out("o.png")).shape();
    return {shape.w, shape.h};
  }
};

using Size = std::pair<std::int64_t, std::int64_t>;

TEST_F(StyleTransfer, LeavesThePictureAndTheReportAlone) {
  report();
  EXPECT_EQ(written(), (std::vector<std::string>{"o.json", "o.png"}));
}

TEST_F(StyleTransfer, ReportsWhatMadeThePicture) {
  flags_["--iterations"] = {"20"};
  flags_["--seed"] = {"3"};
  const Json json = report();
  const Json& made_by = json["provenance"];
  EXPECT_EQ(made_by["version"], version());
  EXPECT_EQ(made_by["device"], "cpu");
  EXPECT_EQ(made_by["precision"], "fp32");
  EXPECT_EQ(made_by["seed"], 3);
  EXPECT_EQ(made_by["command"][0], STYLE_TRANSFER);
  EXPECT_NE(made_by["libraries"].get<std::string>().find("oneDNN"), std::string::npos);
  EXPECT_EQ(json["size"], (Json{32, 26}));  // 40x32 at 32: 32 / 40 * 32 = 25.6
  EXPECT_EQ(json["iterations"], 20);
  EXPECT_EQ(json["interrupted"], false);
  EXPECT_GT(json["peak_bytes"], 0);
  std::vector<int> iterations;
  for (const Json& loss : json["losses"]) {
    iterations.push_back(loss["iteration"]);
    const double sum =
        loss["content"].get<double>() + loss["style"].get<double>() + loss["tv"].get<double>();
    EXPECT_DOUBLE_EQ(loss["total"].get<double>(), sum);
  }
  EXPECT_EQ(iterations, (std::vector<int>{1, 10, 20}));
}

TEST_F(StyleTransfer, TellsTheCostAndTheProgressOnStderr) {
  const Outcome outcome = run();
  for (const char* part : {"GiB (", " are free) and ", "1/3  32x26  loss ", "3/3  32x26  loss "}) {
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
  }
}

TEST_F(StyleTransfer, SameCommandGivesTheSameBytes) {
  flags_["--iterations"] = {"12"};
  const Bytes once = paint();
  EXPECT_EQ(paint(), once);
  flags_["--seed"] = {"1"};
  EXPECT_NE(paint(), once);
}

TEST_F(StyleTransfer, OddSizes) {
  write_picture(path("content.png"), 45, 31, 1);
  flags_["--size"] = {"37"};
  EXPECT_EQ(painted_size(), (Size{37, 25}));  // 31 * 37 / 45 = 25.5, just below
}

TEST_F(StyleTransfer, FullSizeIsTheContentsOwn) {
  flags_["--size"] = {"full"};
  EXPECT_EQ(painted_size(), (Size{40, 32}));
}

TEST_F(StyleTransfer, StyleOfAnotherShape) {
  write_picture(path("style.png"), 23, 48, 2);
  flags_["--size"] = {"full"};
  EXPECT_EQ(painted_size(), (Size{40, 32}));
}

TEST_F(StyleTransfer, WritesJpegAndReplacesWhatWasThere) {
  flags_["--out"] = {write("out/o.jpg", Bytes(10))};
  EXPECT_EQ(run().code, 0);
  EXPECT_EQ(load_image(out("o.jpg")).shape(), (Shape{1, 3, 26, 32}));
  EXPECT_EQ(written(), std::vector<std::string>{"o.jpg"});
}

TEST_F(StyleTransfer, StartsFromTheContent) {
  flags_["--init"] = {"content"};
  EXPECT_EQ(first("content"), 0);
  const Bytes picture = read("out/o.png");
  flags_["--init"] = {path("content.png")};
  EXPECT_EQ(paint(), picture);
}

TEST_F(StyleTransfer, StartsFromAFileOfAnotherSize) {
  write_picture(path("start.png"), 17, 29, 3);
  const Bytes from_noise = paint();
  flags_["--init"] = {path("start.png")};
  EXPECT_EQ(painted_size(), (Size{32, 26}));
  EXPECT_NE(read("out/o.png"), from_noise);
}

TEST_F(StyleTransfer, EveryOptimiserLowersTheLoss) {
  flags_["--iterations"] = {"30"};
  std::vector<double> last;
  for (const char* name : {"lbfgs", "adam", "gd"}) {
    flags_["--optimizer"] = {name};
    const Json losses = report()["losses"];
    EXPECT_LT(losses.back()["total"], losses[0]["total"]) << name;
    last.push_back(losses.back()["total"]);
  }
  EXPECT_NE(last[0], last[1]);
  EXPECT_NE(last[1], last[2]);
  EXPECT_NE(last[0], last[2]);
}

TEST_F(StyleTransfer, StepSizeAndHistoryReachTheOptimiser) {
  flags_["--iterations"] = {"12"};
  const Bytes usual = paint();
  flags_["--history"] = {"2"};
  EXPECT_NE(paint(), usual);
  flags_.erase("--history");
  flags_["--lr"] = {"0.5"};
  EXPECT_NE(paint(), usual);
}

TEST_F(StyleTransfer, AveragePooling) {
  const double max = first("style");
  flags_["--pooling"] = {"avg"};
  EXPECT_NE(first("style"), max);
}

TEST_F(StyleTransfer, ThreeNormalisations) {
  const double johnson = first("content");
  flags_["--normalisation"] = {"gatys"};
  const double gatys = first("content");
  flags_["--normalisation"] = {"chapter"};
  const double chapter = first("content");
  // A mean over relu4_2's 8 channels of 4x3 pixels, half a sum, a sum. The factors are rounded to
  // fp32 twice.
  EXPECT_NEAR(gatys / johnson, 8 * 4 * 3 / 2.0, 1e-4);
  EXPECT_NEAR(chapter / gatys, 2, 1e-5);
}

TEST_F(StyleTransfer, WeightsScaleTheirLosses) {
  const Json plain = report()["losses"][0];
  flags_["--content-weight"] = {"10"};  // twice the default
  flags_["--style-weight"] = {"50"};    // half
  flags_["--tv-weight"] = {"0"};
  const Json weighted = report()["losses"][0];
  EXPECT_NEAR(weighted["content"].get<double>() / plain["content"].get<double>(), 2, 1e-6);
  EXPECT_NEAR(weighted["style"].get<double>() / plain["style"].get<double>(), 0.5, 1e-6);
  EXPECT_GT(plain["tv"], 0);
  EXPECT_EQ(weighted["tv"], 0);
}

TEST_F(StyleTransfer, LayersAndTheirWeights) {
  flags_["--content-layers"] = {"relu3_1"};
  flags_["--style-layers"] = {"relu1_1"};
  const Json one = report()["losses"][0];
  flags_["--content-layers"] = {"relu3_1:4"};
  flags_["--style-layers"] = {"relu2_1"};
  const Json other = report()["losses"][0];
  EXPECT_NEAR(other["content"].get<double>() / one["content"].get<double>(), 4, 1e-5);
  flags_["--style-layers"] = {"relu1_1:0.5,relu2_1:3"};
  const double expected = 0.5 * one["style"].get<double>() + 3 * other["style"].get<double>();
  EXPECT_NEAR(first("style") / expected, 1, 1e-6);
}

TEST_F(StyleTransfer, KeepsTheColoursOfTheContent) {
  flags_["--size"] = {"full"};
  flags_["--init"] = {"content"};  // so that few pixels are clamped
  flags_["--original-colours"] = {};
  paint();
  const Tensor painted = load_image(out("o.png")), content = load_image(path("content.png"));
  const std::int64_t m = content.shape().pixels();
  const auto green_less_red = [&](const Tensor& image, std::int64_t p) {
    return image.data()[m + p] - image.data()[p];
  };
  int compared = 0;
  for (std::int64_t p = 0; p < m; ++p) {
    bool clamped = false;
    for (int c = 0; c < 3; ++c) {
      const float value = painted.data()[c * m + p];
      clamped |= value == 0 || value == 1;
    }
    if (clamped) continue;
    ++compared;
    // The luma alone changes, so all channels by as much; each is rounded to 8 bits.
    EXPECT_NEAR(green_less_red(painted, p), green_less_red(content, p), 1.01 / 255);
  }
  EXPECT_GT(compared, m / 2);
}

TEST_F(StyleTransfer, MatchesTheColoursOfTheStyle) {
  const double style = first("style"), content = first("content");
  flags_["--match-colours"] = {};
  EXPECT_NE(first("style"), style);
  EXPECT_EQ(first("content"), content);
}

TEST_F(StyleTransfer, BlendsTwoStyles) {
  write_picture(path("other.png"), 30, 41, 5);
  const double one = first("style");
  flags_["--style"] = {path("other.png")};
  const double other = first("style");
  flags_["--style"] = {path("style.png"), path("other.png")};
  EXPECT_NEAR(first("style") / (0.5 * one + 0.5 * other), 1, 1e-6);
  flags_["--style-blend"] = {"0.75,0.25"};
  EXPECT_NEAR(first("style") / (0.75 * one + 0.25 * other), 1, 1e-6);
}

TEST_F(StyleTransfer, GoesThroughTheScales) {
  flags_["--multiscale"] = {"24,28,32"};
  flags_["--iterations"] = {"8"};
  const Json json = report();
  EXPECT_EQ(json["scales"], (Json{24, 28, 32}));
  EXPECT_EQ(json["size"], (Json{32, 26}));
  EXPECT_EQ(json["iterations"], 8 + 4 + 2);
}

TEST_F(StyleTransfer, ScalesTheStyle) {
  const double style = first("style"), content = first("content");
  flags_["--style-scale"] = {"0.8"};
  EXPECT_NE(first("style"), style);
  EXPECT_EQ(first("content"), content);
}

TEST_F(StyleTransfer, ProfilersFlagsChangeNothing) {
  const Bytes plain = paint();
  flags_["--no-graph"] = {};
  flags_["--profile-iterations"] = {"1:2"};
  EXPECT_EQ(paint(), plain);
}

TEST_F(StyleTransfer, AutoWithoutAGpuTakesTheCpuAndSaysSo) {
  flags_["--device"] = {"auto"};
  const Outcome outcome = run({.environment = {{"CUDA_VISIBLE_DEVICES", ""}}});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err.find("warning: --device auto takes the CPU: "), 0) << outcome.err;
}

TEST_F(StyleTransfer, SaveEveryLeavesThePictureOfARunThatIsKilled) {
  flags_["--iterations"] = {"5000"};
  flags_["--save-every"] = {"100"};
  EXPECT_EQ(run({.signal_at = "500/5000", .signal = SIGKILL}).code, 128 + SIGKILL);
  EXPECT_EQ(load_image(out("o.png")).shape(), (Shape{1, 3, 26, 32}));
  // Killed in the middle of a save, it may have left the temporary file too.
  for (const std::string& name : written()) std::filesystem::remove(out(name));
  flags_["--save-every"] = {"0"};
  EXPECT_EQ(run({.signal_at = "500/5000", .signal = SIGKILL}).code, 128 + SIGKILL);
  EXPECT_TRUE(written().empty());
}

TEST_F(StyleTransfer, InterruptedItSavesThePicture) {
  flags_["--iterations"] = {"5000"};
  flags_["--json"] = {out("o.json")};
  const Outcome outcome = run({.signal_at = "1/5000"});
  EXPECT_EQ(outcome.code, 75);
  EXPECT_EQ(load_image(out("o.png")).shape(), (Shape{1, 3, 26, 32}));
  std::ifstream file(out("o.json"));
  const Json json = Json::parse(file, nullptr, false);
  EXPECT_EQ(json["interrupted"], true);
  EXPECT_LT(json["iterations"], 5000);
  EXPECT_EQ(written(), (std::vector<std::string>{"o.json", "o.png"}));
}

TEST(StyleTransferHelp, NamesEveryFlag) {
  const Outcome outcome = run_app(STYLE_TRANSFER, {"--help"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  for (const char* flag : {"--content ",
                           "--style ",
                           "--out ",
                           "--style-blend ",
                           "--size ",
                           "--style-scale ",
                           "--content-weight ",
                           "--style-weight ",
                           "--tv-weight ",
                           "--content-layers ",
                           "--style-layers ",
                           "--init ",
                           "--optimizer",
                           "--iterations ",
                           "--lr ",
                           "--history ",
                           "--pooling ",
                           "--normalisation",
                           "--original-colours",
                           "--match-colours",
                           "--multiscale ",
                           "--save-every ",
                           "--model ",
                           "--weights ",
                           "--device ",
                           "--precision ",
                           "--seed ",
                           "--json ",
                           "--max-megapixels ",
                           "--no-graph",
                           "--profile-iterations ",
                           "--tune",
                           "--version",
                           "--help"}) {
    EXPECT_NE(outcome.out.find(flag), std::string::npos) << flag;
  }
}

TEST(StyleTransferHelp, Version) {
  const Outcome outcome = run_app(STYLE_TRANSFER, {"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, version() + "\n");
}

}  // namespace
}  // namespace phosphene::test
