#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "explain_flags.hpp"
#include "phosphene/methods/occlusion.hpp"

namespace apps {

/// The flags of `occlusion`, and what they mean.
struct OcclusionFlags : ExplainFlags {
  std::string patch = "15", stride = "8", baseline = "grey", score = "softmax";
  std::string target, aggregate = "mean", engine = "auto";
  float smooth = 0;
  bool relative = false, explain = false, invert = false;

  OcclusionFlags() {
    colours = "grey";
    opacity = 0.6F;
  }

  void add_to(CLI::App& app);
  /// Without the class, which needs the network, and the picture of a baseline, which
  /// `baseline_file` names. Throws UsageError.
  phosphene::OcclusionOptions options() const;
  std::string baseline_file() const;  ///< empty: the baseline is none
  /// What determines the maps and the pictures, for the journal; of class `label`, -1 the one that
  /// is predicted.
  nlohmann::json settings(const phosphene::Network& network, std::int64_t label) const;
};

}  // namespace apps
