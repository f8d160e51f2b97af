#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace phosphene::formats {

/// A regular file mapped read-only. Throws Error that names the file where it is missing, a
/// directory, not a regular file, or not readable.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::uint8_t> bytes() const { return {data_, size_}; }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Puts `bytes` at `path`, or leaves `path` as it was and throws Error: written under a temporary
/// name in the same folder, synced, renamed. An existing file keeps its permissions, and a link
/// goes on pointing at the file that is replaced.
void write_file_atomically(const std::string& path, std::span<const std::uint8_t> bytes);

/// Throws the Error that write_file_atomically would, as far as it can be known beforehand: a
/// folder that is missing, is none, or may not be written; a target that is not a regular file.
void check_writable_file(const std::string& path);

}  // namespace phosphene::formats
