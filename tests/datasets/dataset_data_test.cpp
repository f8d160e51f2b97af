// The test data as data sets: what Pillow makes of the photographs, CIFAR-10's true bytes.
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>

#include "apps/checksum.hpp"
#include "phosphene/datasets/dataset.hpp"
#include "phosphene/models.hpp"
#include "tests/formats/support.hpp"

namespace phosphene {
namespace {

/// CRC-32 of the levels of each square of 224 pixels: tests/golden/make_framing_goldens.py
/// --photographs, which has them from Pillow 13.0.0 with its own libjpeg-turbo.
const std::map<std::string, std::string> kFramed{
    {"imagenet_00_243.jpg", "1691be88"}, {"imagenet_01_559.jpg", "095dc4eb"},
    {"imagenet_02_438.jpg", "ccb902d8"}, {"imagenet_03_990.jpg", "ba4f49b9"},
    {"imagenet_04_949.jpg", "895f6091"}, {"imagenet_05_853.jpg", "79f2c37f"},
    {"imagenet_06_609.jpg", "634ba517"}, {"imagenet_07_609.jpg", "12c262e3"},
    {"imagenet_08_915.jpg", "b23f1a24"}, {"imagenet_09_455.jpg", "fd1ce0ea"},
    {"imagenet_10_541.jpg", "dfc08455"}, {"imagenet_11_630.jpg", "a7dd865b"},
    {"imagenet_12_741.jpg", "e9a2771c"}, {"imagenet_13_471.jpg", "598001fe"},
    {"imagenet_14_129.jpg", "0d4e43d2"}, {"imagenet_15_99.jpg", "35cd51cc"},
    {"imagenet_16_251.jpg", "6e0f73fa"}, {"imagenet_17_22.jpg", "b6f12f80"},
    {"imagenet_18_317.jpg", "b27134c5"}, {"imagenet_19_305.jpg", "ebad2b04"}};

TEST(DatasetOfPhotographs, HasPillowsBytes) {
  const std::string folder = test::data_folder("images/imagenet20").string();
  if (folder.empty()) GTEST_SKIP() << "no test data: PHOSPHENE_DATA/images/imagenet20";
  const auto data = open_dataset({.path = folder, .class_count = 1000, .size = 224});
  ASSERT_EQ(data->size(), 20);
  EXPECT_EQ(data->label(0), 243);
  EXPECT_EQ(data->label(15), 99);
  for (std::int64_t i = 0; i < data->size(); ++i) {
    const Tensor image = data->load(i);
    std::string levels;
    for (std::int64_t k = 0; k < image.count(); ++k) {
      levels += static_cast<char>(std::lround(image.data()[k] * 255));
    }
    EXPECT_EQ(apps::crc32(levels), kFramed.at(data->name(i))) << data->name(i);
  }
}

TEST(DatasetOfCifar, HasTheKnownLabels) {
  const std::filesystem::path folder = test::data_folder("cifar10");
  if (folder.empty()) GTEST_SKIP() << "no test data: PHOSPHENE_DATA/cifar10";
  const auto data =
      open_dataset({.path = folder / "test_first1000.bin", .class_count = 10, .size = 32});
  ASSERT_EQ(data->size(), 1000);
  EXPECT_EQ(data->name(17), "test_first1000-00017");
  std::array<int, 10> classes{};
  for (std::int64_t i = 0; i < data->size(); ++i) {
    ++classes[static_cast<std::size_t>(data->label(i))];
  }
  EXPECT_EQ(data->label(0), 3);  // CIFAR-10's test set begins: cat, ship, ship, airplane
  EXPECT_EQ(data->label(1), 8);
  EXPECT_EQ(data->label(3), 0);
  for (const int count : classes) EXPECT_NEAR(count, 100, 20);

  const std::string names = test::data_folder("images/cifar20").string();
  if (names.empty()) GTEST_SKIP() << "no test data: PHOSPHENE_DATA/images/cifar20";
  const auto photos = open_dataset({.path = names, .class_count = 10, .size = 32});
  for (std::int64_t i = 0; i < photos->size(); ++i) {
    // The same first images of the test set, as PNG and as records.
    const Tensor a = photos->load(i), b = data->load(i);
    EXPECT_EQ(photos->label(i), data->label(i)) << i;
    EXPECT_TRUE(std::equal(a.data(), a.data() + a.count(), b.data())) << i;
  }
}

}  // namespace
}  // namespace phosphene
