#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "phosphene/network.hpp"
#include "tests/formats/support.hpp"

namespace phosphene {
namespace {

using test::Bytes;
using test::expect_error;

/// A safetensors file by its parts: the length of the header, the header, the bytes after it.
Bytes safetensors(const std::string& header, const Bytes& data = {}) {
  Bytes file;
  test::append_little(file, header.size(), 8);
  test::append(file, header);
  test::append(file, data);
  return file;
}

template <class Value>
Bytes bytes_of(std::initializer_list<Value> values) {
  Bytes bytes(values.size() * sizeof(Value));
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

std::string f32(const std::string& name, const std::string& shape, int begin, int end) {
  return "\"" + name + "\":{\"dtype\":\"F32\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

class Safetensors : public test::InFolder {
 protected:
  Weights load(const Bytes& file) const { return Weights::load(write("w.safetensors", file)); }

  void expect_refused(const Bytes& file, std::initializer_list<std::string> parts) const {
    std::vector<std::string> all(parts);
    all.push_back(path("w.safetensors") + ": ");
    expect_error([&] { load(file); }, all);
  }
};

TEST_F(Safetensors, ReadsNamesShapesValuesAndMetadata) {
  const Weights weights =
      load(safetensors("{\"__metadata__\":{\"model\":\"vgg19\",\"input\":\"RGB\"}," +
                           f32("b", "[2]", 16, 24) + "," + f32("a", "[2,1,2]", 0, 16) + "}  ",
                       bytes_of({1.0f, -2.0f, 0.5f, 3e38f, 7.0f, 1e-40f})));
  ASSERT_EQ(weights.arrays().size(), 2u);
  EXPECT_EQ(weights.arrays().at("a").shape, (std::vector<std::int64_t>{2, 1, 2}));
  EXPECT_EQ(weights.arrays().at("a").values, (std::vector<float>{1.0f, -2.0f, 0.5f, 3e38f}));
  EXPECT_EQ(weights.arrays().at("b").values, (std::vector<float>{7.0f, 1e-40f}));
  EXPECT_EQ(weights.metadata(),
            (std::map<std::string, std::string>{{"model", "vgg19"}, {"input", "RGB"}}));
  EXPECT_EQ(weights.source(), path("w.safetensors"));
}

TEST_F(Safetensors, ReadsScalarsEmptyTensorsAndEmptyFiles) {
  const Weights weights =
      load(safetensors("{" + f32("scalar", "[]", 0, 4) + "," + f32("z_first", "[0]", 0, 0) + "," +
                           f32("empty", "[3,0]", 4, 4) + "}",
                       bytes_of({2.5f})));
  EXPECT_EQ(weights.arrays().at("scalar").values, std::vector<float>{2.5f});
  EXPECT_TRUE(weights.arrays().at("scalar").shape.empty());
  EXPECT_TRUE(weights.arrays().at("empty").values.empty());
  EXPECT_TRUE(weights.arrays().at("z_first").values.empty());
  EXPECT_TRUE(load(safetensors("{}")).arrays().empty());
}

// The bits and their values are IEEE 754's own examples of binary16: one, the largest normal, the
// smallest normal, the smallest and the largest subnormal, both zeros.
TEST_F(Safetensors, ConvertsF16Exactly) {
  const Bytes data =
      bytes_of<std::uint16_t>({0x3c00, 0x7bff, 0x0400, 0x0001, 0x03ff, 0x0000, 0x8000, 0xc000});
  const Weights weights =
      load(safetensors(R"({"h":{"dtype":"F16","shape":[8],"data_offsets":[0,16]}})", data));
  const std::vector<float>& values = weights.arrays().at("h").values;
  EXPECT_EQ(values,
            (std::vector<float>{1.0f, 65504.0f, std::ldexp(1.0f, -14), std::ldexp(1.0f, -24),
                                std::ldexp(1023.0f, -24), 0.0f, -0.0f, -2.0f}));
  EXPECT_TRUE(std::signbit(values[6]));
}

TEST_F(Safetensors, ConvertsBf16AndF64) {
  Bytes data = bytes_of<std::uint16_t>({0x3f80, 0xc049, 0x0001, 0x7f7f});
  test::append(data, bytes_of({0.1, -1e-300}));
  const Weights weights =
      load(safetensors(R"({"b":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]},)"
                       R"("d":{"dtype":"F64","shape":[2],"data_offsets":[8,24]}})",
                       data));
  EXPECT_EQ(weights.arrays().at("b").values,
            (std::vector<float>{1.0f, -3.140625f, std::bit_cast<float>(0x00010000u),
                                std::bit_cast<float>(0x7f7f0000u)}));
  EXPECT_EQ(weights.arrays().at("d").values, (std::vector<float>{0.1f, -0.0f}));
}

TEST_F(Safetensors, LeavesCountersOut) {
  const Weights weights = load(safetensors(
      R"({"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]},)" + f32("w", "[1]", 8, 12) + "}",
      bytes_of({std::uint32_t{5}, std::uint32_t{0}, std::bit_cast<std::uint32_t>(2.f)})));
  EXPECT_FALSE(weights.has("n"));
  EXPECT_TRUE(weights.has("w"));
}

