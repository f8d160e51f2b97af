// Pairs of .npy files as data sets.
#include <limits>

#include "phosphene/datasets/dataset.hpp"
#include "tests/formats/support.hpp"

namespace phosphene {
namespace {

using test::Bytes;
using test::expect_error;

class ArrayPairs : public test::InFolder {
 protected:
  template <class Value>
  std::string npy(const std::string& name, const std::string& type, const std::string& shape,
                  const std::vector<Value>& values) const {
    const std::string header =
        "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
    Bytes file;
    test::append(file, std::string_view("\x93NUMPY\x01\x00", 8));
    test::append_little(file, header.size(), 2);
    test::append(file, header);
    test::append(file,
                 {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value)});
    return write(name, file);
  }
  /// Two images of 2 x 4 pixels, value k / 64 at place k.
  std::string floats() const {
    std::vector<float> values(48);
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<float>(k) / 64;
    return npy("x.npy", "<f4", "2, 3, 2, 4", values);
  }
  std::string labels() const { return npy<std::int64_t>("y.npy", "<i8", "2,", {4, 1}); }

  static void refused(const DatasetOptions& options, const std::vector<std::string>& parts) {
    expect_error([&] { open_dataset(options); }, parts);
  }
};

TEST_F(ArrayPairs, FloatsAreThePixels) {
  const auto data = open_dataset({.path = floats() + "," + labels()});
  ASSERT_EQ(data->size(), 2);
  EXPECT_EQ(data->image_shape(), (Shape{1, 3, 2, 4}));
  EXPECT_EQ(data->label(0), 4);
  EXPECT_EQ(data->name(1), "x-00001");
  EXPECT_EQ(data->path(1), path("x.npy"));
  const Tensor image = data->load(1);
  for (int k = 0; k < 24; ++k) EXPECT_EQ(image.data()[k], static_cast<float>(24 + k) / 64);
}

TEST_F(ArrayPairs, BytesMayHaveTheirColoursLast) {
  std::vector<std::uint8_t> values(48);
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = static_cast<std::uint8_t>(5 * k);
  const std::string y = npy<std::uint8_t>("y.npy", "|u1", "2, 1", {0, 255});
  const auto last = open_dataset({.path = npy("x.npy", "|u1", "2, 2, 4, 3", values) + "," + y});
  EXPECT_EQ(last->image_shape(), (Shape{1, 3, 2, 4}));
  EXPECT_EQ(last->label(1), 255);
  const Tensor image = last->load(1);
  for (int c = 0; c < 3; ++c) {
    for (int p = 0; p < 8; ++p) {
      EXPECT_EQ(image.data()[8 * c + p], static_cast<float>(5 * (24 + 3 * p + c)) / 255.0F);
    }
  }
  const auto first = open_dataset({.path = npy("z.npy", "|u1", "2, 3, 2, 4", values) + "," + y});
  EXPECT_EQ(first->load(1).data()[2], 130.0F / 255.0F);
  EXPECT_NE(first->fingerprint(), last->fingerprint());
}

TEST_F(ArrayPairs, FingerprintTellsAPixelAndALabel) {
  const std::string both = floats() + "," + labels();
  const std::string before = open_dataset({.path = both})->fingerprint();
  npy<std::int32_t>("y.npy", "<i4", "2,", {4, 1});  // the same labels
  EXPECT_EQ(open_dataset({.path = both})->fingerprint(), before);
  npy<std::int32_t>("y.npy", "<i4", "2,", {4, 2});
  EXPECT_NE(open_dataset({.path = both})->fingerprint(), before);
  labels();
  Bytes bytes = read("x.npy");
  bytes[bytes.size() - 4] ^= 1;
  write("x.npy", bytes);
  EXPECT_NE(open_dataset({.path = both})->fingerprint(), before);
}

TEST_F(ArrayPairs, RefusesPixelsOutOfRange) {
  std::vector<float> values(24, 0.5F);
  const std::string y = npy<std::int64_t>("y.npy", "<i8", "1,", {0});
  const auto with = [&](float value) {
    values[7] = value;
    return DatasetOptions{.path = npy("x.npy", "<f4", "1, 3, 2, 4", values) + "," + y};
  };
  EXPECT_EQ(open_dataset(with(1.0F))->size(), 1);
  refused(with(200), {path("x.npy"), "image 0", "0.5 to 200", "[0,1]", "divide by 255", "uint8"});
  refused(with(-1.8F), {path("x.npy"), "from -1.8", "[0,1]", "normalisation"});
  refused(with(1.5F), {"1.5", "[0,1]"});
  refused(with(std::numeric_limits<float>::quiet_NaN()), {path("x.npy"), "index 7", "nan"});
  refused(with(std::numeric_limits<float>::infinity()), {"index 7", "inf"});
  refused({.path = npy("x.npy", "|u1", "1, 3, 2, 4", std::vector<std::uint8_t>(24, 1)) + "," + y},
          {path("x.npy"), "uint8", "1 at most", "0 to 255"});
}

TEST_F(ArrayPairs, RefusesOtherArrays) {
  const std::string x = floats(), y = labels();
  const auto with = [&](const std::string& images) {
    return DatasetOptions{.path = images + "," + y};
  };
  refused(with(npy("a.npy", "<f4", "3, 2, 4", std::vector<float>(24))),
          {path("a.npy"), "3x2x4", "[n,3,h,w]"});
  refused(with(npy("a.npy", "<f4", "2, 1, 2, 4", std::vector<float>(16))), {"2x1x2x4"});
  refused(with(npy("a.npy", "<f4", "2, 3, 4, 3", std::vector<float>(72))),
          {"2x3x4x3", "either 3 may be the colours"});
  refused(with(npy("a.npy", "<i4", "2, 3, 2, 4", std::vector<std::int32_t>(48))),
          {"type i4", "floats in [0,1] or uint8"});
  refused(with(npy("a.npy", "<f4", "0, 3, 2, 4", std::vector<float>{})), {"0 images", "2 labels"});
  refused({.path = npy("a.npy", "<f4", "0, 3, 2, 4", std::vector<float>{}) + "," +
                   npy("b.npy", "<i8", "0,", std::vector<std::int64_t>{})},
          {path("a.npy"), "is empty"});
  refused({.path = x + "," + y, .size = 32}, {x, "4x2", "32x32"});
  Bytes bytes = read("x.npy");
  bytes.pop_back();
  write("x.npy", bytes);
  refused({.path = x + "," + y}, {x, "truncated"});
}

TEST_F(ArrayPairs, RefusesOtherLabels) {
  const std::string x = floats();
  const auto with = [&](const std::string& y) { return DatasetOptions{.path = x + "," + y}; };
  refused(with(npy<std::int64_t>("y.npy", "<i8", "3,", {0, 1, 2})),
          {x, "2 images", path("y.npy"), "3 labels"});
  refused(with(npy<float>("y.npy", "<f4", "2,", {0, 1})), {path("y.npy"), "type f4", "integers"});
  refused(with(npy<std::int64_t>("y.npy", "<i8", "2, 2", {0, 1, 1, 0})), {"2x2", "[n]"});
  refused(with(npy<std::int64_t>("y.npy", "<i8", "2,", {0, -1})), {"label 1", "class -1"});
  refused({.path = x + "," + labels(), .class_count = 3},
          {path("y.npy"), "label 0", "class 4", "0 to 2, the network's"});
  refused(with(path("none.npy")), {path("none.npy"), "no such file"});
}

}  // namespace
}  // namespace phosphene
