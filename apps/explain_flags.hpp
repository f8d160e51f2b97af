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
  /// the CPU; of one photograph, which makes `runs_each` runs, no more than these.
  std::int64_t batch_on(const phosphene::Context& context, std::int64_t runs_each) const;
  /// What determines the files, for the journal, as it was found and not as it was called: of a
  /// file its content, of names what they stand for. An app adds its own.
  nlohmann::json settings(const phosphene::Network& network) const;
  /// The files that every app reads; an app adds its own.
  NamedFiles inputs(const NamedFiles& own) const;
};

/// The side of what the network sees. Throws UsageError where neither file nor model says.
std::int64_t input_size(const phosphene::Network& network);

/// The device of the flags; says so where `auto` has to take the CPU.
std::unique_ptr<phosphene::Context> make_context(const CommonFlags& flags);

/// What stands for a file in the journal: its checksum; nothing for none.
std::string content_of(const std::string& file);

/// Runs the sweep, and writes --json: what every app says, and `more`.
int sweep_and_report(const ExplainFlags& flags, SweepJob job, const phosphene::Context& context,
                     int argc, char** argv, const nlohmann::json& more = nlohmann::json::object());

}  // namespace apps
