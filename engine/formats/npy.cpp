#include "engine/formats/npy.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "engine/formats/files.hpp"
#include "engine/formats/half.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace formats {
namespace {

template <class Stored>
void convert(const std::string& path, std::span<const std::uint8_t> bytes,
             std::vector<float>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;  // copied out: the bytes need not be aligned
    std::memcpy(&stored, bytes.data() + i * sizeof stored, sizeof stored);
    if constexpr (std::is_floating_point_v<Stored>) {
      // Written so that NaN, which compares as false, is refused.
      if (!(std::abs(stored) <= static_cast<Stored>(std::numeric_limits<float>::max()))) {
        throw Error(fmt::format("{}: its value at index {} is {}, expected finite ones of fp32",
                                path, i, stored));
      }
    }
    values[i] = static_cast<float>(stored);
  }
}

/// Widened here, so that the checks of floats are in one place.
void convert_halves(const std::string& path, std::span<const std::uint8_t> bytes,
                    std::vector<float>& values) {
  std::vector<float> wide(values.size());
  for (std::size_t i = 0; i < wide.size(); ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, bytes.data() + i * sizeof bits, sizeof bits);
    wide[i] = from_f16(bits);
  }
  convert<float>(path,
                 {reinterpret_cast<const std::uint8_t*>(wide.data()), wide.size() * sizeof(float)},
                 values);
}

void convert_bools(const std::string& path, std::span<const std::uint8_t> bytes,
                   std::vector<float>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (bytes[i] > 1) {
      throw Error(fmt::format("{}: damaged .npy: its bool at index {} is {}", path, i, bytes[i]));
    }
    values[i] = bytes[i];
  }
}

/// The prefix of a file of `shape`: padded with blanks so that the values start at a multiple of
/// 64 bytes.
std::vector<std::uint8_t> npy_prefix(const std::string& path, const char* type,
                                     const std::vector<std::int64_t>& shape) {
  std::string extents;
  for (const std::int64_t extent : shape) extents += fmt::format("{}, ", extent);
  if (shape.size() > 1) extents.resize(extents.size() - 2);   // (2, 3)
  if (shape.size() == 1) extents.resize(extents.size() - 1);  // (2,)
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, extents);
  constexpr std::size_t kBefore = 10, kAlignment = 64;
  const std::size_t bare = kBefore + header.size() + 1;
  header.append((kAlignment - bare % kAlignment) % kAlignment, ' ');
  header += '\n';
  if (header.size() > std::numeric_limits<std::uint16_t>::max()) {
    throw Error(fmt::format("{}: cannot be written: an array of {} axes", path, shape.size()));
  }
  const std::string_view begin("\x93NUMPY\x01\x00", 8);
  std::vector<std::uint8_t> prefix(begin.begin(), begin.end());
  prefix.push_back(static_cast<std::uint8_t>(header.size() & 0xff));
  prefix.push_back(static_cast<std::uint8_t>(header.size() >> 8));
  prefix.insert(prefix.end(), header.begin(), header.end());
  return prefix;
}

void write_npy(const std::string& path, const char* type, std::size_t count,
               std::span<const std::uint8_t> values, const std::vector<std::int64_t>& shape) {
  std::int64_t elements = 1;
  for (const std::int64_t extent : shape) elements *= extent;
  if (elements != static_cast<std::int64_t>(count)) {
    throw Error(fmt::format("{}: cannot be written: its shape has {} elements, there are {}", path,
                            elements, count));
  }
  std::vector<std::uint8_t> file = npy_prefix(path, type, shape);
  file.insert(file.end(), values.begin(), values.end());
  write_file_atomically(path, file);
}

}  // namespace

HostArray read_npy(const std::string& path, std::span<const std::uint8_t> file) {
  const NpyHeader header = read_npy_header(path, file);
  const auto bytes = file.subspan(header.data_begin);
  HostArray array{header.shape, std::vector<float>(header.count)};
  const auto is = [&](char kind, std::uint64_t size) {
    return header.kind == kind && header.size == size;
  };
  if (is('b', 1)) convert_bools(path, bytes, array.values);
  if (is('f', 2)) convert_halves(path, bytes, array.values);
  if (is('f', 4)) convert<float>(path, bytes, array.values);
  if (is('f', 8)) convert<double>(path, bytes, array.values);
  if (is('i', 1)) convert<std::int8_t>(path, bytes, array.values);
  if (is('i', 2)) convert<std::int16_t>(path, bytes, array.values);
  if (is('i', 4)) convert<std::int32_t>(path, bytes, array.values);
  if (is('i', 8)) convert<std::int64_t>(path, bytes, array.values);
  if (is('u', 1)) convert<std::uint8_t>(path, bytes, array.values);
  if (is('u', 2)) convert<std::uint16_t>(path, bytes, array.values);
  if (is('u', 4)) convert<std::uint32_t>(path, bytes, array.values);
  if (is('u', 8)) convert<std::uint64_t>(path, bytes, array.values);
  return array;
}

}  // namespace formats

void save_npy(const std::string& path, const Tensor& tensor,
              const std::vector<std::int64_t>& shape) {
  const Shape& s = tensor.shape();
  if (tensor.dtype() != DType::f32 || tensor.layout() != Layout::nchw ||
      tensor.device().is_cuda()) {
    throw Error(
        fmt::format("{}: cannot be written: the tensor is {} on {}, expected fp32, nchw, "
                    "in host memory",
                    path, to_string(tensor.dtype()), to_string(tensor.device())));
  }
  formats::write_npy(path, "<f4", static_cast<std::size_t>(tensor.count()),
                     {tensor.data<std::uint8_t>(), tensor.bytes()},
                     shape.empty() ? std::vector{s.n, s.c, s.h, s.w} : shape);
}

void save_npy(const std::string& path, std::span<const std::uint8_t> values,
              const std::vector<std::int64_t>& shape) {
  formats::write_npy(path, "|u1", values.size(), values, shape);
}

HostArray load_npy(const std::string& path) {
  const formats::MappedFile file(path);
  return formats::read_npy(path, file.bytes());
}

}  // namespace phosphene
