// How far a change of an input reaches, and what an output reads, along one axis.
#pragma once
#include <algorithm>
#include <cstdint>

#include "engine/session/lowering.hpp"
#include "kernels/patched_crop.hpp"

namespace phosphene::cone {

enum class Axis : std::uint8_t { rows, cols };

inline std::int64_t extent_of(const Shape& shape, Axis axis) {
  return axis == Axis::rows ? shape.h : shape.w;
}

/// The places from first up to, not including, last.
struct Span {
  std::int64_t first = 0, last = 0;
  std::int64_t size() const { return last - first; }
};
inline Span hull(Span a, Span b) { return {std::min(a.first, b.first), std::max(a.last, b.last)}; }

/// One input of one step, along one axis.
struct Reach {
  enum class Kind : std::uint8_t {
    same,    ///< output i reads input i
    window,  ///< output i reads [i stride - before, i stride - before + kernel)
    mirror,  ///< output i reads input i - before, mirrored at the ends
    whole    ///< every output may read every input
  };
  Kind kind = Kind::same;
  std::int64_t in = 0, out = 0;  ///< extents of the maps
  std::int64_t kernel = 1, stride = 1, before = 0;

  bool one_to_one() const {
    return kind == Kind::same ||
           (kind == Kind::window && kernel == 1 && stride == 1 && before == 0);
  }

  /// The outputs that a change of `input` can reach: at least one place, wherever it is, so that
  /// there is always a rectangle to compute.
  Span changed(Span input) const;
  /// The inputs that `count` outputs from `first` on read; they may lie outside of the map.
  Span read(std::int64_t first, std::int64_t count) const;
};

Reach reach_of(const StepSpec& spec, std::size_t input, Axis axis);

/// Whether a step computes all of its output or nothing: where it reads the whole map, and where
/// an average's divisor depends on how near the border is.
bool needs_whole_map(const StepSpec& spec);

/// What a step sees outside of its input.
kernels::Border border_of(const Op& op);

/// The step for maps of other extents, with the border already in its input: no padding is left.
StepSpec unpadded(const StepSpec& spec);

}  // namespace phosphene::cone
