#include "phosphene/npy.hpp"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <type_traits>

#include "tests/formats/support.hpp"

namespace phosphene {
namespace {

using test::Bytes;
using test::expect_error;

/// A .npy file by its parts.
Bytes npy(const std::string& header, const Bytes& values, int major = 1) {
  Bytes file;
  test::append(file, "\x93NUMPY");
  test::append_little(file, static_cast<std::uint64_t>(major), 2);
  test::append_little(file, header.size(), major == 1 ? 2 : 4);
  test::append(file, header);
  test::append(file, values);
  return file;
}

std::string header(const std::string& type, const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
}

template <class Value>
Bytes bytes_of(std::initializer_list<Value> values) {
  Bytes bytes(values.size() * sizeof(Value));
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

class Npy : public test::InFolder {
 protected:
  HostArray load(const Bytes& file) const { return load_npy(write("a.npy", file)); }

  void expect_refused(const Bytes& file, std::initializer_list<std::string> parts) const {
    std::vector<std::string> all(parts);
    all.push_back(path("a.npy") + ": ");
    expect_error([&] { load(file); }, all);
  }

  template <class Value>
  void expect_reads(const std::string& type, std::initializer_list<Value> values,
                    const std::vector<float>& expected) const {
    const HostArray array =
        load(npy(header(type, "(" + std::to_string(values.size()) + ",)"), bytes_of(values)));
    EXPECT_EQ(array.values, expected) << type;
    EXPECT_EQ(array.shape, std::vector{static_cast<std::int64_t>(values.size())}) << type;
  }
};

TEST_F(Npy, WritesWhatNumPyWouldByteForByte) {
  Tensor map = Tensor::host({1, 1, 2, 3});
  for (int i = 0; i < 6; ++i) map.data()[i] = 0.5F * static_cast<float>(i);
  save_npy(path("map.npy"), map, {2, 3});
  std::string text = header("<f4", "(2, 3)");
  text += std::string(128 - 10 - 1 - text.size(), ' ') + "\n";
  EXPECT_EQ(read("map.npy"), npy(text, bytes_of({0.0F, 0.5F, 1.0F, 1.5F, 2.0F, 2.5F})));

  const Bytes mask{0, 1, 255};
  save_npy(path("mask.npy"), mask, {3});
  text = header("|u1", "(3,)");
  text += std::string(128 - 10 - 1 - text.size(), ' ') + "\n";
  EXPECT_EQ(read("mask.npy"), npy(text, mask));
  EXPECT_EQ(entries(), 2);
}

TEST_F(Npy, ValuesStartAtAMultipleOf64) {
  for (std::vector<std::int64_t> shape : {std::vector<std::int64_t>{},
                                          {1},
                                          {1, 1, 1, 1, 1, 1, 1},
                                          std::vector<std::int64_t>(40, 1)}) {
    save_npy(path("a.npy"), Bytes{7}, shape);
    EXPECT_EQ(read("a.npy").size() % 64, 1U);
    EXPECT_EQ(load_npy(path("a.npy")).shape, shape);
  }
}

TEST_F(Npy, WhatIsWrittenIsReadBackBitByBit) {
  Tensor tensor = Tensor::host({2, 3, 5, 7});
  for (std::int64_t i = 0; i < tensor.count(); ++i) {
    tensor.data()[i] = std::sin(static_cast<float>(i)) * 1e-3F;
  }
  tensor.data()[0] = -0.0F;
  tensor.data()[1] = std::numeric_limits<float>::denorm_min();
  tensor.data()[2] = std::numeric_limits<float>::max();
  save_npy(path("t.npy"), tensor);
  const HostArray array = load_npy(path("t.npy"));
  EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3, 5, 7}));
  ASSERT_EQ(array.values.size(), 210U);
  EXPECT_EQ(std::memcmp(array.values.data(), tensor.data(), tensor.bytes()), 0);
}

