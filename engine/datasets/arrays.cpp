#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "engine/datasets/loaders.hpp"
#include "phosphene/error.hpp"
#include "phosphene/fingerprint.hpp"
#include "phosphene/npy.hpp"

namespace phosphene::datasets {
namespace {

std::string text_of(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const std::int64_t extent : shape)
    text += fmt::format("{}{}", text.empty() ? "" : "x", extent);
  return text;
}

/// Images and labels as NumPy saves them.
class Arrays final : public Labelled {
 public:
  Arrays(const std::string& images, const std::string& labels, const DatasetOptions& options)
      : images_(images), stem_(std::filesystem::path(images).stem().string()) {
    read_shape(options);
    read_labels(labels, options);
    check_values();
  }

  std::string name(std::int64_t i) const override { return fmt::format("{}-{:05}", stem_, i); }
  std::string path(std::int64_t) const override { return images_.path(); }

  Tensor load(std::int64_t i) const override {
    std::vector<float> row(static_cast<std::size_t>(images_.row_count()));
    images_.read(i, std::span(row));
    Tensor image = Tensor::host(shape_);
    const float scale = bytes_ ? 255.0F : 1.0F;
    const std::int64_t pixels = shape_.pixels();
    for (std::int64_t k = 0; k < image.count(); ++k) {
      const std::int64_t from = channels_last_ ? k % pixels * 3 + k / pixels : k;
      image.data()[k] = row[static_cast<std::size_t>(from)] / scale;
    }
    return image;
  }

 private:
  void read_shape(const DatasetOptions& options) {
    const std::vector<std::int64_t>& s = images_.shape();
    const std::string& file = images_.path();
    if (s.size() != 4 || (s[1] != 3 && s[3] != 3)) {
      throw UsageError(fmt::format("{}: an array of {}, expected images of [n,3,h,w] or [n,h,w,3]",
                                   file, text_of(s)));
    }
    if (s[1] == 3 && s[3] == 3) {
      throw UsageError(fmt::format("{}: an array of {}, of which either 3 may be the colours", file,
                                   text_of(s)));
    }
    bytes_ = images_.kind() == 'u' && images_.bytes() == 1;
    if (!bytes_ && images_.kind() != 'f') {
      throw UsageError(fmt::format("{}: pixels of type {}{}, expected floats in [0,1] or uint8",
                                   file, images_.kind(), images_.bytes()));
    }
    channels_last_ = s[3] == 3;
    shape_ = channels_last_ ? Shape{1, 3, s[1], s[2]} : Shape{1, 3, s[2], s[3]};
    if (shape_.pixels() == 0) throw Error(file + ": images without a pixel");
    check_image_size(file, shape_.h, shape_.w, options);
  }

  void read_labels(const std::string& path, const DatasetOptions& options) {
    const NpyRows labels(path);
    const std::vector<std::int64_t>& s = labels.shape();
    const std::int64_t there = images_.shape()[0];
    if (labels.kind() != 'i' && labels.kind() != 'u') {
      throw UsageError(fmt::format("{}: labels of type {}{}, expected integers: the classes", path,
                                   labels.kind(), labels.bytes()));
    }
    if (s.size() > 2 || labels.row_count() != 1) {
      throw UsageError(
          fmt::format("{}: an array of {}, expected [n]: a class an image", path, text_of(s)));
    }
    if (s[0] != there) {
      throw UsageError(
          fmt::format("{} holds {} images, {} holds {} labels: expected as many of "
                      "both",
                      images_.path(), there, path, s[0]));
    }
    labels_.resize(static_cast<std::size_t>(taken(images_.path(), there, options)));
    const ClassNames classes(options.classes, options.class_count);
    for (std::size_t i = 0; i < labels_.size(); ++i) {
      labels.read(static_cast<std::int64_t>(i), std::span(&labels_[i], 1));
      classes.check(fmt::format("{}: label {}", path, i), labels_[i]);
    }
  }

  /// Reads everything once: what is wrong with pixels is said before an hour has gone by.
  void check_values() {
    Fingerprint hash;
    std::vector<float> row(static_cast<std::size_t>(images_.row_count()));
    float most = 0;
    for (std::int64_t i = 0; i < size(); ++i) {
      images_.read(i, std::span(row));
      const auto [least, largest] = std::ranges::minmax(row);
      if (!bytes_) check_range(i, least, largest);
      most = std::max(most, largest);
      hash.add({reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float)});
      hash.add({reinterpret_cast<const char*>(&labels_[static_cast<std::size_t>(i)]),
                sizeof(std::int64_t)});
    }
    if (bytes_ && most <= 1) {
      throw UsageError(
          fmt::format("{}: uint8 pixels that go to {} at most, expected 0 to 255; or "
                      "floats in [0,1]",
                      images_.path(), most));
    }
    hash.add(bytes_ ? "bytes" : "floats");
    hash.add(text_of(images_.shape()).substr(text_of({images_.shape()[0]}).size()));
    fingerprint_ = hash.text();
  }

  void check_range(std::int64_t i, float least, float largest) const {
    if (least >= 0 && largest <= 1) return;
    const char* hint = ": normalisation is the network's part";
    if (least >= 0 && largest > 2 && largest <= 255) hint = ": divide by 255, or save as uint8";
    throw UsageError(
        fmt::format("{}: the pixels of image {} go from {:g} to {:g}, expected [0,1]{}",
                    images_.path(), i, least, largest, hint));
  }

  NpyRows images_;
  std::string stem_;
  bool bytes_ = false, channels_last_ = false;
};

}  // namespace

std::unique_ptr<Dataset> open_arrays(const std::string& images, const std::string& labels,
                                     const DatasetOptions& options) {
  return std::make_unique<Arrays>(images, labels, options);
}

}  // namespace phosphene::datasets
