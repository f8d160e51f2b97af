#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <utility>

#include "engine/datasets/loaders.hpp"
#include "engine/formats/files.hpp"
#include "phosphene/error.hpp"
#include "phosphene/fingerprint.hpp"

namespace phosphene::datasets {
namespace {

// A record is a label and the planes of red, green and blue, row by row.
constexpr std::int64_t kSide = 32, kPixels = 3 * kSide * kSide, kRecord = 1 + kPixels;
constexpr int kClasses = 10;

/// CIFAR-10's binary version (Krizhevsky 2009). Its files stay mapped.
class Cifar final : public Labelled {
 public:
  Cifar(const std::vector<std::string>& paths, const DatasetOptions& options) {
    std::int64_t there = 0;
    for (const std::string& path : paths) {
      auto file = std::make_unique<formats::MappedFile>(path);
      there += records(path, *file);
      files_.push_back({path, std::filesystem::path(path).stem().string(), there, std::move(file)});
    }
    check_image_size(paths.front(), kSide, kSide, options);
    labels_.resize(static_cast<std::size_t>(taken(paths.front(), there, options)));
    shape_ = {1, 3, kSide, kSide};
    const ClassNames classes(options.classes, options.class_count);
    Fingerprint hash;
    for (std::int64_t i = 0; i < size(); ++i) {
      const auto [file, record] = at(i);
      const int label = record[0];
      const std::string where = fmt::format("{}: image {}", file->path, i - file->begin());
      if (label >= kClasses) {
        throw Error(fmt::format("{} has label {}, expected CIFAR-10's 0 to 9", where, label));
      }
      classes.check(where, label);
      labels_[static_cast<std::size_t>(i)] = label;
      hash.add({reinterpret_cast<const char*>(record.data()), record.size()});
    }
    fingerprint_ = hash.text();
  }

  std::string name(std::int64_t i) const override {
    const auto [file, record] = at(i);
    return fmt::format("{}-{:05}", file->stem, i - file->begin());
  }
  std::string path(std::int64_t i) const override { return at(i).first->path; }

  Tensor load(std::int64_t i) const override {
    const auto pixels = at(i).second.subspan(1);
    Tensor image = Tensor::host(shape_);
    for (std::size_t k = 0; k < pixels.size(); ++k) {
      image.data()[k] = static_cast<float>(pixels[k]) / 255.0F;
    }
    return image;
  }

 private:
  struct File {
    std::string path, stem;
    std::int64_t end;  ///< its last image and one, in the whole set
    std::unique_ptr<formats::MappedFile> bytes;

    std::int64_t begin() const {
      return end - static_cast<std::int64_t>(bytes->bytes().size()) / kRecord;
    }
  };

  static std::int64_t records(const std::string& path, const formats::MappedFile& file) {
    const auto bytes = static_cast<std::int64_t>(file.bytes().size());
    if (bytes == 0) throw Error(path + ": is empty, expected CIFAR-10's binary records");
    if (bytes % kRecord == 0) return bytes / kRecord;
    constexpr std::int64_t kFine = kRecord + 1;  // CIFAR-100 has a coarse label before the fine one
    throw Error(fmt::format(
        "{}: {} bytes, expected a multiple of {}, CIFAR-10's record{}", path, bytes, kRecord,
        bytes % kFine == 0 ? "; of CIFAR-100's it is one"
                           : fmt::format(": {} are left over", bytes % kRecord)));
  }

  std::pair<const File*, std::span<const std::uint8_t>> at(std::int64_t i) const {
    const File* file = files_.data();
    while (i >= file->end) ++file;
    return {file, file->bytes->bytes().subspan(
                      static_cast<std::size_t>((i - file->begin()) * kRecord), kRecord)};
  }

  std::vector<File> files_;
};

}  // namespace

std::unique_ptr<Dataset> open_cifar(const std::vector<std::string>& files,
                                    const DatasetOptions& options) {
  return std::make_unique<Cifar>(files, options);
}

}  // namespace phosphene::datasets
