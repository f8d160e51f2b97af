#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common.hpp"
#include "phosphene/context.hpp"
#include "phosphene/datasets/dataset.hpp"
#include "phosphene/network.hpp"
#include "phosphene/tensor.hpp"
#include "photo_list.hpp"

// A sweep is a list of items that do not know of each other, photographs or images of a data set:
// any shard of it may run anywhere, be killed, and go on where it was. docs/clusters.md says how
// that looks from outside.
namespace apps {

/// Which photographs, and which share of them.
struct SweepFlags {
  std::string image, images, shard;
  double max_megapixels = 90;

  void add_to(CLI::App& app);
  /// The photographs, for sweep(). To be called once: a list may come through a pipe.
  std::vector<Item> listed() const { return photo_list(image, images); }
};

/// One photograph as a method gets it.
struct Photograph {
  std::int64_t index = 0;   ///< in the whole list, whatever the shard: keys what is random
  std::string path;         ///< for messages
  std::string stem;         ///< "DIR/cat": its files begin so
  phosphene::Tensor image;  ///< host, [1, 3, h, w]

  /// Where a file of it goes: file(".npy") is "DIR/cat.npy".
  std::string file(const std::string& ending) const { return stem + ending; }
};

/// One item of a sweep over a data set: an image in one of its variants.
struct SweepItem {
  std::int64_t index = 0;        ///< image_index * variants + variant: its place in the journal
  std::int64_t image_index = 0;  ///< in the data set, whatever the shard: keys what is random
  std::int64_t variant = 0;      ///< of SweepJob::variants
  std::string name;              ///< of the image, for messages
  std::string stem;              ///< "DIR/cat-eps4": its own files begin so
  std::int64_t label = 0;
  phosphene::Tensor image;  ///< host, [1, 3, h, w]
};

/// Where a streaming app gets its items and leaves what it found. Items that are in work when the
/// sweep is interrupted may be finished, or left to the next run. For one thread.
class SweepQueue {
 public:
  virtual ~SweepQueue() = default;
  /// The next item that is to be done, read ahead; nothing at the end, or once interrupted. An
  /// image that cannot be read is recorded as failed and passed over.
  virtual std::optional<SweepItem> next() = 0;
  /// What became of the item `index`, in any order, once each: the same whatever the company and
  /// the time. Its files (SweepJob::endings) are written by then. `rows` are its rows of
  /// SweepJob::arrays, in their order, host fp32; an empty tensor leaves zeros. The line is in the
  /// journal within a second.
  virtual void done(std::int64_t index, nlohmann::json record,
                    std::span<const phosphene::Tensor> rows = {}) = 0;
  /// The item failed with this message, on its own account; the rest goes on.
  virtual void failed(std::int64_t index, const std::string& message) = 0;
};

/// A file of fp32 for the whole shard with a row an item: DIR/NAME-i-of-N.npy, [rows, shape...].
struct SweepArray {
  std::string name;                 ///< "adversarial"
  std::vector<std::int64_t> shape;  ///< of a row: {3, 32, 32}
};

/// What an app does in its sweep.
struct SweepJob {
  std::string app;      ///< "cam"
  std::string out;      ///< the folder, made if it is not there
  std::string json{};   ///< what the app writes after the sweep; empty: nothing
  NamedFiles inputs{};  ///< what it reads besides the photographs, and must not replace
  /// What determines the numbers, by flag: {"--model": "resnet50", "--weights": fingerprint, ...}.
  /// Equal in all shards, and when a sweep is taken up again.
  nlohmann::json settings = nlohmann::json::object();
  /// Where it runs: device_json(context). Between shards it may differ if `merge` is told so; when
  /// a sweep is taken up again its name and libraries may. What an app chooses after the device
  /// (its batch, as "batch") belongs here: recorded_device() gives it back, and it must stay.
  nlohmann::json device = nlohmann::json::object();
  std::vector<std::string> endings{};  ///< of every file written per photograph: {".npy", ".png"}
  /// Only so many images have these files, from the first of the list on; -1: all.
  std::int64_t with_files = -1;
  std::int64_t batch = 1;  ///< most photographs that one call gets; twice as many are read ahead

  /// Writes the files of each photograph (save_npy and save_image do it as it must be done) and
  /// returns its record, the same whatever the company and the time: no clocks, no process ids.
  /// An Error is a photograph's own (too small, ...): it is recorded, the rest goes on; of a batch
  /// each photograph is then tried alone. A UsageError ends the sweep.
  std::function<std::vector<nlohmann::json>(std::span<const Photograph>)> run{};

  // Of a sweep over a data set:
  /// Each image is as many items: suffixes of their files, {"-eps1", "-eps2"}.
  std::vector<std::string> variants{""};
  std::vector<SweepArray> arrays{};
  /// Takes items until there are none and leaves each as done or failed. A UsageError or Error that
  /// it throws ends the sweep; what was done stays in the journal. Interrupted (stoppable.hpp) ends
  /// it as interrupted.
  std::function<void(SweepQueue&)> stream{};
};

/// Runs the shard's part of the sweep over photographs (`run`); returns the exit code: kDone,
/// kFailed if a photograph failed, kInterrupted after SIGTERM or Ctrl-C. Of `--image F` it prints
/// the record; of `--images` it keeps a journal in `out` and prints its name.
int sweep(const SweepFlags& flags, std::vector<Item> photographs, const SweepJob& job);
/// The same over a data set (`stream`), of which `--shard` takes the images i, i+N, ... with all
/// their variants.
int sweep(const phosphene::Dataset& data, const std::string& shard, const SweepJob& job);

/// The lines of this shard's journal in `out`, by item: of each the last. For a summary.
std::map<std::int64_t, nlohmann::json> recorded_items(const std::string& shard,
                                                      const std::string& out);

/// `device` of the journal that this sweep would go on with; null if there is none.
nlohmann::json recorded_device(const SweepFlags& flags, const std::string& out);
nlohmann::json recorded_device(const std::string& shard, const std::string& out);

/// {"kind": "cpu" or "cuda", "name", "libraries"}.
nlohmann::json device_json(const phosphene::Context& context);

/// 16 hexadecimal digits that change when a value, a name or a shape of the weights does.
std::string fingerprint(const phosphene::Weights& weights);

}  // namespace apps
