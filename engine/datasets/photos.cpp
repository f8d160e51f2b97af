#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "engine/datasets/loaders.hpp"
#include "phosphene/error.hpp"
#include "phosphene/fingerprint.hpp"
#include "phosphene/framing.hpp"
#include "phosphene/image.hpp"

namespace phosphene::datasets {
namespace {

class Photos final : public Labelled {
 public:
  Photos(std::vector<Photo> photos, const DatasetOptions& options)
      : photos_(std::move(photos)),
        size_(options.size),
        reading_{options.max_megapixels, options.warn} {
    const auto there = static_cast<std::int64_t>(photos_.size());
    photos_.resize(static_cast<std::size_t>(taken(photos_.front().path, there, options)));
    Fingerprint hash;
    for (const Photo& photo : photos_) {
      labels_.push_back(photo.label);
      std::error_code ignored;
      hash.add(photo.name);
      hash.add(fmt::format("{} {}", photo.label, std::filesystem::file_size(photo.path, ignored)));
    }
    fingerprint_ = hash.text();
    shape_ =
        size_ > 0 ? Shape{1, 3, size_, size_} : load_image(photos_.front().path, reading_).shape();
  }

  std::string name(std::int64_t i) const override { return at(i).name; }
  std::string path(std::int64_t i) const override { return at(i).path; }

  Tensor load(std::int64_t i) const override {
    const std::string& file = at(i).path;
    Tensor photo = load_image(file, reading_);
    if (size_ == 0) {
      if (photo.shape() == shape_) return photo;
      throw Error(fmt::format("{}: {}x{} pixels, expected {}x{} as the first photograph has", file,
                              photo.shape().w, photo.shape().h, shape_.w, shape_.h));
    }
    try {
      return frame_8bit(photo, size_);
    } catch (const Error& error) {
      throw Error(file + ": " + error.what());
    }
  }

 private:
  const Photo& at(std::int64_t i) const { return photos_.at(static_cast<std::size_t>(i)); }

  std::vector<Photo> photos_;
  std::int64_t size_;
  ImageOptions reading_;
};

}  // namespace

std::unique_ptr<Dataset> open_photos(std::vector<Photo> photos, const DatasetOptions& options) {
  return std::make_unique<Photos>(std::move(photos), options);
}

}  // namespace phosphene::datasets