TEST_F(Safetensors, NamesTheFirstNaNOrInfinity) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const std::string header = "{" + f32("conv.weight", "[2,2]", 0, 16) + "}";
  expect_refused(safetensors(header, bytes_of({1.0f, 2.0f, nan, infinity})),
                 {"tensor 'conv.weight' is NaN at index 2"});
  expect_refused(safetensors(header, bytes_of({1.0f, -infinity, nan, 0.0f})),
                 {"tensor 'conv.weight' is infinite at index 1"});
  const auto half = [](const std::string& dtype, std::uint16_t bits) {
    return safetensors(R"({"h":{"dtype":")" + dtype + R"(","shape":[2],"data_offsets":[0,4]}})",
                       bytes_of<std::uint16_t>({0, bits}));
  };
  expect_refused(half("F16", 0x7c00), {"'h' is infinite at index 1"});
  expect_refused(half("F16", 0xfc01), {"'h' is NaN at index 1"});
  expect_refused(half("BF16", 0x7fc0), {"'h' is NaN at index 1"});
}

TEST_F(Safetensors, RefusesDoublesBeyondFp32) {
  const auto file = [](double value) {
    return safetensors(R"({"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}})",
                       bytes_of({1.0, value}));
  };
  expect_refused(file(1e39), {"'d' is 1e+39 (outside fp32) at index 1"});
  expect_refused(file(-3.5e38), {"outside fp32"});
  expect_refused(file(std::nan("")), {"'d' is NaN at index 1"});
  EXPECT_EQ(load(file(3.4e38)).arrays().at("d").values[1], 3.4e38f);
}

TEST_F(Safetensors, RefusesABadHeaderLength) {
  expect_refused({}, {"0 bytes, fewer than the 8"});
  expect_refused({2, 0, 0, 0, 0, 0, 0}, {"7 bytes, fewer than the 8"});
  Bytes file;
  test::append_little(file, 100'000'001, 8);
  test::append(file, "{}");
  expect_refused(file, {"header length is 100000001, over the limit"});
  file.clear();
  test::append_little(file, ~0ull, 8);
  test::append(file, "{}");
  expect_refused(file, {"over the limit"});
  file.clear();
  test::append_little(file, 3, 8);
  test::append(file, "{}");
  expect_refused(file, {"header of 3 bytes runs past the end"});
  expect_refused(safetensors(""), {"does not start with '{'"});
}

