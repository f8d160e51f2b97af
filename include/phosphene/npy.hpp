#pragma once
#include <cstdint>
#include <memory>
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

/// A .npy file whose rows (along its first axis) are read when they are asked for, so that it may
/// be larger than the memory. read() may be called from several threads.
class NpyRows {
 public:
  /// Reads the header. Throws Error as load_npy does.
  explicit NpyRows(const std::string& path);
  ~NpyRows();
  NpyRows(NpyRows&&) noexcept;
  NpyRows& operator=(NpyRows&&) noexcept;

  const std::string& path() const;
  const std::vector<std::int64_t>& shape() const;
  char kind() const;  ///< 'f' floats, 'i' and 'u' integers, 'b' bools
  int bytes() const;  ///< of an element

  /// Elements of one row.
  std::int64_t row_count() const;
  /// One row as fp32, rounded to nearest. Throws Error that names the index of a value that is NaN,
  /// infinite, or outside fp32.
  void read(std::int64_t row, std::span<float> values) const;
  /// One row of integers, as they are. Throws Error where the file holds none, or one beyond int64.
  void read(std::int64_t row, std::span<std::int64_t> values) const;

 private:
  struct File;
  std::unique_ptr<File> file_;
};

/// A .npy file of fp32 with rows that are written in place and in any order; what was not written
/// is 0. write() may be called from several threads, for different rows.
class NpyRowsWriter {
 public:
  /// Makes the file of [rows, row_shape...] at its whole length, or goes on with the one that is
  /// there. Throws Error where that is no such array, or cannot be written.
  NpyRowsWriter(const std::string& path, std::int64_t rows,
                const std::vector<std::int64_t>& row_shape);
  ~NpyRowsWriter();
  NpyRowsWriter(NpyRowsWriter&&) noexcept;
  NpyRowsWriter& operator=(NpyRowsWriter&&) noexcept;

  void write(std::int64_t row, std::span<const float> values);
  /// On return what was written is on the disk.
  void sync();

 private:
  struct File;
  std::unique_ptr<File> file_;
};

}  // namespace phosphene
