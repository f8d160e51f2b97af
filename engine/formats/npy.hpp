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

/// What load_npy does with the file's bytes.
HostArray read_npy(const std::string& path, std::span<const std::uint8_t> file);

}  // namespace phosphene::formats
