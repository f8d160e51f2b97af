#pragma once
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "common.hpp"
#include "phosphene/heatmap.hpp"
#include "phosphene/network.hpp"
#include "sweep.hpp"

namespace apps {

/// What the apps share that show where a network looks: photographs, a classifier, a picture.
/// An app without --method has no names of methods.
struct ExplainFlags : ClassifierFlags {
  SweepFlags photographs;
  std::string method, colours, batch = "auto";
  float opacity = 0.5F;

  void add_to(CLI::App& app, const std::vector<std::string>& methods, const std::string& result);
  /// Throws UsageError.
  phosphene::HeatmapOptions rendering() const;
  /// Images at once: --batch, else what the sweep in --out began with, else 16 on a GPU and 4 on
  /// the CPU; never more than `items`, all that there are.
  std::int64_t batch_on(const phosphene::Context& context, std::int64_t items) const;
  /// What determines the files, for the journal, as it was found and not as it was called: of a
  /// file its content, of names what they stand for. An app adds its own.
  nlohmann::json settings(const phosphene::Network& network) const;
  /// The files that every app reads; an app adds its own.
  NamedFiles inputs(const NamedFiles& own) const;
};

/// What of a network determines the numbers of any app that looks at it, for the journal.
nlohmann::json settings_of(const ClassifierFlags& flags, const phosphene::Network& network);

constexpr std::int64_t kLargestBatch = 65536;  ///< that --batch takes

/// Images of a data set at once: `text` of --batch, else what the sweep of this shard in --out
/// began with, else as many pixels as keep the device busy, at most `most`. Never more than
/// `items`, which is how many could be in work; of a --batch that is larger it warns.
std::int64_t data_batch(const std::string& text, const nlohmann::json& recorded,
                        const phosphene::Context& context, const phosphene::Shape& image,
                        std::int64_t most, std::int64_t items);

/// "resnet8_shapes of --weights shapes": whoever gave no --weights does not know which it is.
std::string called(const ClassifierFlags& flags, const phosphene::Network& network);

/// How many classes the network tells apart. Throws UsageError that names `flag` where it has a
/// single output.
std::int64_t checked_classes(const std::string& flag, const phosphene::Network& network);

/// The side of what the network sees. Throws UsageError where neither file nor model says.
std::int64_t input_size(const phosphene::Network& network);

/// The device of the flags; says so where `auto` has to take the CPU.
std::unique_ptr<phosphene::Context> make_context(const CommonFlags& flags);

/// What stands for a file in the journal: its checksum; nothing for none.
std::string content_of(const std::string& file);

/// Runs the sweep over the listed photographs, and writes --json: what every app says, and `more`.
int sweep_and_report(const ExplainFlags& flags, std::vector<Item> photographs, SweepJob job,
                     const phosphene::Context& context, int argc, char** argv,
                     const nlohmann::json& more = nlohmann::json::object());

}  // namespace apps
