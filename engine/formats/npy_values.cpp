#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "engine/formats/half.hpp"
#include "engine/formats/npy.hpp"
#include "phosphene/error.hpp"

namespace phosphene::formats {
namespace {

/// The values from `first` on, of which `bytes` are these alone.
template <class Stored>
void convert(const std::string& path, std::span<const std::uint8_t> bytes, std::uint64_t first,
             std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;  // copied out: the bytes need not be aligned
    std::memcpy(&stored, bytes.data() + i * sizeof stored, sizeof stored);
    if constexpr (std::is_floating_point_v<Stored>) {
      // Written so that NaN, which compares as false, is refused.
      if (!(std::abs(stored) <= static_cast<Stored>(std::numeric_limits<float>::max()))) {
        throw Error(fmt::format("{}: its value at index {} is {}, expected finite ones of fp32",
                                path, first + i, stored));
      }
    }
    values[i] = static_cast<float>(stored);
  }
}

/// Widened here, so that the checks of floats are in one place.
void convert_halves(const std::string& path, std::span<const std::uint8_t> bytes,
                    std::uint64_t first, std::span<float> values) {
  std::vector<float> wide(values.size());
  for (std::size_t i = 0; i < wide.size(); ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, bytes.data() + i * sizeof bits, sizeof bits);
    wide[i] = from_f16(bits);
  }
  convert<float>(path,
                 {reinterpret_cast<const std::uint8_t*>(wide.data()), wide.size() * sizeof(float)},
                 first, values);
}

void convert_bools(const std::string& path, std::span<const std::uint8_t> bytes,
                   std::uint64_t first, std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (bytes[i] > 1) {
      throw Error(
          fmt::format("{}: damaged .npy: its bool at index {} is {}", path, first + i, bytes[i]));
    }
    values[i] = bytes[i];
  }
}

template <class Stored>
void widen(const std::string& path, std::span<const std::uint8_t> bytes, std::uint64_t first,
           std::span<std::int64_t> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof stored, sizeof stored);
    if constexpr (std::is_same_v<Stored, std::uint64_t>) {
      if (stored > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        throw Error(fmt::format("{}: its value at index {} is {}, expected integers below 2^63",
                                path, first + i, stored));
      }
    }
    values[i] = static_cast<std::int64_t>(stored);
  }
}

}  // namespace

void read_npy_values(const std::string& path, const NpyHeader& header,
                     std::span<const std::uint8_t> file, std::uint64_t first,
                     std::span<float> values) {
  const auto bytes =
      file.subspan(header.data_begin + first * header.size, values.size() * header.size);
  const auto is = [&](char kind, std::uint64_t size) {
    return header.kind == kind && header.size == size;
  };
  if (is('b', 1)) convert_bools(path, bytes, first, values);
  if (is('f', 2)) convert_halves(path, bytes, first, values);
  if (is('f', 4)) convert<float>(path, bytes, first, values);
  if (is('f', 8)) convert<double>(path, bytes, first, values);
  if (is('i', 1)) convert<std::int8_t>(path, bytes, first, values);
  if (is('i', 2)) convert<std::int16_t>(path, bytes, first, values);
  if (is('i', 4)) convert<std::int32_t>(path, bytes, first, values);
  if (is('i', 8)) convert<std::int64_t>(path, bytes, first, values);
  if (is('u', 1)) convert<std::uint8_t>(path, bytes, first, values);
  if (is('u', 2)) convert<std::uint16_t>(path, bytes, first, values);
  if (is('u', 4)) convert<std::uint32_t>(path, bytes, first, values);
  if (is('u', 8)) convert<std::uint64_t>(path, bytes, first, values);
}

void read_npy_integers(const std::string& path, const NpyHeader& header,
                       std::span<const std::uint8_t> file, std::uint64_t first,
                       std::span<std::int64_t> values) {
  if (header.kind != 'i' && header.kind != 'u') {
    throw Error(fmt::format("{}: holds {} of {} bytes, expected integers: save a.astype('<i8')",
                            path, header.kind == 'f' ? "floats" : "bools", header.size));
  }
  const auto bytes =
      file.subspan(header.data_begin + first * header.size, values.size() * header.size);
  const auto is = [&](char kind, std::uint64_t size) {
    return header.kind == kind && header.size == size;
  };
  if (is('i', 1)) widen<std::int8_t>(path, bytes, first, values);
  if (is('i', 2)) widen<std::int16_t>(path, bytes, first, values);
  if (is('i', 4)) widen<std::int32_t>(path, bytes, first, values);
  if (is('i', 8)) widen<std::int64_t>(path, bytes, first, values);
  if (is('u', 1)) widen<std::uint8_t>(path, bytes, first, values);
  if (is('u', 2)) widen<std::uint16_t>(path, bytes, first, values);
  if (is('u', 4)) widen<std::uint32_t>(path, bytes, first, values);
  if (is('u', 8)) widen<std::uint64_t>(path, bytes, first, values);
}

}  // namespace phosphene::formats