TEST_F(Safetensors, RefusesAHeaderThatIsNotJson) {
  expect_refused(safetensors("[]"), {"does not start with '{'"});
  expect_refused(safetensors("\xef\xbb\xbf{}"), {"does not start with '{'"});
  expect_refused(safetensors(" {}"), {"does not start with '{'"});
  expect_refused(safetensors("{"), {"not UTF-8 JSON"});
  expect_refused(safetensors("{}}"), {"not UTF-8 JSON"});
  expect_refused(safetensors("{\"a\":1,}"), {"not UTF-8 JSON at byte 8"});
  expect_refused(safetensors("{\"\xff\":{}}"), {"not UTF-8 JSON at byte 3"});
  expect_refused(safetensors(std::string("{}\0 ", 4)), {"not UTF-8 JSON at byte 3"});
  expect_refused(safetensors("{\"a\":1e999}"), {"number out of range"});
  expect_refused(safetensors("{\"a\":" + std::string(10000, '[') + "}"), {"not UTF-8 JSON"});
}

TEST_F(Safetensors, RefusesDuplicateKeys) {
  const Bytes eight(8);
  expect_refused(
      safetensors("{" + f32("a", "[1]", 0, 4) + "," + f32("a", "[1]", 4, 8) + "}", eight),
      {"the key 'a' twice"});
  expect_refused(safetensors(R"({"__metadata__":{"k":"1","k":"2"}})"), {"the key 'k' twice"});
  expect_refused(
      safetensors(R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                  Bytes(4)),
      {"the key 'dtype' twice"});
}

TEST_F(Safetensors, RefusesDescriptionsThatAreNone) {
  const auto entry = [](const std::string& text) {
    return safetensors("{\"a\":" + text + "}", Bytes(4));
  };
  expect_refused(entry("3"), {"tensor 'a' is not described by an object"});
  expect_refused(entry(R"({"shape":[1],"data_offsets":[0,4]})"), {"'a' has no dtype"});
  expect_refused(entry(R"({"dtype":"F32","data_offsets":[0,4]})"), {"'a' has no shape"});
  expect_refused(entry(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"),
                 {"'a' has no shape"});
  expect_refused(entry(R"({"dtype":"F32","shape":[1.0],"data_offsets":[0,4]})"),
                 {"'a' has no shape"});
  expect_refused(entry(R"({"dtype":"F32","shape":[1]})"), {"'a' has no data_offsets"});
  expect_refused(entry(R"({"dtype":"F32","shape":[1],"data_offsets":[0,2,4]})"),
                 {"'a' has no data_offsets"});
  expect_refused(entry(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1})"),
                 {"'a' has an unknown field 'more'"});
  expect_refused(entry(R"({"dtype":"F31","shape":[1],"data_offsets":[0,4]})"),
                 {"'a' has the unknown dtype 'F31'"});
  expect_refused(entry(R"({"dtype":"F8_E5M2","shape":[4],"data_offsets":[0,4]})"),
                 {"tensor 'a' is F8_E5M2; expected F32, F16, BF16 or F64"});
  expect_refused(safetensors(R"({"__metadata__":{"k":1}})"), {"__metadata__ 'k' is not a string"});
  expect_refused(safetensors(R"({"__metadata__":[]})"), {"__metadata__ is not an object"});
}

TEST_F(Safetensors, RefusesSizesThatDoNotFit) {
  const auto entry = [](const std::string& shape, int begin, int end, std::size_t bytes) {
    return safetensors("{" + f32("a", shape, begin, end) + "}", Bytes(bytes));
  };
  expect_refused(entry("[2]", 0, 4, 4), {"'a' of F32 [2] takes 8 bytes", "span 4"});
  expect_refused(entry("[1]", 4, 0, 4), {"'a' ends at byte 0 before it begins at 4"});
  expect_refused(entry("[4294967296,4294967296]", 0, 4, 4), {"'a'", "overflows"});
  expect_refused(entry("[4611686018427387904]", 0, 4, 4), {"'a'", "overflows"});
  expect_refused(entry("[18446744073709551615]", 0, 4, 4), {"'a'", "overflows"});
  expect_refused(entry("[99999999999999999999999]", 0, 4, 4), {"'a' has no shape"});
}

