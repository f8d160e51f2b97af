#pragma once
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "phosphene/network.hpp"

namespace phosphene::formats {

/// Where one tensor of a safetensors file lies. Source: the format's description in
/// huggingface/safetensors: 8 bytes of header length (little-endian), a JSON object
/// {name: {dtype, shape, data_offsets: [begin, end]}}, then the bytes.
struct TensorEntry {
  std::string name;
  std::string dtype;  ///< as the file writes it: "F32", "BF16", "I64", ...
  std::vector<std::int64_t> shape;
  std::uint64_t count = 0;
  std::uint64_t begin = 0, end = 0;  ///< into the bytes after the header
};

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;  ///< in the order of their bytes
  std::map<std::string, std::string> metadata;
  std::uint64_t data_begin = 0;  ///< where the bytes after the header start
};

/// Reads and checks everything but the values. The tensors cover the file without hole or overlap
/// to its last byte. Throws Error that starts with `path`.
SafetensorsHeader read_safetensors_header(const std::string& path,
                                          std::span<const std::uint8_t> file);

/// True for the integer and bool types, which hold counters (BatchNorm's num_batches_tracked) and
/// never weights.
bool is_integer_dtype(const std::string& dtype);

/// The values of one tensor as fp32. Throws Error that names the tensor and the first index where
/// a value is NaN, infinite, or (F64) outside float's range, and for a dtype that is not
/// F32, F16, BF16 or F64.
std::vector<float> read_values(const std::string& path, const TensorEntry& entry,
                               std::span<const std::uint8_t> bytes);

/// What Weights::load does with the file's bytes.
Weights read_weights(const std::string& path, std::span<const std::uint8_t> file);

}  // namespace phosphene::formats
