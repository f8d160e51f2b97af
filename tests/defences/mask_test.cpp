#include "phosphene/attacks/mask.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <numeric>
#include <string>
#include <vector>

#include "phosphene/error.hpp"
#include "phosphene/image.hpp"
#include "phosphene/npy.hpp"

namespace phosphene {
namespace {

using ::testing::HasSubstr;

class MaskTest : public ::testing::Test {
 protected:
  MaskTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("phosphene_mask_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~MaskTest() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

std::vector<float> values(const Tensor& mask) { return {mask.data(), mask.data() + mask.count()}; }

template <class Load>
void expect_error(Load load, const std::string& message) {
  try {
    load();
    ADD_FAILURE() << "taken, though " << message;
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(message));
  }
}

TEST_F(MaskTest, IsAPictureOrAnArray) {
  Tensor picture = Tensor::host({1, 3, 2, 2});
  // Black, white, a light grey, a dark red.
  const std::vector<float> pixels = {0, 1, 0.6F, 0.6F, 0, 1, 0.6F, 0, 0, 1, 0.6F, 0};
  std::copy(pixels.begin(), pixels.end(), picture.data());
  save_image(path("mask.png"), picture);
  const Tensor from_picture = load_mask(path("mask.png"), 2, 2);
  EXPECT_EQ(from_picture.shape(), (Shape{1, 1, 2, 2}));
  EXPECT_EQ(values(from_picture), (std::vector<float>{0, 1, 1, 0}));

  const std::vector<std::uint8_t> bytes = {0, 255, 1, 0, 0, 7};
  save_npy(path("mask.npy"), bytes, {2, 3});
  EXPECT_EQ(values(load_mask(path("mask.npy"), 2, 3)), (std::vector<float>{0, 1, 1, 0, 0, 1}));
}

TEST_F(MaskTest, RefusesWhatIsNone) {
  save_image(path("black.png"), [] {
    Tensor black = Tensor::host({1, 3, 4, 6});
    std::fill_n(black.data(), black.count(), 0.0F);
    return black;
  }());
  expect_error([&] { load_mask(path("black.png"), 4, 6); }, "black.png: is black everywhere");
  expect_error([&] { load_mask(path("black.png"), 6, 4); },
               "black.png: is a mask of 6x4 pixels; expected 4x6, as the images");
  save_npy(path("line.npy"), std::vector<std::uint8_t>{1, 1}, {2});
  expect_error([&] { load_mask(path("line.npy"), 1, 2); }, "line.npy: is an array of 1 axes");
  expect_error([&] { load_mask(path("none.png"), 1, 2); }, "none.png");
}

double share(const Tensor& mask) {
  const std::vector<float> all = values(mask);
  return std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
}

TEST_F(MaskTest, AStickerIsARectangle) {
  const Tensor mask = sticker_mask(8, 10, {.left = 0.5, .top = 0.25, .right = 0.8, .bottom = 0.5});
  for (std::int64_t i = 0; i < 8; ++i) {
    for (std::int64_t j = 0; j < 10; ++j) {
      const bool inside = i >= 2 && i < 4 && j >= 5 && j < 8;
      EXPECT_EQ(mask.data()[i * 10 + j], inside ? 1 : 0) << i << ", " << j;
    }
  }
}

TEST_F(MaskTest, EyeglassesAreAFrame) {
  const Tensor mask = eyeglasses_mask(224, 224);
  EXPECT_NEAR(share(mask), 0.08, 0.002);
  const auto at = [&](int i, int j) { return mask.data()[i * 224 + j]; };
  EXPECT_EQ(at(90, 67), 0);   // through a glass
  EXPECT_EQ(at(85, 112), 1);  // the bridge
  EXPECT_EQ(at(85, 20), 1);   // a temple
  EXPECT_EQ(at(0, 0), 0);
  for (int i = 0; i < 224; ++i) {
    for (int j = 0; j < 224; ++j) EXPECT_EQ(at(i, j), at(i, 223 - j));
  }
}

}  // namespace
}  // namespace phosphene
