// Rows of .npy files, read and written one at a time.
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "phosphene/npy.hpp"
#include "tests/formats/support.hpp"

namespace phosphene {
namespace {

using test::Bytes;
using test::expect_error;

class NpyRowsFiles : public test::InFolder {
 protected:
  template <class Value>
  std::string npy(const std::string& type, const std::string& shape,
                  const std::vector<Value>& values) const {
    const std::string header =
        "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
    Bytes file;
    test::append(file, std::string_view("\x93NUMPY\x01\x00", 8));
    test::append_little(file, header.size(), 2);
    test::append(file, header);
    const std::size_t begin = file.size();
    file.resize(begin + values.size() * sizeof(Value));
    std::memcpy(file.data() + begin, values.data(), values.size() * sizeof(Value));
    return write("a.npy", file);
  }
};

TEST_F(NpyRowsFiles, RowsAreReadOneAtATime) {
  const NpyRows rows(npy<float>("<f4", "(2, 3)", {0, 1, 2, 3, 4, 5.5F}));
  EXPECT_EQ(rows.shape(), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(rows.kind(), 'f');
  EXPECT_EQ(rows.bytes(), 4);
  ASSERT_EQ(rows.row_count(), 3);
  std::vector<float> row(3);
  rows.read(1, std::span(row));
  EXPECT_EQ(row, (std::vector<float>{3, 4, 5.5F}));
  rows.read(0, std::span(row));
  EXPECT_EQ(row, (std::vector<float>{0, 1, 2}));
  expect_error([&] { rows.read(2, std::span(row)); }, {path("a.npy"), "2 rows", "row 2"});
  expect_error([&] { rows.read(0, std::span(row).subspan(1)); }, {"rows of 3"});
}

TEST_F(NpyRowsFiles, IntegersAreReadAsTheyAre) {
  std::int64_t value = 0;
  const auto last = [&](const NpyRows& rows) {
    rows.read(rows.shape()[0] - 1, std::span(&value, 1));
    return value;
  };
  EXPECT_EQ(last(NpyRows(npy<std::uint8_t>("|u1", "(2,)", {1, 255}))), 255);
  EXPECT_EQ(last(NpyRows(npy<std::int8_t>("|i1", "(1,)", {-7}))), -7);
  EXPECT_EQ(last(NpyRows(npy<std::int16_t>("<i2", "(1,)", {-300}))), -300);
  EXPECT_EQ(last(NpyRows(npy<std::uint16_t>("<u2", "(1,)", {65535}))), 65535);
  EXPECT_EQ(last(NpyRows(npy<std::int32_t>("<i4", "(1, 1)", {16777217}))), 16777217);
  EXPECT_EQ(last(NpyRows(npy<std::uint32_t>("<u4", "(1,)", {4294967295U}))), 4294967295);
  EXPECT_EQ(last(NpyRows(npy<std::int64_t>("<i8", "(1,)", {(1LL << 60) + 1}))), (1LL << 60) + 1);
  EXPECT_EQ(last(NpyRows(npy<std::uint64_t>("<u8", "(1,)", {9}))), 9);
  expect_error([&] { last(NpyRows(npy<std::uint64_t>("<u8", "(1,)", {1ULL << 63}))); },
               {"index 0", "9223372036854775808", "2^63"});
  expect_error([&] { last(NpyRows(npy<float>("<f4", "(1,)", {1}))); }, {"floats", "integers"});
  expect_error([&] { last(NpyRows(npy<std::uint8_t>("|b1", "(1,)", {1}))); }, {"bools"});
}

TEST_F(NpyRowsFiles, ABadValueIsNamedByItsPlaceInTheFile) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const NpyRows rows(npy<float>("<f4", "(2, 2)", {0, 0, 0, nan}));
  std::vector<float> row(2);
  EXPECT_NO_THROW(rows.read(0, std::span(row)));
  expect_error([&] { rows.read(1, std::span(row)); }, {path("a.npy"), "index 3", "nan"});
  expect_error([&] { NpyRows(npy<float>("<f4", "()", {1})); }, {"one number"});
  expect_error([&] { NpyRows(npy<float>("<f4", "(2,)", {1})); }, {"truncated"});
  expect_error([&] { NpyRows(path("none.npy")); }, {"no such file"});
}

TEST_F(NpyRowsFiles, RowsWrittenInAnyOrderMakeTheFileOfAll) {
  Tensor all = Tensor::host({3, 1, 2, 2});
  for (int i = 0; i < 12; ++i) all.data()[i] = i < 4 ? 0.0F : static_cast<float>(i) / 7;
  save_npy(path("all.npy"), all);
  const auto row = [&](int i) { return std::span<const float>(all.data() + 4 * i, 4); };
  {
    NpyRowsWriter writer(path("rows.npy"), 3, {1, 2, 2});
    writer.write(2, row(2));
    writer.sync();
    EXPECT_EQ(load_npy(path("rows.npy")).values[4], 0);  // whole from the start
  }
  NpyRowsWriter(path("rows.npy"), 3, {1, 2, 2}).write(1, row(1));  // another process goes on
  EXPECT_EQ(read("rows.npy"), read("all.npy"));
  EXPECT_EQ(entries(), 2);
}

TEST_F(NpyRowsFiles, GoesOnAfterAKillAnywhereInItsStart) {
  { NpyRowsWriter writer(path("rows.npy"), 2, {2}); }
  const Bytes whole = read("rows.npy");
  write("rows.npy", Bytes(whole.size()));  // its length, and not yet its header
  { NpyRowsWriter writer(path("rows.npy"), 2, {2}); }
  EXPECT_EQ(read("rows.npy"), whole);
  write("rows.npy", {});
  { NpyRowsWriter writer(path("rows.npy"), 2, {2}); }
  EXPECT_EQ(read("rows.npy"), whole);
}

TEST_F(NpyRowsFiles, RefusesToWriteOverOtherFiles) {
  write("other.npy", {1, 2, 3});
  expect_error([&] { NpyRowsWriter(path("other.npy"), 2, {2}); },
               {path("other.npy"), "no array of 2 rows of 2"});
  EXPECT_EQ(read("other.npy"), (Bytes{1, 2, 3}));
  { NpyRowsWriter writer(path("rows.npy"), 3, {2}); }
  expect_error([&] { NpyRowsWriter(path("rows.npy"), 2, {3}); }, {"no array of 2 rows of 3"});
  expect_error([&] { NpyRowsWriter(path("none/rows.npy"), 2, {2}); }, {path("none/rows.npy")});
  expect_error([&] { NpyRowsWriter(folder_.string(), 2, {2}); }, {"not a regular file"});
  NpyRowsWriter writer(path("rows.npy"), 3, {2});
  const std::vector<float> values(3);
  expect_error([&] { writer.write(0, values); }, {path("rows.npy"), "rows of 2"});
  expect_error([&] { writer.write(3, std::span(values).first(2)); }, {"3 rows", "row 3"});
}

}  // namespace
}  // namespace phosphene
