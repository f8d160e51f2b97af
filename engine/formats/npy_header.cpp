#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <string_view>

#include "engine/formats/npy.hpp"
#include "phosphene/error.hpp"

namespace phosphene::formats {
namespace {

/// The header's dictionary, of which this understands what NumPy writes for plain arrays.
class Dictionary {
 public:
  Dictionary(const std::string& path, std::string_view text) : path_(path), rest_(text) {}

  NpyHeader read() {
    NpyHeader header;
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !descr) {
        descr = true;
        read_type(header);
      } else if (key == "fortran_order" && !order) {
        order = true;
        if (!take_word("False")) {
          if (!take_word("True")) damaged();
          fail("is in Fortran order, expected C order: save numpy.ascontiguousarray(a)");
        }
      } else if (key == "shape" && !shape) {
        shape = true;
        read_shape(header);
      } else {
        fail(
            fmt::format("has '{}' in its header; expected 'descr', 'fortran_order' and 'shape', "
                        "once each",
                        printable(key)));
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (!rest_.empty()) damaged();
    if (!descr || !order || !shape) {
      fail("lacks 'descr', 'fortran_order' or 'shape' in its header");
    }
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(fmt::format("{}: {}", path_, what));
  }
  [[noreturn]] void damaged() const {
    fail("damaged .npy: its header is no dictionary of NumPy's");
  }

  void skip_blanks() {
    const auto begin = rest_.find_first_not_of(" \t\n");
    rest_.remove_prefix(begin == std::string_view::npos ? rest_.size() : begin);
  }
  bool take_word(std::string_view word) {
    skip_blanks();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  bool take(char c) { return take_word({&c, 1}); }
  void expect(char c) {
    if (!take(c)) damaged();
  }

  std::string_view quoted() {
    skip_blanks();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) damaged();
    const auto end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos) damaged();
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  void read_type(NpyHeader& header) {
    constexpr const char* kExpected =
        "expected little-endian floats, integers or bools: save a.astype('<f4')";
    skip_blanks();
    if (rest_.starts_with('[')) fail(fmt::format("holds structures, {}", kExpected));
    const std::string_view type = quoted();
    for (const std::string_view known :
         {"<f2", "<f4", "<f8", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8", "|b1"}) {
      if (type != known) continue;
      header.kind = known[1];
      header.size = static_cast<std::uint64_t>(known[2] - '0');
      return;
    }
    fail(fmt::format("holds '{}', {}", printable(type), kExpected));
  }

  void read_shape(NpyHeader& header) {
    expect('(');
    header.count = 1;
    while (!take(')')) {
      skip_blanks();
      std::int64_t extent = -1;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc{} || extent < 0) damaged();
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      header.shape.push_back(extent);
      const auto wide = static_cast<std::uint64_t>(extent);
      // Far above any file, and far enough below 2^64 for the bytes to be counted.
      constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max() / 16;
      if (wide != 0 && header.count > kMost / wide) fail("has more elements than can be counted");
      header.count *= wide;
      if (!take(',')) {
        expect(')');
        break;
      }
    }
  }

  const std::string& path_;
  std::string_view rest_;
};

}  // namespace

NpyHeader read_npy_header(const std::string& path, std::span<const std::uint8_t> file) {
  const auto fail = [&](const std::string& what) {
    throw Error(fmt::format("{}: {}", path, what));
  };
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  constexpr std::string_view kMagic = "\x93NUMPY";
  if (text.starts_with("PK\x03\x04")) {
    fail("is a zip archive (.npz), expected one array in a .npy file");
  }
  if (!text.starts_with(kMagic)) fail("is not a .npy file");
  constexpr std::size_t kVersionAt = kMagic.size(), kLengthAt = kVersionAt + 2;
  if (text.size() < kLengthAt) fail("truncated .npy: its version is missing");
  const int major = file[kVersionAt], minor = file[kVersionAt + 1];
  if (major < 1 || major > 3 || minor != 0) {
    fail(fmt::format("is of .npy version {}.{}, expected 1.0, 2.0 or 3.0", major, minor));
  }
  const std::size_t length_bytes = major == 1 ? 2 : 4, begin = kLengthAt + length_bytes;
  if (text.size() < begin) fail("truncated .npy: the length of its header is missing");
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    length |= static_cast<std::size_t>(file[kLengthAt + i]) << 8 * i;
  }
  if (length > text.size() - begin) {
    fail(fmt::format("truncated .npy: its header has {} bytes, {} are there", length,
                     text.size() - begin));
  }
  NpyHeader header = Dictionary(path, text.substr(begin, length)).read();
  header.data_begin = begin + length;
  const std::uint64_t there = text.size() - header.data_begin;
  if (there != header.count * header.size) {
    fail(fmt::format("{} .npy: its shape asks for {} bytes of values, {} are there",
                     there < header.count * header.size ? "truncated" : "damaged",
                     header.count * header.size, there));
  }
  return header;
}

}  // namespace phosphene::formats
