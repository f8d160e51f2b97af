#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/ops/occlude.hpp"
#include "phosphene/context.hpp"
#include "phosphene/network.hpp"

namespace phosphene {

/// What a sweep takes when only the changed parts are computed, and when every occluded image goes
/// through the whole network. From shapes alone: nothing is allocated or run.
struct ConeEstimate {
  double flops = 0, dense_flops = 0;  ///< a multiply-add counts as two; convolutions and products
  double seconds = 0, dense_seconds = 0;  ///< predicted, without what both do alike
  std::int64_t groups = 0;                ///< of windows with rectangles of one size
  std::string dense_from;                 ///< the first step that runs on whole maps
};

/// A plan that is given instead of chosen, so that tests reach every part of it.
struct ConePlan {
  int cut = 0;              ///< whole maps from this step on, or the first after it that can be
  std::size_t groups = 1;   ///< along an axis, at most
  double whole_from = 0.9;  ///< of a map's area: rectangles from here on become the whole map
};

struct ConeOptions {
  std::size_t batch_bytes = 0;  ///< what the maps of a batch may take; 0: by the device
  std::optional<ConePlan> plan;
};

ConeEstimate estimate_cone(const Context& context, const Network& network, std::int64_t height,
                           std::int64_t width, const std::string& tap,
                           std::span<const ops::Box> boxes, const ConeOptions& options = {});

/// The values at a tap for many copies of one image that differ from it in a box each: the clean
/// image runs once and its maps are kept; for a box only the rectangle of each map that it can
/// reach is computed, from the clean map with the changed rectangle before laid over it. As exact
/// as the network itself: only the order of sums may differ. Once rectangles cover most of a map,
/// whole maps are computed (Nakandala et al., SIGMOD 2019, on a grid of windows of one size; here
/// boxes are any, and are grouped by the sizes of their rectangles).
///
/// Made once for an image size and a list of boxes and used for image after image; nothing is
/// allocated by run() but its result. Context and network must outlive it. Throws Error where an
/// image is too small for the network, UsageError where there is no such tap or no box.
class ConeForward {
 public:
  /// Told how many boxes are through all but the last steps; false stops the run.
  using Progress = std::function<bool(std::int64_t)>;

  ConeForward(const Context& context, const Network& network, std::int64_t height,
              std::int64_t width, const std::string& tap, std::span<const ops::Box> boxes,
              const ConeOptions& options = {});
  ~ConeForward();
  ConeForward(ConeForward&&) noexcept;

  const ConeEstimate& estimate() const;

  /// `image` [1, c, h, w] nchw fp32, on the host or the device; box i is the window that keys noise
  /// by i. The result [boxes, c', h', w'] is nchw fp32 on the host; empty if `progress` stopped.
  Tensor run(const Tensor& image, const ops::OcclusionFill& fill, const Progress& progress = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace phosphene
