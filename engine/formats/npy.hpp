#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "phosphene/npy.hpp"

namespace phosphene::formats {

/// What stands before the values of a .npy file. Source: NumPy's numpy.lib.format: the bytes
/// "\x93NUMPY", the version (1.0, 2.0 or 3.0), the header's length (little-endian, 2 bytes in 1.0,
/// 4 in the others), and a Python dictionary of 'descr', 'fortran_order' and 'shape'.
struct NpyHeader {
  char kind = 0;           ///< f, i, u or b
  std::uint64_t size = 0;  ///< bytes of an element
  std::vector<std::int64_t> shape;
  std::uint64_t count = 0;
  std::uint64_t data_begin = 0;
};

/// Reads and checks everything but the values. Throws Error that starts with `path`.
NpyHeader read_npy_header(const std::string& path, std::span<const std::uint8_t> file);

/// The values.size() values from number `first` on of `file`, whose header was read: as fp32, or
/// integers as they are. Throws Error that names the index of one that cannot be.
void read_npy_values(const std::string& path, const NpyHeader& header,
                     std::span<const std::uint8_t> file, std::uint64_t first,
                     std::span<float> values);
void read_npy_integers(const std::string& path, const NpyHeader& header,
                       std::span<const std::uint8_t> file, std::uint64_t first,
                       std::span<std::int64_t> values);

/// What stands before the values of a file of `type` ("<f4") and `shape`: padded with blanks so
/// that they start at a multiple of 64 bytes. `path` is for the Error.
std::vector<std::uint8_t> npy_prefix(const std::string& path, const char* type,
                                     const std::vector<std::int64_t>& shape);

/// What load_npy does with the file's bytes.
HostArray read_npy(const std::string& path, std::span<const std::uint8_t> file);

}  // namespace phosphene::formats
