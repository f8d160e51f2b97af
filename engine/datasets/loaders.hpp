#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/datasets/class_names.hpp"
#include "phosphene/datasets/dataset.hpp"

// What open_dataset chooses between; each throws as it does.
namespace phosphene::datasets {

/// A data set whose labels are known from the start.
class Labelled : public Dataset {
 public:
  std::int64_t size() const override { return static_cast<std::int64_t>(labels_.size()); }
  Shape image_shape() const override { return shape_; }
  std::int64_t label(std::int64_t i) const override {
    return labels_.at(static_cast<std::size_t>(i));
  }
  std::string fingerprint() const override { return fingerprint_; }

 protected:
  std::vector<std::int64_t> labels_;
  Shape shape_;
  std::string fingerprint_;
};

/// How many images are taken of those that are `there`. Throws UsageError where there are fewer
/// than were asked for, Error where there are none.
std::int64_t taken(const std::string& where, std::int64_t there, const DatasetOptions& options);

/// Throws UsageError where images of h x w are not what the network takes.
void check_image_size(const std::string& where, std::int64_t h, std::int64_t w,
                      const DatasetOptions& options);

std::unique_ptr<Dataset> open_cifar(const std::vector<std::string>& files,
                                    const DatasetOptions& options);
std::unique_ptr<Dataset> open_arrays(const std::string& images, const std::string& labels,
                                     const DatasetOptions& options);
/// `text` is "shapes" or "shapes:SEED:COUNT".
std::unique_ptr<Dataset> open_shapes(const std::string& text, const DatasetOptions& options);

/// A photograph of a list or a folder.
struct Photo {
  std::string name;  ///< relative to the folder
  std::string path;
  std::int64_t label = 0;
};
/// By a list, whose files are relative to its folder.
std::vector<Photo> listed_photos(const std::string& list, const ClassNames& classes);
/// Of a folder: by its labels.txt, by synset, or by name.
std::vector<Photo> photos_in(const std::string& folder, const DatasetOptions& options);
std::unique_ptr<Dataset> open_photos(std::vector<Photo> photos, const DatasetOptions& options);
/// By the ending of its name: .jpg, .jpeg, .png, .bmp.
bool is_photo(const std::string& name);

}  // namespace phosphene::datasets
