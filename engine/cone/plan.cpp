#include "engine/cone/plan.hpp"

#include <algorithm>
#include <limits>

#include "engine/cone/axis_windows.hpp"
#include "engine/cone/clusters.hpp"
#include "engine/cone/step_cost.hpp"

namespace phosphene::cone {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

class Planner {
 public:
  Planner(const Steps& steps, std::span<const ops::Box> boxes, const PlanOptions& options)
      : steps_(steps),
        options_(options),
        costs_(options.costs),
        windows_(static_cast<std::int64_t>(boxes.size())),
        rows_(steps, boxes, Axis::rows),
        cols_(steps, boxes, Axis::cols) {
    for (const StepSpec& spec : steps.specs) step_costs_.emplace_back(spec);
    pairs_.assign(rows_.classes.size() * cols_.classes.size(), 0);
    for (std::size_t i = 0; i < boxes.size(); ++i) ++pairs_[pair_of(i)];
  }

  /// Cut and groups depend on each other: from moderate groups to the best cut for them, to the
  /// best groups for that cut, and once more.
  Plan run() {
    Choice best;
    if (options_.forced) {
      best = with_best_groups(first_cut());
    } else {
      constexpr std::size_t kModerate = 4;  // an axis
      Choice now;
      now.rows = cluster(rows_.classes, weights(steps_.count(), cols_), kModerate).front();
      now.cols = cluster(cols_.classes, weights(steps_.count(), rows_), kModerate).front();
      for (int round = 0; round < 2; ++round) {
        now = with_best_groups(best_cut(now.rows, now.cols));
        if (now.seconds < best.seconds) best = now;
      }
    }
    Plan plan;
    plan.cut = best.cut;
    plan.seconds = best.seconds;
    plan.tail_batch = tail_from(best.cut).batch;
    fill(plan, best.rows, best.cols);
    return plan;
  }

 private:
  struct Tail {
    std::int64_t batch = 1;
    double seconds = 0;
  };
  struct Choice {
    int cut = 0;
    Clusters rows, cols;
    double seconds = std::numeric_limits<double>::infinity();
  };

  int first_cut() const {
    int cut = options_.cut;
    while (!steps_.can_cut(cut)) ++cut;  // behind the last step one always can
    return cut;
  }

  int best_cut(const Clusters& r, const Clusters& c) const {
    int best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (int cut = first_cut(); cut <= steps_.count(); ++cut) {
      if (!steps_.can_cut(cut)) continue;
      const double seconds = clean_seconds(cut) + tail_from(cut).seconds + head_seconds(cut, r, c);
      if (seconds < least) best = cut;
      least = std::min(least, seconds);
    }
    return best;
  }

  Choice with_best_groups(int cut) const {
    Choice best;
    best.cut = cut;
    const double others = clean_seconds(cut) + tail_from(cut).seconds;
    const auto cols = cluster(cols_.classes, weights(cut, rows_), options_.most_groups);
    for (const Clusters& r : cluster(rows_.classes, weights(cut, cols_), options_.most_groups)) {
      for (const Clusters& c : cols) {
        const double seconds = others + head_seconds(cut, r, c);
        if (seconds >= best.seconds) continue;
        best = {cut, r, c, seconds};
        if (options_.forced) return best;  // the first are the finest
      }
    }
    return best;
  }

  std::size_t pair_of(std::size_t window) const {
    return at(rows_.class_of[at(rows_.interval_of[window])]) * cols_.classes.size() +
           at(cols_.class_of[at(cols_.interval_of[window])]);
  }
  Extents whole(int map) const { return {steps_.maps[at(map)].h, steps_.maps[at(map)].w}; }

  /// As many windows as the batch's bytes allow, evened out over the batches.
  std::int64_t batch_for(double bytes, std::int64_t windows) const {
    const auto room = static_cast<std::int64_t>(static_cast<double>(options_.batch_bytes) / bytes);
    const std::int64_t most = std::clamp<std::int64_t>(room, 1, std::max<std::int64_t>(windows, 1));
    return ceil_div(windows, ceil_div(windows, most));
  }