TEST_F(Npy, ReadsEveryTypeOfNumber) {
  expect_reads<std::uint16_t>("<f2", {0x3c00, 0xc000, 0x0001, 0x7bff}, {1, -2, 0x1p-24F, 65504});
  expect_reads<float>("<f4", {1.5F, -3e38F}, {1.5F, -3e38F});
  expect_reads<double>("<f8", {0.1, -1e-300}, {0.1F, -0.0F});
  expect_reads<std::int8_t>("|i1", {-128, 127}, {-128, 127});
  expect_reads<std::int16_t>("<i2", {-32768, 5}, {-32768, 5});
  expect_reads<std::int32_t>("<i4", {-70000, 16777217}, {-70000, 16777216});
  expect_reads<std::int64_t>("<i8", {-1, 1LL << 40}, {-1, 0x1p40F});
  expect_reads<std::uint8_t>("|u1", {0, 255}, {0, 255});
  expect_reads<std::uint16_t>("<u2", {65535}, {65535});
  expect_reads<std::uint32_t>("<u4", {4294967295U}, {4294967296.0F});
  expect_reads<std::uint64_t>("<u8", {3}, {3});
  expect_reads<std::uint8_t>("|b1", {0, 1}, {0, 1});
}

TEST_F(Npy, ReadsHeadersOfEveryKind) {
  const Bytes two = bytes_of({1.0F, 2.0F});
  EXPECT_EQ(load(npy("{\"shape\":(2,1),\"descr\":\"<f4\",\"fortran_order\":False}\n", two)).shape,
            (std::vector<std::int64_t>{2, 1}));
  for (int version : {2, 3}) {
    EXPECT_EQ(load(npy(header("<f4", "(2,)"), two, version)).values, (std::vector<float>{1, 2}));
  }
  EXPECT_EQ(load(npy(header("<f4", "()"), bytes_of({4.0F}))).shape, std::vector<std::int64_t>{});
  const HostArray empty = load(npy(header("<f4", "(3, 0, 9223372036854775807)"), {}));
  EXPECT_EQ(empty.shape.size(), 3U);
  EXPECT_TRUE(empty.values.empty());
}

/// NumPy itself: reads what is written here, and writes what is read here. PHOSPHENE_PYTHON names a
/// Python that has it.
TEST_F(Npy, AgreesWithNumPy) {
  const char* set = std::getenv("PHOSPHENE_PYTHON");
  const std::string python = set != nullptr ? set : "python3";
  if (std::system((python + " -c 'import numpy' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << python << " has no numpy (PHOSPHENE_PYTHON names another)";
  }
  Tensor map = Tensor::host({1, 1, 2, 3});
  for (int i = 0; i < 6; ++i) map.data()[i] = static_cast<float>(i) / 7.0F;
  save_npy(path("map.npy"), map, {2, 3});
  save_npy(path("mask.npy"), Bytes{0, 1, 255}, {3, 1});
  std::ofstream(path("check.py")) << R"(
import sys
import numpy as np
folder = sys.argv[1]
expected = (np.arange(6, dtype=np.float32) / np.float32(7)).reshape(2, 3)
found = np.load(folder + "/map.npy")
assert found.dtype == np.float32 and (found == expected).all(), found
np.save(folder + "/again.npy", found)
assert open(folder + "/map.npy", "rb").read() == open(folder + "/again.npy", "rb").read()
mask = np.load(folder + "/mask.npy")
assert mask.dtype == np.uint8 and mask.tolist() == [[0], [1], [255]], mask
for kind in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8".split():
    np.save(f"{folder}/{kind}.npy", np.arange(24).astype(kind).reshape(2, 3, 4))
np.save(folder + "/fortran.npy", np.asfortranarray(np.ones((2, 3), "f4")))
np.save(folder + "/big.npy", np.ones(2, ">f4"))
)";
  ASSERT_EQ(std::system((python + " " + path("check.py") + " " + folder_.string()).c_str()), 0);
  for (const char* kind : {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"}) {
    const HostArray array = load_npy(path(std::string(kind) + ".npy"));
    EXPECT_EQ(array.shape, (std::vector<std::int64_t>{2, 3, 4})) << kind;
    for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(array.values.at(i), static_cast<float>(i));
  }
  expect_error([&] { load_npy(path("fortran.npy")); }, {"Fortran order"});
  expect_error([&] { load_npy(path("big.npy")); }, {"'>f4'"});
}

TEST_F(Npy, RefusesOtherArrays) {
  const Bytes four(4);
  expect_refused(npy(header(">f4", "(1,)"), four), {"'>f4'", "little-endian", "<f4"});
  expect_refused(npy(header("<c8", "(1,)"), Bytes(8)), {"'<c8'", "expected"});
  expect_refused(npy(header("|O", "(1,)"), four), {"'|O'", "expected"});
  expect_refused(npy(header("<U\n1", "(1,)"), four), {"'<U?1'", "expected"});
  expect_refused(npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}", four),
                 {"structures"});
  expect_refused(npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1)}", four),
                 {"Fortran order", "ascontiguousarray"});
}

