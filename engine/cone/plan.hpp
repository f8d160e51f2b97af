// Which parts of a network's maps are computed for which windows: shapes alone, no device.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/cone/reach.hpp"
#include "engine/ops/occlude.hpp"
#include "phosphene/context.hpp"
#include "phosphene/network.hpp"

namespace phosphene::cone {

/// What a device takes, for the choice of groups, batches and engine: a step costs its call, its
/// multiply-adds and the bytes that it moves.
struct Costs {
  double macs_per_second = 0, bytes_per_second = 0;
  double call_seconds = 0;   ///< of a step, whatever its size
  double build_seconds = 0;  ///< of making a step: what one more group of windows costs
};
/// Fitted on the CPU; on a GPU from its data sheet.
Costs costs_of(const Context& context);

/// The fused steps in the order to run. Map 0 is the image, map i + 1 the output of step i.
struct Steps {
  std::vector<StepSpec> specs;           ///< of batch 1
  std::vector<std::vector<int>> inputs;  ///< maps
  std::vector<Shape> maps;

  Steps(const Network& network, std::int64_t height, std::int64_t width, const std::string& tap);
  int count() const { return static_cast<int>(specs.size()); }
  /// Whether the steps from `cut` on read nothing of what is before them but map `cut`.
  bool can_cut(int cut) const;
  /// What a change of `box` reaches in every map.
  std::vector<Span> changed(Span box, Axis axis) const;
};

struct Extents {
  std::int64_t h = 1, w = 1;
  std::int64_t pixels() const { return h * w; }
  bool operator==(const Extents&) const = default;
};

/// Windows whose rectangles have one size in every map, so that they go in batches.
struct Group {
  std::vector<int> windows;
  std::vector<Extents> extents;  ///< by map, for the steps before the cut
  std::int64_t batch = 1;
};

/// Steps before the cut run on rectangles, group by group; those after it on whole maps, for
/// windows of all groups together.
struct Plan {
  int cut = 0;
  std::vector<Group> groups;
  std::int64_t tail_batch = 1;
  double flops = 0, dense_flops = 0;      ///< of all windows; a multiply-add counts as two
  double seconds = 0, dense_seconds = 0;  ///< as the costs predict
  /// Where the rectangle of every window begins, by map, then window.
  std::vector<std::vector<std::array<std::int64_t, 2>>> origins;
};

struct PlanOptions {
  Costs costs;
  std::size_t batch_bytes = 0;   ///< a batch's maps take about as much, at most
  double whole_from = 0.9;       ///< of a map's area: rectangles from here on become the whole map
  int cut = 1;                   ///< the first to consider
  bool forced = false;           ///< take that cut and the most groups, whatever they cost
  std::size_t most_groups = 12;  ///< along an axis
};

Plan make_plan(const Steps& steps, std::span<const ops::Box> boxes, const PlanOptions& options);

}  // namespace phosphene::cone
