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
  /// What determines the files, for the journal; an app adds its own.
  nlohmann::json settings(const phosphene::Network& network) const;
};

/// The side of what the network sees. Throws UsageError where neither file nor model says.
std::int64_t input_size(const phosphene::Network& network);

/// The device of the flags; says so where `auto` has to take the CPU.
std::unique_ptr<phosphene::Context> make_context(const CommonFlags& flags);

/// Runs the sweep, and writes --json.
int sweep_and_report(const ExplainFlags& flags, const SweepJob& job,
                     const phosphene::Context& context, int argc, char** argv);

}  // namespace apps
