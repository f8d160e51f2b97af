#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "phosphene/network.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

/// Writes a host tensor of fp32 (nchw) as NumPy's .npy, version 1.0, little-endian, C order: what
/// `numpy.load` gives back bit by bit. `shape` is the array's, with as many elements as the tensor:
/// {h, w} for a map [1, 1, h, w]; empty: the tensor's four extents. Written under a temporary name
/// that is renamed at the end. Throws Error.
void save_npy(const std::string& path, const Tensor& tensor,
              const std::vector<std::int64_t>& shape = {});

/// The same of bytes (uint8): masks, labels.
void save_npy(const std::string& path, std::span<const std::uint8_t> values,
              const std::vector<std::int64_t>& shape);

/// Reads a .npy in C order of little-endian floats (f2, f4, f8), integers (1 to 8 bytes) or bools
/// as fp32, rounded to nearest. Throws Error that names the file for everything else (big-endian,
/// Fortran order, complex, strings, structures, pickles, .npz), and the index of a value that is
/// NaN, infinite, or outside fp32.
HostArray load_npy(const std::string& path);

}  // namespace phosphene
