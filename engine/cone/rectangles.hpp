#pragma once
#include <array>
#include <memory>
#include <span>
#include <vector>

#include "engine/cone/plan.hpp"
#include "engine/cone/slots.hpp"
#include "engine/ops/occlude.hpp"

namespace phosphene::cone {

/// The steps before the cut for one group of windows: each step reads a crop of its input, the
/// clean map with the rectangle that was computed before laid over it, and computes the next
/// rectangle. Context, steps and plan must outlive it.
class Rectangles {
 public:
  Rectangles(const Context& context, const Steps& steps, const Plan& plan, const Group& group,
             std::span<const ops::Box> boxes, Lowering& lowering);
  Rectangles(const Rectangles&) = delete;
  Rectangles& operator=(const Rectangles&) = delete;

  std::size_t bytes() const { return slots_.bytes(); }
  /// `clean` are the maps of the clean image.
  void bind(void* memory, std::vector<const void*> clean);
  /// The batch that begins with window `first` of the group, a multiple of the batch.
  void forward(const Tensor& image, const ops::OcclusionFill& fill, std::int64_t first);
  /// The map at the cut, whole, of `count` windows from `first` on, all in the last batch.
  void whole_map(std::int64_t first, std::int64_t count, void* to) const;

 private:
  /// Where the crops of one input lie, for every window of the group.
  struct Crop {
    int map = 0;
    kernels::Border border = kernels::Border::zero;
    kernels::Maps fresh, crop;
    Tensor places;
    void* data = nullptr;  ///< the crop; null where the rectangle itself is read
  };
  struct Stage {
    std::vector<std::unique_ptr<Crop>> crops;  ///< by input; null where none is needed
    std::unique_ptr<Step> step;                ///< null where the crop is all there is to do
  };

  using Places = std::vector<std::array<std::int64_t, 2>>;

  /// Null where every crop is the rectangle itself, unless `always`.
  std::unique_ptr<Crop> make_crop(const Plan& plan, int map, Extents extents, const Places& places,
                                  bool always) const;
  void run(const Crop& crop, std::int64_t first, std::int64_t skip, std::int64_t count,
           void* to) const;

  const Context& context_;
  const Steps& steps_;
  const Group& group_;
  std::vector<int> windows_;  ///< of the group, the last repeated to fill the last batch
  DType storage_;
  ops::OccludedViews views_;
  Tensor image_;  ///< a view: the occluded parts of the image
  std::vector<Stage> stages_;
  std::unique_ptr<Crop> at_cut_;
  std::vector<void*> maps_;
  std::vector<const void*> clean_;
  void* workspace_ = nullptr;
  Slots slots_;
};

}  // namespace phosphene::cone
