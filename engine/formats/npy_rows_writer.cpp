#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "engine/formats/npy.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw Error(fmt::format("{}: {}: {}", path, what, std::generic_category().message(errno)));
}

void write_at(int file, const std::string& path, std::span<const std::uint8_t> bytes,
              std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, "cannot be written");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

struct Descriptor {
  int fd = -1;
  Descriptor() = default;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

}  // namespace

struct NpyRowsWriter::File {
  std::string path;
  Descriptor file{};
  std::int64_t rows, row_count = 1;
  std::uint64_t data_begin = 0;

  File(std::string name, std::int64_t count, const std::vector<std::int64_t>& row_shape)
      : path(std::move(name)), rows(count) {
    std::vector<std::int64_t> shape{rows};
    shape.insert(shape.end(), row_shape.begin(), row_shape.end());
    for (const std::int64_t extent : row_shape) row_count *= extent;
    const std::vector<std::uint8_t> prefix = formats::npy_prefix(path, "<f4", shape);
    data_begin = prefix.size();
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
      throw Error(path + ": is not a regular file");
    }
    file.fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file.fd < 0) fail(path, "cannot be written");
    begin(prefix);
  }

  std::uint64_t offset_of(std::int64_t row) const {
    return data_begin + static_cast<std::uint64_t>(row * row_count) * sizeof(float);
  }

  /// The prefix last: a file that begins with it has its whole length.
  void begin(const std::vector<std::uint8_t>& prefix) const {
    struct stat info {};
    if (::fstat(file.fd, &info) != 0) fail(path, "cannot be read");
    std::vector<std::uint8_t> there(prefix.size());
    const ssize_t got = ::pread(file.fd, there.data(), there.size(), 0);
    if (got < 0) fail(path, "cannot be read");
    const auto whole = static_cast<off_t>(offset_of(rows));
    if (info.st_size == whole && there == prefix) return;
    const bool blank = there == std::vector<std::uint8_t>(prefix.size());  // killed before it
    if (info.st_size != 0 && !(info.st_size == whole && blank)) {
      throw Error(
          fmt::format("{}: is there and is no array of {} rows of {} fp32 values: remove "
                      "it, or give another folder",
                      path, rows, row_count));
    }
    if (::ftruncate(file.fd, whole) != 0) fail(path, "cannot be made so long");
    write_at(file.fd, path, prefix, 0);
  }
};

NpyRowsWriter::NpyRowsWriter(const std::string& path, std::int64_t rows,
                             const std::vector<std::int64_t>& row_shape)
    : file_(std::make_unique<File>(path, rows, row_shape)) {}
NpyRowsWriter::~NpyRowsWriter() = default;
NpyRowsWriter::NpyRowsWriter(NpyRowsWriter&&) noexcept = default;
NpyRowsWriter& NpyRowsWriter::operator=(NpyRowsWriter&&) noexcept = default;

void NpyRowsWriter::write(std::int64_t row, std::span<const float> values) {
  if (row < 0 || row >= file_->rows ||
      static_cast<std::int64_t>(values.size()) != file_->row_count) {
    throw Error(fmt::format("{}: has {} rows of {} values; row {} of {} cannot be written",
                            file_->path, file_->rows, file_->row_count, row, values.size()));
  }
  write_at(file_->file.fd, file_->path,
           {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()},
           file_->offset_of(row));
}

void NpyRowsWriter::sync() {
  if (::fsync(file_->file.fd) != 0) fail(file_->path, "cannot be written");
}

}  // namespace phosphene