  /// Steps from `cut` on over whole maps, for all windows.
  Tail tail_from(int cut) const {
    double bytes = 1;
    for (int s = cut; s < steps_.count(); ++s) {
      bytes = std::max(bytes, step_costs_[at(s)].held_bytes(whole(s + 1)));
    }
    // The map at the cut is kept for the whole batch, whatever the steps take.
    const Shape& join = steps_.maps[at(cut)];
    bytes += static_cast<double>(join.count()) * kElement;
    Tail tail{batch_for(bytes / kTailShare, windows_), 0};
    const auto n = static_cast<double>(windows_);
    const auto batches = static_cast<double>(ceil_div(windows_, tail.batch));
    tail.seconds = n * 2 * static_cast<double>(join.count()) * kElement / costs_.bytes_per_second;
    for (int s = cut; s < steps_.count(); ++s) {
      const StepCost& cost = step_costs_[at(s)];
      tail.seconds += n * cost.seconds(whole(s + 1), false, costs_) + costs_.build_seconds +
                      batches * (costs_.call_seconds + cost.weight_bytes / costs_.bytes_per_second);
    }
    return tail;
  }

  /// The clean image through the steps before the cut.
  double clean_seconds(int cut) const {
    double seconds = 0;
    for (int s = 0; s < cut; ++s) {
      seconds += step_costs_[at(s)].seconds(whole(s + 1), false, costs_) + costs_.call_seconds +
                 costs_.build_seconds;
    }
    return seconds;
  }

  /// What a unit of extent costs along one axis, by map, for the mean extent along the other.
  std::vector<double> weights(int cut, const AxisWindows& other) const {
    std::vector<double> result{0};
    for (int s = 0; s < cut; ++s) {
      double mean = 0;
      for (const SizeClass& c : other.classes) {
        mean += static_cast<double>(c.windows * c.sizes[at(s + 1)]);
      }
      result.push_back(step_costs_[at(s)].seconds({1, 1}, true, costs_) * mean);
    }
    return result;
  }

  /// The rectangles of a group in the maps before the cut; large ones become the whole map.
  std::vector<Extents> extents_of(int cut, const std::vector<std::int64_t>& h,
                                  const std::vector<std::int64_t>& w) const {
    std::vector<Extents> result;
    for (int map = 0; map <= cut; ++map) {
      const Extents all = whole(map), mine{h[at(map)], w[at(map)]};
      const bool large = static_cast<double>(mine.pixels()) >=
                         options_.whole_from * static_cast<double>(all.pixels());
      const bool needed = map > 0 && step_costs_[at(map - 1)].whole;
      result.push_back(large || needed ? all : mine);
    }
    return result;
  }

  std::int64_t group_batch(const std::vector<Extents>& extents, std::int64_t windows) const {
    double bytes = 1;
    for (std::size_t s = 0; s + 1 < extents.size(); ++s) {
      bytes = std::max(bytes, step_costs_[s].held_bytes(extents[s + 1]));
    }
    return batch_for(bytes, windows);
  }

  double group_seconds(const std::vector<Extents>& extents, std::int64_t windows) const {
    const std::int64_t batch = group_batch(extents, windows);
    const std::int64_t batches = ceil_div(windows, batch);
    double each = 0, calls = 0;
    for (std::size_t s = 0; s + 1 < extents.size(); ++s) {
      each += step_costs_[s].seconds(extents[s + 1], true, costs_);
      calls += costs_.call_seconds + step_costs_[s].weight_bytes / costs_.bytes_per_second;
    }
    return costs_.build_seconds * static_cast<double>(extents.size() - 1) +
           static_cast<double>(batches * batch) * each + static_cast<double>(batches) * calls;
  }

