#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "common.hpp"
#include "phosphene/heatmap.hpp"
#include "phosphene/methods/occlusion.hpp"
#include "sweep.hpp"

namespace apps {

/// The flags of `occlusion`, and what they mean.
struct OcclusionFlags : ClassifierFlags {
  SweepFlags photographs;
  std::string patch = "15", stride = "8", baseline = "grey", score = "softmax";
  std::string target, aggregate = "mean", engine = "auto", batch = "auto", colours = "grey";
  float smooth = 0, opacity = 0.6F;
  bool relative = false, explain = false, invert = false;

  void add_to(CLI::App& app);
  /// Without the class, which needs the network, and the picture of a baseline, which
  /// `baseline_file` names. Throws UsageError.
  phosphene::OcclusionOptions options() const;
  std::string baseline_file() const;  ///< empty: the baseline is none
  phosphene::HeatmapOptions rendering() const;
  /// What determines the maps and the pictures, for the journal.
  nlohmann::json settings() const;
};

}  // namespace apps
