#include <fmt/format.h>

#include <utility>

#include "engine/formats/files.hpp"
#include "engine/formats/npy.hpp"
#include "phosphene/error.hpp"

namespace phosphene {

struct NpyRows::File {
  std::string path;
  formats::MappedFile file;
  formats::NpyHeader header;
  std::int64_t row_count = 1;

  explicit File(std::string name)
      : path(std::move(name)), file(path), header(formats::read_npy_header(path, file.bytes())) {
    if (header.shape.empty()) throw Error(path + ": holds one number, expected an array of rows");
    for (std::size_t i = 1; i < header.shape.size(); ++i) row_count *= header.shape[i];
  }

  std::uint64_t first_of(std::int64_t row, std::size_t values) const {
    if (row < 0 || row >= header.shape[0] || static_cast<std::int64_t>(values) != row_count) {
      throw Error(fmt::format("{}: has {} rows of {} values; asked for row {} of {}", path,
                              header.shape[0], row_count, row, values));
    }
    return static_cast<std::uint64_t>(row) * static_cast<std::uint64_t>(row_count);
  }
};

NpyRows::NpyRows(const std::string& path) : file_(std::make_unique<File>(path)) {}
NpyRows::~NpyRows() = default;
NpyRows::NpyRows(NpyRows&&) noexcept = default;
NpyRows& NpyRows::operator=(NpyRows&&) noexcept = default;

const std::string& NpyRows::path() const { return file_->path; }
const std::vector<std::int64_t>& NpyRows::shape() const { return file_->header.shape; }
char NpyRows::kind() const { return file_->header.kind; }
int NpyRows::bytes() const { return static_cast<int>(file_->header.size); }
std::int64_t NpyRows::row_count() const { return file_->row_count; }

void NpyRows::read(std::int64_t row, std::span<float> values) const {
  formats::read_npy_values(file_->path, file_->header, file_->file.bytes(),
                           file_->first_of(row, values.size()), values);
}

void NpyRows::read(std::int64_t row, std::span<std::int64_t> values) const {
  formats::read_npy_integers(file_->path, file_->header, file_->file.bytes(),
                             file_->first_of(row, values.size()), values);
}

}  // namespace phosphene