TEST_F(Safetensors, RefusesHolesOverlapsAndAnotherEnd) {
  const auto two = [](int begin, int end, std::size_t bytes) {
    return safetensors("{" + f32("a", "[2]", 0, 8) + "," + f32("b", "[1]", begin, end) + "}",
                       Bytes(bytes));
  };
  EXPECT_EQ(load(two(8, 12, 12)).arrays().size(), 2u);
  expect_refused(two(12, 16, 16), {"tensor 'b' begins at byte 12, leaving a hole after byte 8"});
  expect_refused(two(4, 8, 8), {"tensor 'b' begins at byte 4, inside the one before it"});
  expect_refused(two(8, 12, 11), {"end at byte 12, but only 11 bytes follow"});
  expect_refused(two(8, 12, 13), {"end at byte 12, but 13 bytes follow"});
  expect_refused(safetensors("{" + f32("a", "[1]", 4, 8) + "}", Bytes(8)), {"'a'", "hole"});
  expect_refused(safetensors("{}", Bytes(1)), {"end at byte 0, but 1 bytes follow"});
}

// The files that the tests of the format's reference implementation (huggingface/safetensors,
// tensor.rs) refuse, and for the same reason.
TEST_F(Safetensors, RefusesWhatTheReferenceImplementationRefuses) {
  const auto i32 = [](const std::string& shape, int end) {
    return R"({"test":{"dtype":"I32","shape":)" + shape + R"(,"data_offsets":[0,)" +
           std::to_string(end) + "]}}";
  };
  Bytes too_large;  // a length whose highest bytes are set, before a good header
  test::append_little(too_large, 0xffffff000000003c, 8);
  test::append(too_large, i32("[2,2]", 16));
  too_large.resize(too_large.size() + 16);
  Bytes length_alone;
  test::append_little(length_alone, 60, 8);
  const struct {
    const char* what;
    Bytes file;
    std::string message;
  } kCases[] = {
      {"header too small", {}, "0 bytes, fewer than the 8"},
      {"header too large", too_large, "over the limit"},
      {"a length and nothing after it", length_alone, "runs past the end"},
      {"a byte that is not UTF-8", safetensors("\xff"), "does not start with '{'"},
      {"not JSON", safetensors("{"), "not UTF-8 JSON"},
      {"white space first", safetensors("\t\n{}\r "), "does not start with '{'"},
      {"a size that is not the span", safetensors(i32("[2,2]", 4)), "takes 16 bytes"},
      {"extents that overflow", safetensors(i32("[2,18446744073709551614]", 16), Bytes(16)),
       "overflows"},
      {"bytes that overflow", safetensors(i32("[2,9223372036854775807]", 16), Bytes(16)),
       "overflows"},
      {"bytes after the end", safetensors(i32("[2,2]", 16), Bytes(16 + 36)), "52 bytes follow"},
      {"bytes that are missing", safetensors(i32("[2,2]", 16), Bytes(8)), "only 8 bytes follow"},
  };
  for (const auto& [what, file, message] : kCases) {
    SCOPED_TRACE(what);
    expect_refused(file, {message});
  }
}

// What it reads, and a header of exactly the longest size that is allowed (to the byte: the file
// does not hold it, which is said only after the limit was kept).
TEST_F(Safetensors, TakesWhatTheReferenceImplementationTakes) {
  EXPECT_TRUE(load(safetensors("{}\r \t\n")).arrays().empty());
  EXPECT_TRUE(load(safetensors(R"({"test":{"dtype":"I32","shape":[2,0],"data_offsets":[0, 0]}})"))
                  .arrays()
                  .empty());
  Bytes longest;
  test::append_little(longest, 100'000'000, 8);
  test::append(longest, "{}");
  expect_refused(longest, {"header of 100000000 bytes runs past the end"});
}

