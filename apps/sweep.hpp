#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "common.hpp"
#include "phosphene/context.hpp"
#include "phosphene/network.hpp"
#include "phosphene/tensor.hpp"

// A sweep is a list of photographs that do not know of each other: any shard of it may run
// anywhere, be killed, and go on where it was. docs/clusters.md says how that looks from outside.
namespace apps {

/// Which photographs, and which share of them.
struct SweepFlags {
  std::string image, images, shard;
  double max_megapixels = 90;

  void add_to(CLI::App& app);
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
  std::vector<std::string> endings;  ///< of every file written per photograph: {".npy", ".png"}
  std::int64_t batch = 1;            ///< most photographs that one call gets

  /// Writes the files of each photograph (save_npy and save_image do it as it must be done) and
  /// returns its record, the same whatever the company and the time: no clocks, no process ids.
  /// An Error is a photograph's own (too small, ...): it is recorded, the rest goes on; of a batch
  /// each photograph is then tried alone. A UsageError ends the sweep.
  std::function<std::vector<nlohmann::json>(std::span<const Photograph>)> run;
};

/// Runs the shard's part of the sweep; returns the exit code: kDone, kFailed if a photograph
/// failed, kInterrupted after SIGTERM or Ctrl-C. Of `--image F` it prints the record; of
/// `--images` it keeps a journal in `out` and prints its name.
int sweep(const SweepFlags& flags, const SweepJob& job);

/// `device` of the journal that this sweep would go on with; null if there is none.
nlohmann::json recorded_device(const SweepFlags& flags, const std::string& out);

/// {"kind": "cpu" or "cuda", "name", "libraries"}.
nlohmann::json device_json(const phosphene::Context& context);

/// 16 hexadecimal digits that change when a value, a name or a shape of the weights does.
std::string fingerprint(const phosphene::Weights& weights);

}  // namespace apps
