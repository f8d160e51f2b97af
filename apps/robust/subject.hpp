#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "flags.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/datasets/dataset.hpp"
#include "phosphene/network.hpp"
#include "phosphene/tensor.hpp"
#include "targets.hpp"

namespace apps {

/// Who is attacked, and with what images.
struct Subject {
  std::unique_ptr<phosphene::Network> network;
  std::unique_ptr<phosphene::Dataset> data;
  std::unique_ptr<phosphene::Context> context;
  std::int64_t batch = 1;
  TargetRule target;
  phosphene::Tensor mask;  ///< host; empty: none
  /// What the attack sees, and what its images are tried on: two, so that neither disturbs what
  /// the other holds. Made anew for a batch.
  std::function<std::unique_ptr<phosphene::Victim>(std::int64_t batch)> seen, tried;
  std::vector<std::string> without_gradient;  ///< stages of `seen` whose gradient is a stand-in

  bool random = false;  ///< a stage of `tried` is

  /// "tabby cat", or "class 281".
  std::string class_name(std::int64_t index) const;
  std::int64_t classes() const;
};

/// Throws phosphene::Error or UsageError, in one line.
Subject open_subject(const AttackFlags& flags, const AttackPlan& plan);

/// "jpeg:75 | median:3": members whose scores are averaged.
std::string members(const std::vector<std::string>& defences);

/// What determines the numbers, for the journal.
nlohmann::json settings(const AttackFlags& flags, const AttackPlan& plan, const Subject& subject);

/// Images of the data, by their places, that can be read.
struct Readable {
  std::vector<std::int64_t> places;
  std::vector<phosphene::Tensor> images;
};
/// From `from` on, of `count`. What cannot be read the sweep records.
Readable readable(const phosphene::Dataset& data, std::int64_t from, std::int64_t count);

}  // namespace apps