TEST_F(Safetensors, KeepsMessagesToOneLine) {
  expect_refused(safetensors("{\"a\\nb\":3}"), {"tensor 'a?b'"});
  expect_refused(safetensors("{\"" + std::string(500, 'x') + "\":3}"), {"xxx...'"});
}

TEST_F(Safetensors, SendsForeignFormatsToTheConverter) {
  for (const std::string name : {"w.pth", "w.PT", "w.h5", "w.caffemodel", "w.npz"}) {
    const std::string file = write(name, {1, 2, 3});
    expect_error([&] { Weights::load(file); }, {file, "scripts/convert_weights.py"});
  }
  const auto magic = [&](const std::string& text, const std::string& what) {
    Bytes bytes;
    test::append(bytes, text + std::string(100, 'x'));
    const std::string file = write("w.dat", bytes);
    expect_error([&] { Weights::load(file); }, {file, what, "scripts/convert_weights.py"});
  };
  magic("PK\x03\x04", "zip archive");
  magic("\x89HDF\r\n\x1a\n", "HDF5");
  magic("\x80\x02\x8a\n", "pickle");
}

// A header of 640 bytes makes a file that starts as a pickle does.
TEST_F(Safetensors, TakesAHeaderLengthThatLooksLikeAMagic) {
  std::string header = "{" + f32("a", "[1]", 0, 4) + "}";
  header.resize(640, ' ');
  const Bytes file = safetensors(header, bytes_of({4.0f}));
  ASSERT_EQ(file[0], 0x80);
  ASSERT_EQ(file[1], 0x02);
  EXPECT_EQ(load(file).arrays().at("a").values, std::vector<float>{4.0f});
}

TEST_F(Safetensors, NamesWhatCannotBeOpened) {
  expect_error([&] { Weights::load(path("none")); }, {path("none"), "no such file"});
  expect_error([&] { Weights::load(folder_.string()); }, {folder_.string(), "is a directory"});
  expect_error([] { Weights::load("/dev/null"); }, {"/dev/null", "not a regular file"});
  expect_error([] { Weights::load(""); }, {"no such file"});
}

TEST(SafetensorsData, LoadsEveryFile) {
  const auto folder = test::data_folder("weights");
  if (folder.empty()) GTEST_SKIP() << "test data (PHOSPHENE_DATA): weights/";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".safetensors") continue;
    const Weights weights = Weights::load(entry.path().string());
    EXPECT_FALSE(weights.arrays().empty()) << entry.path();
    EXPECT_TRUE(weights.metadata().contains("licence")) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 0);
}

// What NumPy reads in the same file, summed in double. A sum of 2.4 million doubles of one order of
// magnitude is good to 1e-10 of the sum of magnitudes, whatever the order.
TEST(SafetensorsData, ReadsTheValuesOfVgg16Hed) {
  const auto folder = test::data_folder("weights");
  if (folder.empty()) GTEST_SKIP() << "test data (PHOSPHENE_DATA): weights/vgg16_hed";
  const Weights weights = Weights::load((folder / "vgg16_hed.safetensors").string());
  EXPECT_EQ(weights.arrays().size(), 26u);
  const HostArray& kernel = weights.arrays().at("features.28.weight");
  EXPECT_EQ(kernel.shape, (std::vector<std::int64_t>{512, 512, 3, 3}));
  double sum = 0, magnitude = 0;
  for (const float value : kernel.values) sum += value, magnitude += std::abs(value);
  EXPECT_NEAR(sum, -2547.6906344895206, 1e-6);
  EXPECT_NEAR(magnitude, 16759.742378674346, 1e-6);
  EXPECT_EQ(kernel.values[((511 * 512 + 7) * 3 + 2) * 3 + 1], -0.0018788148f);
  EXPECT_EQ(kernel.values[((3 * 512 + 500) * 3 + 0) * 3 + 2], -0.014343938f);
}

}  // namespace
}  // namespace phosphene
