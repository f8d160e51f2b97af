#include "engine/formats/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "phosphene/error.hpp"
#include "phosphene/file.hpp"

namespace phosphene::formats {
namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::generic_category().message(error); }

/// A file descriptor that closes itself.
struct Descriptor {
  int fd;
  explicit Descriptor(int descriptor) : fd(descriptor) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

/// Where the bytes go in the end: what `path` links to, there already or not, or `path` itself.
fs::path link_target(const std::string& path) {
  constexpr int kMostLinks = 40;  // as the kernel has it
  fs::path file = path;
  std::error_code error;
  for (int i = 0; i < kMostLinks; ++i) {
    const fs::path next = fs::read_symlink(file, error);
    if (error) return file;  // not a link
    file = file.parent_path() / next;
  }
  throw Error(fmt::format("{}: {}", path, reason(ELOOP)));
}

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

/// Unlike mkstemp's, its permissions follow the umask, as a user expects of an output file.
fs::path temporary_name(const fs::path& file) {
  static std::atomic<unsigned> counter{0};
  return folder_of(file) /
         fmt::format(".{}.{}-{}.tmp", file.filename().string(), ::getpid(), counter++);
}

void write_all(int fd, std::span<const std::uint8_t> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw Error(fmt::format("{}: cannot be written: {}", path, reason(errno)));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

/// Removes the temporary file unless it has been renamed.
struct Temporary {
  fs::path name;
  bool renamed = false;
  ~Temporary() {
    if (!renamed) ::unlink(name.c_str());
  }
};

}  // namespace

MappedFile::MappedFile(const std::string& path) {
  struct stat info {};
  // Looked at before it is opened: opening a pipe would wait for its writer.
  if (::stat(path.c_str(), &info) != 0) {
    throw Error(errno == ENOENT ? fmt::format("{}: no such file", path)
                                : fmt::format("{}: cannot be read: {}", path, reason(errno)));
  }
  if (S_ISDIR(info.st_mode)) throw Error(fmt::format("{}: is a directory, not a file", path));
  if (!S_ISREG(info.st_mode)) throw Error(fmt::format("{}: is not a regular file", path));
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0 || ::fstat(file.fd, &info) != 0) {
    throw Error(fmt::format("{}: cannot be read: {}", path, reason(errno)));
  }
  size_ = static_cast<std::size_t>(info.st_size);
  if (size_ == 0) return;  // mmap refuses an empty range
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.fd, 0);
  if (mapped == MAP_FAILED) {
    throw Error(fmt::format("{}: cannot be mapped: {}", path, reason(errno)));
  }
  ::madvise(mapped, size_, MADV_SEQUENTIAL);
  data_ = static_cast<const std::uint8_t*>(mapped);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::uint8_t*>(data_), size_);
}

void check_writable_file(const std::string& path) {
  if (path.empty() || path.back() == '/') {
    throw Error(fmt::format("'{}': is not the name of a file", path));
  }
  const fs::path file = link_target(path);
  const fs::path folder = folder_of(file);
  std::error_code ignored;
  const fs::file_status there = fs::status(folder, ignored);
  if (!fs::exists(there)) {
    throw Error(fmt::format("{}: its folder {} does not exist", path, folder.string()));
  }
  if (!fs::is_directory(there)) {
    throw Error(fmt::format("{}: {} is not a folder", path, folder.string()));
  }
  const fs::file_status target = fs::status(file, ignored);
  if (fs::is_directory(target)) throw Error(fmt::format("{}: is a directory, not a file", path));
  if (fs::exists(target) && !fs::is_regular_file(target)) {
    throw Error(fmt::format("{}: is not a regular file", path));
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    throw Error(fmt::format("{}: its folder {} cannot be written: {}", path, folder.string(),
                            reason(errno)));
  }
}

void write_file_atomically(const std::string& path, std::span<const std::uint8_t> bytes) {
  check_writable_file(path);
  const fs::path file = link_target(path);
  Temporary temporary{temporary_name(file)};
  {
    Descriptor out(::open(temporary.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (out.fd < 0) {
      temporary.renamed = true;  // nothing of ours to remove
      throw Error(fmt::format("{}: cannot be written: {}", path, reason(errno)));
    }
    struct stat old {};
    if (::stat(file.c_str(), &old) == 0) ::fchmod(out.fd, old.st_mode & 07777);
    write_all(out.fd, bytes, path);
    // A full disk may show only now, or when the file is closed.
    if (::fsync(out.fd) != 0) {
      throw Error(fmt::format("{}: cannot be written: {}", path, reason(errno)));
    }
    const int fd = std::exchange(out.fd, -1);
    if (::close(fd) != 0) {
      throw Error(fmt::format("{}: cannot be written: {}", path, reason(errno)));
    }
  }
  if (std::rename(temporary.name.c_str(), file.c_str()) != 0) {
    throw Error(fmt::format("{}: cannot be written: {}", path, reason(errno)));
  }
  temporary.renamed = true;
}

}  // namespace phosphene::formats

namespace phosphene {

void save_text(const std::string& path, std::string_view text) {
  formats::write_file_atomically(path,
                                 {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void check_writable(const std::string& path) { formats::check_writable_file(path); }

}  // namespace phosphene
