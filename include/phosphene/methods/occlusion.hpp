#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "phosphene/classifier.hpp"
#include "phosphene/context.hpp"
#include "phosphene/graph.hpp"
#include "phosphene/network.hpp"

namespace phosphene {

/// What hides a window (pixels are [0,1]).
enum class OcclusionBaseline {
  grey,      ///< 0.5
  zero,      ///< black
  blur,      ///< the image under a Gaussian of `blur_sigma` pixels
  noise,     ///< uniform in [0,1], keyed by seed, image, window, pixel and channel
  mean,      ///< the image's mean colour
  constant,  ///< `colour`
  image      ///< `picture`
};

enum class OcclusionScore {
  softmax,  ///< the class's probability (the chapter's confidence)
  logit     ///< its score before the softmax (what Captum's users pass)
};

/// How the drops of the windows become a map at the size of the network's input.
enum class OcclusionAggregate {
  mean,   ///< of the windows that cover a pixel (Captum)
  sum,    ///< of the same
  centre  ///< a window's drop lies at its centre; between centres bilinear, beyond them constant
};

enum class OcclusionEngine {
  automatic,   ///< what the cost model predicts to be faster
  dense,       ///< every occluded image through the whole network
  incremental  ///< only what a window can change is computed again; the same answer
};

struct OcclusionOptions {
  Extent patch{15, 15}, stride{8, 8};
  OcclusionBaseline baseline = OcclusionBaseline::grey;
  float blur_sigma = 10;
  std::array<float, 3> colour{0.5F, 0.5F, 0.5F};
  const Tensor* picture = nullptr;  ///< [1, c, h, w], host or device, for the constructor alone
  OcclusionScore score = OcclusionScore::softmax;
  bool relative = false;     ///< (clean - occluded) / |clean| instead of clean - occluded
  std::int64_t target = -1;  ///< the class; -1: the one predicted for the clean image
  OcclusionAggregate aggregate = OcclusionAggregate::mean;
  float smooth = 0;  ///< sigma in pixels of a Gaussian over the map; 0: none
  OcclusionEngine engine = OcclusionEngine::automatic;
  std::int64_t batch = 0;  ///< occluded images per forward; 0: from the device's total memory
};

/// One place of the patch, clipped to the image.
struct OcclusionWindow {
  std::int64_t top = 0, left = 0, height = 0, width = 0;
};

/// The places of the patch, as Captum takes them: ceil((extent - patch) / stride) + 1 an axis, so
/// every pixel is covered and the last row and column are clipped at the edge.
struct OcclusionGrid {
  std::int64_t height = 0, width = 0;  ///< of the image
  Extent patch, stride;

  /// Throws UsageError where the patch is larger than the image or the stride than the patch.
  OcclusionGrid(std::int64_t image_height, std::int64_t image_width, Extent patch_size,
                Extent patch_stride);
  std::int64_t rows() const;
  std::int64_t cols() const;
  std::int64_t count() const { return rows() * cols(); }
  OcclusionWindow window(std::int64_t index) const;  ///< row by row
};

/// What a sweep over one image takes with either engine, and which was chosen.
struct OcclusionPlan {
  OcclusionEngine engine = OcclusionEngine::dense;
  std::int64_t windows = 0, batch = 0;
  /// Of one image, a multiply-add counted as two, and as the cost model predicts; 0: unknown.
  double dense_flops = 0, incremental_flops = 0;
  double dense_seconds = 0, incremental_seconds = 0;
  std::string reason;  ///< of the choice, in one line
};

struct OcclusionResult {
  Tensor grid;  ///< host, [1, 1, rows, cols]: each window's drop
  Tensor map;   ///< host, [1, 1, h, w]: the drops aggregated, at the size of the input
  std::int64_t predicted = 0, target = 0;
  double clean = 0;  ///< the target's score without occlusion
  bool finished = true;
};

/// Occlusion sensitivity (Zeiler and Fergus 2014; chapter, 21.4.1): with f the score of the target
/// class and x_w the image whose window w is hidden by the baseline,
///   drop(w) = f(x) - f(x_w).
/// A drop above 0 means that the window speaks for the class. Made once for an image size and used
/// for image after image.
class Occlusion {
 public:
  /// Dense, through a black box: nothing but its scores is asked for. `batch` 0 means 32.
  /// Throws UsageError for options that make no sense (names the flag of the app).
  Occlusion(const Context& context, Classifier classifier, std::int64_t height, std::int64_t width,
            const OcclusionOptions& options);
  /// With the engine that `options` asks for. Context and network must outlive this.
  Occlusion(const Context& context, const Network& network, std::int64_t height, std::int64_t width,
            const OcclusionOptions& options);
  ~Occlusion();
  Occlusion(Occlusion&&) noexcept;

  const OcclusionPlan& plan() const;
  const OcclusionGrid& grid() const;

  /// `image` [1, c, h, w] in [0,1] on the host or the device; `index` is its number in the sweep
  /// and keys its noise. `progress` is told the windows done and all; it stops the run by
  /// returning false, and the result is then not `finished`. Throws UsageError where the target
  /// is no class, Error where a relative drop has a clean score of 0.
  OcclusionResult run(const Tensor& image, std::uint64_t index = 0,
                      const std::function<bool(std::int64_t, std::int64_t)>& progress = nullptr);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The aggregation and smoothing alone: `drops` host [1, 1, rows, cols] to [1, 1, h, w].
Tensor occlusion_map(const OcclusionGrid& grid, const Tensor& drops, OcclusionAggregate aggregate,
                     float smooth = 0);

}  // namespace phosphene