  double head_seconds(int cut, const Clusters& r, const Clusters& c) const {
    std::vector<std::int64_t> counts(r.sizes.size() * c.sizes.size());
    for (std::size_t i = 0; i < rows_.classes.size(); ++i) {
      for (std::size_t j = 0; j < cols_.classes.size(); ++j) {
        counts[at(r.cluster_of[i]) * c.sizes.size() + at(c.cluster_of[j])] +=
            pairs_[i * cols_.classes.size() + j];
      }
    }
    double seconds = 0;
    for (std::size_t g = 0; g < counts.size(); ++g) {
      if (counts[g] == 0) continue;
      seconds += group_seconds(
          extents_of(cut, r.sizes[g / c.sizes.size()], c.sizes[g % c.sizes.size()]), counts[g]);
    }
    return seconds;
  }

  /// The groups, where their rectangles lie, and what it all costs.
  void fill(Plan& plan, const Clusters& r, const Clusters& c) const {
    std::vector<int> group_of(r.sizes.size() * c.sizes.size(), -1);
    plan.origins.assign(at(plan.cut + 1), {});
    for (auto& origins : plan.origins) origins.resize(static_cast<std::size_t>(windows_));
    for (int i = 0; i < windows_; ++i) {
      const int row = rows_.interval_of[at(i)], col = cols_.interval_of[at(i)];
      const int rc = r.cluster_of[at(rows_.class_of[at(row)])];
      const int cc = c.cluster_of[at(cols_.class_of[at(col)])];
      int& group = group_of[at(rc) * c.sizes.size() + at(cc)];
      if (group < 0) {
        group = static_cast<int>(plan.groups.size());
        plan.groups.push_back({{}, extents_of(plan.cut, r.sizes[at(rc)], c.sizes[at(cc)]), 1});
      }
      Group& mine = plan.groups[at(group)];
      mine.windows.push_back(i);
      // The rectangle begins with the change, but moves inward where it would leave the map.
      for (int map = 0; map <= plan.cut; ++map) {
        const Extents& e = mine.extents[at(map)];
        plan.origins[at(map)][at(i)] = {
            std::min(rows_.spans[at(row)][at(map)].first, whole(map).h - e.h),
            std::min(cols_.spans[at(col)][at(map)].first, whole(map).w - e.w)};
      }
    }
    double macs = 0, image = 0;
    for (int s = 0; s < steps_.count(); ++s) {
      const double all = step_costs_[at(s)].macs(whole(s + 1));
      image += all;
      macs += (s < plan.cut ? 1 : static_cast<double>(windows_)) * all;  // the clean image's head
      for (const Group& g : plan.groups) {
        if (s >= plan.cut) break;
        macs +=
            static_cast<double>(g.windows.size()) * step_costs_[at(s)].macs(g.extents[at(s + 1)]);
      }
    }
    plan.flops = 2 * macs;
    plan.dense_flops = 2 * image * static_cast<double>(windows_);
    plan.dense_seconds = tail_from(1).seconds;
    for (Group& g : plan.groups) {
      g.batch = group_batch(g.extents, static_cast<std::int64_t>(g.windows.size()));
    }
  }

  static constexpr double kTailShare = 2;  // whole maps gain from large batches: many weights

  const Steps& steps_;
  const PlanOptions& options_;
  const Costs& costs_;
  std::int64_t windows_;
  AxisWindows rows_, cols_;
  std::vector<StepCost> step_costs_;
  std::vector<std::int64_t> pairs_;  ///< windows by class of rows and of columns
};

}  // namespace

Costs costs_of(const Context& context) {
  if (context.device().is_cuda()) {
    const bool fp32 = context.precision() == Precision::fp32;
    return {fp32 ? 2e13 : 2e14, 1.5e12, 1e-5, 2e-3};
  }
  return {1.8e11, 2e10, 2e-5, 5e-4};
}

Plan make_plan(const Steps& steps, std::span<const ops::Box> boxes, const PlanOptions& options) {
  return Planner(steps, boxes, options).run();
}

}  // namespace phosphene::cone
