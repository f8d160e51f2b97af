#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "phosphene/tensor.hpp"

namespace phosphene {

struct DatasetOptions {
  /// CIFAR-10's binary files, "A.bin" or "A.bin,B.bin"; arrays, "IMAGES.npy,LABELS.npy"; a list of
  /// photographs (a text of lines "FILE CLASS"); a folder of photographs with such a list in
  /// labels.txt, or with the class at the end of each name (imagenet_00_281.jpg), or of ImageNet's
  /// synset folders (n01440764); "shapes" or "shapes:SEED:COUNT". docs/datasets.md has the rules.
  std::string path;
  std::vector<std::string> classes{};  ///< names of the network's classes; labels may use them
  std::int64_t class_count = 0;        ///< labels lie below it; 0: not known
  /// Side of the square that the network takes: photographs are framed to it (frame_8bit()), other
  /// images must have it. 0: images are taken as they are, and must be of one size.
  std::int64_t size = 0;
  std::string network = "the network";  ///< what messages call it
  std::int64_t count = 0;               ///< only so many, from the first on; 0: all
  double max_megapixels = 90;
  /// Called with one line for what was dropped of a photograph (ImageOptions); from any thread
  /// that calls load().
  std::function<void(const std::string&)> warn{};
};

/// Labelled images of one size, known by their index. load() may be called from several threads.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::int64_t size() const = 0;
  virtual Shape image_shape() const = 0;  ///< [1, 3, h, w]
  /// For messages and files: "test_batch-00017", "n01440764/val_293.JPEG"; each once.
  virtual std::string name(std::int64_t i) const = 0;
  virtual std::string path(std::int64_t i) const = 0;  ///< the file it is in; empty: it is drawn
  virtual std::int64_t label(std::int64_t i) const = 0;
  /// Host, nchw fp32 in [0,1]. Throws Error that names the file: of a photograph that is corrupt.
  virtual Tensor load(std::int64_t i) const = 0;
  /// 16 hexadecimal digits. Of arrays they change when a pixel or a label does; of photographs,
  /// which are not read for it, when a name, a label or the size of a file does.
  virtual std::string fingerprint() const = 0;
};

/// Reads all labels, and of arrays all values. Throws UsageError or Error, one line that names the
/// file, what was found and what was expected.
std::unique_ptr<Dataset> open_dataset(const DatasetOptions& options);

/// The class, from 0 to `count` - 1, that `text` means, as in the labels of a data set: a number,
/// or one of `names` (class k's is names[k]; none: numbers alone), without regard to case and to
/// whether blanks are underscores. "tench, Tinca tinca" is called that, "tench" and "tinca_tinca".
/// Throws UsageError that begins with `where`: there is no such class, or several are called so.
std::int64_t find_class(const std::string& where, const std::string& text,
                        const std::vector<std::string>& names, std::int64_t count);

}  // namespace phosphene
