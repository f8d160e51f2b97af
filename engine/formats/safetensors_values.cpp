#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/formats/half.hpp"
#include "engine/formats/safetensors.hpp"
#include "phosphene/error.hpp"

namespace phosphene::formats {
namespace {

static_assert(std::endian::native == std::endian::little, "the format's numbers are little-endian");

float from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

[[noreturn]] void fail_at(const std::string& path, const std::string& tensor, std::uint64_t index,
                          const std::string& what) {
  throw Error(
      fmt::format("{}: tensor '{}' is {} at index {}", path, printable(tensor), what, index));
}

std::string kind_of(double value) { return std::isnan(value) ? "NaN" : "infinite"; }

/// One pass that the compiler can vectorise says whether any value is bad; only then is the
/// first one looked for.
void check_finite(const std::string& path, const std::string& tensor,
                  const std::vector<float>& values) {
  bool finite = true;
  for (const float value : values) {
    finite &= (std::bit_cast<std::uint32_t>(value) & 0x7f800000u) != 0x7f800000u;
  }
  if (finite) return;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) fail_at(path, tensor, i, kind_of(values[i]));
  }
}

template <class Stored, class Convert>
void convert_each(std::span<const std::uint8_t> bytes, std::vector<float>& values,
                  Convert convert) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored;  // copied out: the bytes need not be aligned
    std::memcpy(&stored, bytes.data() + i * sizeof stored, sizeof stored);
    values[i] = convert(stored, i);
  }
}

}  // namespace

std::vector<float> read_values(const std::string& path, const TensorEntry& entry,
                               std::span<const std::uint8_t> bytes) {
  std::vector<float> values(entry.count);
  if (entry.dtype == "F32") {
    if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  } else if (entry.dtype == "F16") {
    convert_each<std::uint16_t>(bytes, values, [](auto v, std::size_t) { return from_f16(v); });
  } else if (entry.dtype == "BF16") {
    convert_each<std::uint16_t>(bytes, values, [](auto v, std::size_t) { return from_bf16(v); });
  } else if (entry.dtype == "F64") {
    convert_each<double>(bytes, values, [&](double v, std::size_t i) {
      if (!std::isfinite(v)) fail_at(path, entry.name, i, kind_of(v));
      if (std::abs(v) > std::numeric_limits<float>::max()) {
        fail_at(path, entry.name, i, fmt::format("{} (outside fp32)", v));
      }
      return static_cast<float>(v);
    });
  } else {
    throw Error(fmt::format("{}: tensor '{}' is {}; expected F32, F16, BF16 or F64", path,
                            printable(entry.name), entry.dtype));
  }
  check_finite(path, entry.name, values);
  return values;
}

}  // namespace phosphene::formats