TEST_F(Npy, RefusesOtherFiles) {
  expect_refused({}, {"not a .npy"});
  expect_refused({'P', 'K', 3, 4, 0}, {".npz"});
  Bytes file = npy(header("<f4", "(1,)"), Bytes(4));
  file[6] = 9;
  expect_refused(file, {"version 9.0", "1.0, 2.0 or 3.0"});
  expect_error([&] { load_npy(path("none.npy")); }, {path("none.npy"), "no such file"});
}

TEST_F(Npy, RefusesEveryTruncation) {
  const Bytes file = npy(header("<f4", "(2, 2)"), Bytes(16));
  for (std::size_t size = 0; size < file.size(); ++size) {
    expect_refused(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)), {});
  }
  expect_refused(Bytes(file.begin(), file.end() - 1), {"truncated", "asks for 16", "15 are there"});
  Bytes longer = file;
  longer.push_back(0);
  expect_refused(longer, {"damaged", "asks for 16", "17 are there"});
}

TEST_F(Npy, RefusesDamagedHeaders) {
  const Bytes four(4);
  for (const char* text :
       {"", "{", "{}", "{'descr': '<f4'}", "x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), } x",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1 1), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 1, }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}"}) {
    expect_refused(npy(text, four), {"header"});
  }
  expect_refused(npy(header("<f4", "(4294967296, 4294967296, 4)"), four), {"more elements"});
}

TEST_F(Npy, RefusesValuesThatAreNoNumbersOfFp32) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_refused(npy(header("<f4", "(2,)"), bytes_of({1.0F, nan})), {"index 1", "nan"});
  expect_refused(npy(header("<f8", "(2,)"), bytes_of({1e39, 0.0})), {"index 0", "1e+39", "fp32"});
  expect_refused(npy(header("<f2", "(1,)"), bytes_of<std::uint16_t>({0xfc00})), {"-inf"});
  expect_refused(npy(header("|b1", "(1,)"), {2}), {"bool at index 0 is 2"});
}

TEST_F(Npy, RefusesToWriteWhatDoesNotFit) {
  const Tensor tensor = Tensor::host({1, 1, 2, 3});
  expect_error([&] { save_npy(path("o.npy"), tensor, {7}); },
               {path("o.npy"), "has 7 elements", "there are 6"});
  expect_error(
      [&] {
        save_npy(path("o.npy"), Tensor::host({1, 1, 1, 1}, DType::f64));
      },
      {path("o.npy"), "f64", "expected fp32"});
  expect_error([&] { save_npy(path("none/o.npy"), tensor); }, {path("none"), "does not exist"});
  EXPECT_EQ(entries(), 0);
}

}  // namespace
}  // namespace phosphene
