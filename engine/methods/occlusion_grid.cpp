#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/methods/gaussian.hpp"
#include "phosphene/error.hpp"
#include "phosphene/methods/occlusion.hpp"

namespace phosphene {
namespace {

std::string text(Extent e) { return std::to_string(e.h) + "x" + std::to_string(e.w); }

/// Captum's number of places along one axis.
std::int64_t places(std::int64_t extent, std::int64_t patch, std::int64_t stride) {
  return (extent - patch + stride - 1) / stride + 1;
}

/// What one pixel of an axis reads of the windows' centres: (1 - t) drop(from) + t drop(to).
struct Between {
  std::int64_t from, to;
  float t;
};

std::vector<Between> between_centres(std::int64_t extent, std::int64_t patch, std::int64_t stride) {
  const std::int64_t count = places(extent, patch, stride);
  std::vector<double> centres;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t first = i * stride, last = std::min(first + patch, extent) - 1;
    centres.push_back(static_cast<double>(first + last) / 2);
  }
  std::vector<Between> result;
  std::int64_t next = 0;  // the first centre that is not before the pixel
  for (std::int64_t p = 0; p < extent; ++p) {
    const auto x = static_cast<double>(p);
    while (next < count && centres[static_cast<std::size_t>(next)] < x) ++next;
    const std::int64_t from = std::max<std::int64_t>(next - 1, 0), to = std::min(next, count - 1);
    const double a = centres[static_cast<std::size_t>(from)];
    const double b = centres[static_cast<std::size_t>(to)];
    result.push_back({from, to, b > a ? static_cast<float>((x - a) / (b - a)) : 0});
  }
  return result;
}

void interpolate(const OcclusionGrid& grid, const float* drops, float* map) {
  const std::vector<Between> rows = between_centres(grid.height, grid.patch.h, grid.stride.h);
  const std::vector<Between> cols = between_centres(grid.width, grid.patch.w, grid.stride.w);
  for (const Between& row : rows) {
    const float *above = drops + row.from * grid.cols(), *below = drops + row.to * grid.cols();
    for (const Between& col : cols) {
      const float top = above[col.from] + col.t * (above[col.to] - above[col.from]);
      const float bottom = below[col.from] + col.t * (below[col.to] - below[col.from]);
      *map++ = top + row.t * (bottom - top);
    }
  }
}

/// Sums in double: where many windows cover a pixel, its neighbours' sums differ by few of them.
void accumulate(const OcclusionGrid& grid, const float* drops, bool mean, float* map) {
  const auto pixels = static_cast<std::size_t>(grid.height * grid.width);
  std::vector<double> sum(pixels), covered(pixels);
  for (std::int64_t i = 0; i < grid.count(); ++i) {
    const OcclusionWindow w = grid.window(i);
    for (std::int64_t y = w.top; y < w.top + w.height; ++y) {
      for (std::int64_t x = w.left; x < w.left + w.width; ++x) {
        const auto p = static_cast<std::size_t>(y * grid.width + x);
        sum[p] += static_cast<double>(drops[i]);
        covered[p] += 1;
      }
    }
  }
  for (std::size_t p = 0; p < pixels; ++p) {
    map[p] = static_cast<float>(mean ? sum[p] / covered[p] : sum[p]);
  }
}

}  // namespace

OcclusionGrid::OcclusionGrid(std::int64_t image_height, std::int64_t image_width, Extent patch_size,
                             Extent patch_stride)
    : height(image_height), width(image_width), patch(patch_size), stride(patch_stride) {
  if (patch.h < 1 || patch.w < 1) {
    throw UsageError("--patch " + text(patch) + ": expected at least 1x1");
  }
  if (patch.h > height || patch.w > width) {
    throw UsageError("--patch " + text(patch) + ": larger than the " + std::to_string(height) +
                     "x" + std::to_string(width) + " pixels that the network sees");
  }
  if (stride.h < 1 || stride.w < 1) {
    throw UsageError("--stride " + text(stride) + ": expected at least 1x1");
  }
  if (stride.h > patch.h || stride.w > patch.w) {
    throw UsageError("--stride " + text(stride) + ": larger than the patch of " + text(patch) +
                     ", so pixels between the windows would never be hidden");
  }
}

std::int64_t OcclusionGrid::rows() const { return places(height, patch.h, stride.h); }

std::int64_t OcclusionGrid::cols() const { return places(width, patch.w, stride.w); }

OcclusionWindow OcclusionGrid::window(std::int64_t index) const {
  const std::int64_t top = index / cols() * stride.h, left = index % cols() * stride.w;
  return {top, left, std::min<std::int64_t>(patch.h, height - top),
          std::min<std::int64_t>(patch.w, width - left)};
}

Tensor occlusion_map(const OcclusionGrid& grid, const Tensor& drops, OcclusionAggregate aggregate,
                     float smooth) {
  if (drops.shape() != Shape{1, 1, grid.rows(), grid.cols()}) {
    throw UsageError("occlusion map: got drops " + to_string(drops.shape()) + ", the grid has " +
                     std::to_string(grid.rows()) + "x" + std::to_string(grid.cols()));
  }
  Tensor map = Tensor::host({1, 1, grid.height, grid.width});
  if (aggregate == OcclusionAggregate::centre) {
    interpolate(grid, drops.data(), map.data());
  } else {
    accumulate(grid, drops.data(), aggregate == OcclusionAggregate::mean, map.data());
  }
  return smooth > 0 ? gaussian_blur(map, smooth) : std::move(map);
}

}  // namespace phosphene
