// CIFAR-10's files and the drawn shapes as data sets, and what is no data set.
#include "phosphene/datasets/dataset.hpp"

#include <algorithm>

#include "phosphene/datasets/shapes.hpp"
#include "tests/formats/support.hpp"

namespace phosphene {
namespace {

using test::Bytes;
using test::expect_error;

constexpr std::size_t kRecord = 3073;

class CifarFiles : public test::InFolder {
 protected:
  std::string records(const std::string& name, const std::vector<int>& labels) const {
    Bytes bytes;
    for (const int label : labels) {
      bytes.push_back(static_cast<std::uint8_t>(label));
      for (std::size_t k = 1; k < kRecord; ++k) {
        bytes.push_back(static_cast<std::uint8_t>(k * 7 + static_cast<std::size_t>(label)));
      }
    }
    return write(name, bytes);
  }
  static std::unique_ptr<Dataset> open(const std::string& path) {
    return open_dataset({.path = path});
  }
};

TEST_F(CifarFiles, AreReadByteByByte) {
  const auto data = open(records("test_batch.bin", {3, 0, 9}));
  ASSERT_EQ(data->size(), 3);
  EXPECT_EQ(data->image_shape(), (Shape{1, 3, 32, 32}));
  EXPECT_EQ(data->label(0), 3);
  EXPECT_EQ(data->label(2), 9);
  EXPECT_EQ(data->name(2), "test_batch-00002");
  EXPECT_EQ(data->path(2), path("test_batch.bin"));
  const Tensor image = data->load(2);
  ASSERT_EQ(image.shape(), data->image_shape());
  for (std::size_t k = 0; k < 3072; ++k) {
    const auto byte = static_cast<std::uint8_t>((k + 1) * 7 + 9);
    ASSERT_EQ(image.data()[k], static_cast<float>(byte) / 255.0F) << k;
  }
}

TEST_F(CifarFiles, SeveralAreOneSet) {
  const std::string a = records("a.bin", {1, 2}), b = records("b.bin", {3});
  const auto data = open(a + "," + b);
  ASSERT_EQ(data->size(), 3);
  EXPECT_EQ(data->name(1), "a-00001");
  EXPECT_EQ(data->name(2), "b-00000");
  EXPECT_EQ(data->label(2), 3);
  EXPECT_EQ(data->load(2).data()[0], 10.0F / 255.0F);
  EXPECT_NE(data->fingerprint(), open(b + "," + a)->fingerprint());
  EXPECT_EQ(open_dataset({.path = a + "," + b, .count = 2})->fingerprint(), open(a)->fingerprint());
}

TEST_F(CifarFiles, FingerprintTellsAPixelAndALabel) {
  const std::string file = records("a.bin", {1, 2});
  const std::string before = open(file)->fingerprint();
  EXPECT_EQ(before.size(), 16U);
  Bytes bytes = read("a.bin");
  bytes[2000] ^= 1;
  EXPECT_NE(open(write("a.bin", bytes))->fingerprint(), before);
  bytes[2000] ^= 1;
  bytes[0] = 2;
  EXPECT_NE(open(write("a.bin", bytes))->fingerprint(), before);
}

TEST_F(CifarFiles, RefusesWhatIsNone) {
  const std::string file = records("a.bin", {1, 2});
  const auto refused = [&](const DatasetOptions& options, std::vector<std::string> parts) {
    expect_error([&] { open_dataset(options); }, parts);
  };
  Bytes bytes = read("a.bin");
  bytes.pop_back();
  refused({.path = write("short.bin", bytes)},
          {path("short.bin"), "6145 bytes", "multiple of 3073", "3072 are left over"});
  refused({.path = write("hundred.bin", Bytes(2 * 3074))}, {"6148 bytes", "CIFAR-100"});
  refused({.path = write("empty.bin", {})}, {path("empty.bin"), "is empty"});
  refused({.path = path("none.bin")}, {path("none.bin"), "no such file"});
  refused({.path = file + "," + path("none.bin")}, {path("none.bin"), "no such file"});
  refused({.path = records("ten.bin", {1, 10})},
          {path("ten.bin"), "image 1", "label 10", "0 to 9"});
  refused({.path = file, .class_count = 2}, {file, "image 1", "class 2", "0 to 1, the network's"});
  refused({.path = file, .size = 224}, {file, "32x32", "224x224"});
  refused({.path = file, .count = 3}, {file, "holds 2 images, 3 were asked for"});
  EXPECT_EQ(open_dataset({.path = file, .class_count = 10, .size = 32, .count = 1})->size(), 1);
}

TEST(ShapesSet, IsTheDrawnPictures) {
  const auto data = open_dataset({.path = "shapes:7:20", .class_count = 8, .size = 64});
  ASSERT_EQ(data->size(), 20);
  EXPECT_EQ(data->image_shape(), (Shape{1, 3, 64, 64}));
  for (const std::int64_t i : {0, 19}) {
    const ShapesSample sample = shapes(7, static_cast<std::uint64_t>(i));
    const Tensor image = data->load(i);
    EXPECT_TRUE(std::equal(image.data(), image.data() + image.count(), sample.image.data()));
    EXPECT_EQ(data->label(i), sample.label);
  }
  EXPECT_EQ(data->name(3), "shapes-00003");
  EXPECT_EQ(data->path(3), "");
  const auto usual = open_dataset({.path = "shapes"});
  EXPECT_EQ(usual->size(), 1000);
  EXPECT_EQ(usual->label(5), shapes(2, 5).label);
  EXPECT_NE(usual->fingerprint(), data->fingerprint());
}

TEST(ShapesSet, RefusesWhatDoesNotFit) {
  const auto refused = [](const DatasetOptions& options, std::vector<std::string> parts) {
    expect_error([&] { open_dataset(options); }, parts);
  };
  for (const char* text : {"shapes:", "shapes:1", "shapes:1:0", "shapes:x:3", "shapes:1:2:3"}) {
    refused({.path = text}, {text, "shapes:SEED:COUNT"});
  }
  refused({.path = "shapes", .class_count = 1000}, {"8 classes", "1000"});
  refused({.path = "shapes", .size = 32}, {"64x64", "32x32"});
  refused({.path = "shapes:1:5", .count = 6}, {"holds 5 images, 6"});
}

TEST_F(CifarFiles, WhatIsNoDataSet) {
  const auto refused = [](const std::string& path, std::vector<std::string> parts) {
    expect_error([&] { open(path); }, parts);
  };
  refused("", {"without a name"});
  refused(path("none"), {path("none"), "no such file or folder", "shapes"});
  refused(path("a.npz"), {"archive", "IMAGES.npy,LABELS.npy"});
  refused(path("a.npy"), {"1 arrays", "IMAGES.npy,LABELS.npy"});
  refused(path("a.npy,b.npy,c.npy"), {"3 arrays"});
  refused(write("photo.jpg", {1}), {path("photo.jpg"), "one photograph"});
  refused(write("test_batch", {0x80, 3, '}', 'q'}), {path("test_batch"), "pickle", ".bin"});
  refused(write("zip", {'P', 'K', 3, 4, 0, 0}), {path("zip"), "no data set"});
}

}  // namespace
}  // namespace phosphene
