#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "phosphene/tensor.hpp"

namespace phosphene {

struct DatasetOptions {
  /// A CIFAR-10 binary file; "IMAGES.npy,LABELS.npy"; a folder of photographs with a label list
  /// (`labels.txt`, a line "FILE CLASS" each), with the class in each name (imagenet_00_281.jpg),
  /// or of ImageNet's synset folders; "shapes" or "shapes:SEED:COUNT".
  std::string path;
  std::vector<std::string> classes{};  ///< names of the network's classes; labels may use them
  std::int64_t class_count = 0;        ///< labels lie below it
  std::int64_t size = 0;  ///< side that photographs are framed to (framing.hpp); 0: as they are
};

/// Labelled images of one size, known by their index. load() may be called from several threads.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::int64_t size() const = 0;
  virtual Shape image_shape() const = 0;               ///< [1, 3, h, w]
  virtual std::string name(std::int64_t i) const = 0;  ///< "test_batch-00017", "cat": in messages
  virtual std::int64_t label(std::int64_t i) const = 0;
  virtual Tensor load(std::int64_t i) const = 0;  ///< host, in [0,1]
  virtual std::string fingerprint() const = 0;    ///< changes when an image or a label does
};

/// Throws UsageError or Error, one line that names the file and what was expected.
std::unique_ptr<Dataset> open_dataset(const DatasetOptions& options);

}  // namespace phosphene
