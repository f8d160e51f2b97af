#include "phosphene/framing.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "engine/methods/square.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// How one axis of a map is read: output i has its centre at (i + 0.5) step + start in units of
/// the map's cells, and weighs them by a triangle of half-width max(1, step).
struct Axis {
  struct Tap {
    std::int64_t first;  ///< of `weights`; -1: outside of the map
    std::vector<double> weights;
  };
  std::vector<Tap> taps;

  Axis(std::int64_t in, std::int64_t out, double step, double start) {
    const double reach = std::max(1.0, step);
    for (std::int64_t i = 0; i < out; ++i) {
      const double centre = (static_cast<double>(i) + 0.5) * step + start;
      Tap tap{-1, {}};
      if (centre >= 0 && centre <= static_cast<double>(in)) {
        tap.first = std::max<std::int64_t>(0, std::llround(std::floor(centre - reach - 0.5)));
        double sum = 0;
        for (std::int64_t j = tap.first; j < in; ++j) {
          const double distance = std::abs(static_cast<double>(j) + 0.5 - centre) / reach;
          if (distance >= 1 && static_cast<double>(j) > centre) break;
          tap.weights.push_back(std::max(0.0, 1 - distance));
          sum += tap.weights.back();
        }
        for (double& weight : tap.weights) weight /= sum;
      }
      taps.push_back(std::move(tap));
    }
  }
};

Tensor resample(const Tensor& map, const Axis& rows, const Axis& cols, float outside) {
  const Shape& s = map.shape();
  const auto h = static_cast<std::int64_t>(rows.taps.size());
  const auto w = static_cast<std::int64_t>(cols.taps.size());
  Tensor result = Tensor::host({s.n, s.c, h, w});
  std::vector<double> across(static_cast<std::size_t>(s.h * w));  // the rows, enlarged
  for (std::int64_t plane = 0; plane < s.n * s.c; ++plane) {
    const float* in = map.data() + plane * s.pixels();
    for (std::int64_t i = 0; i < s.h; ++i) {
      for (std::int64_t j = 0; j < w; ++j) {
        const Axis::Tap& tap = cols.taps[static_cast<std::size_t>(j)];
        double sum = 0;
        for (std::size_t k = 0; k < tap.weights.size(); ++k) {
          sum += tap.weights[k] * in[i * s.w + tap.first + static_cast<std::int64_t>(k)];
        }
        across[static_cast<std::size_t>(i * w + j)] = sum;
      }
    }
    for (std::int64_t i = 0; i < h; ++i) {
      const Axis::Tap& tap = rows.taps[static_cast<std::size_t>(i)];
      for (std::int64_t j = 0; j < w; ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < tap.weights.size(); ++k) {
          sum += tap.weights[k] *
                 across[(static_cast<std::size_t>(tap.first) + k) * static_cast<std::size_t>(w) +
                        static_cast<std::size_t>(j)];
        }
        const bool seen = tap.first >= 0 && cols.taps[static_cast<std::size_t>(j)].first >= 0;
        result.data()[(plane * h + i) * w + j] = seen ? static_cast<float>(sum) : outside;
      }
    }
  }
  return result;
}

}  // namespace

Tensor frame(const Context& context, const Tensor& photo, std::int64_t size) {
  const Square square = square_to_frame(photo.shape(), size);
  const Tensor on_device =
      photo.device() == context.device() ? photo.view() : ops::to_device(context, photo);
  const Tensor resized = ops::resize(context, on_device, square.h, square.w);
  Tensor result = ops::crop(context, resized, square.top, square.left, size, size);
  context.synchronize();  // before what it was cut out of goes
  return result;
}

Tensor frame(const Context& context, std::span<const Tensor> photos, std::int64_t size) {
  check_size(size);
  const auto n = static_cast<std::int64_t>(photos.size());
  Tensor batch = context.empty({n, n > 0 ? photos[0].shape().c : 0, size, size});
  for (std::int64_t i = 0; i < n; ++i) {
    const Tensor one = frame(context, photos[static_cast<std::size_t>(i)], size);
    if (one.shape().c != batch.shape().c) {
      throw UsageError("photographs of " + std::to_string(batch.shape().c) + " and of " +
                       std::to_string(one.shape().c) + " channels in one batch");
    }
    Tensor to = ops::slot(batch, i);
    ops::copy(context, one, to);
  }
  context.synchronize();
  return batch;
}

Tensor to_host(const Context& context, const Tensor& images) {
  return ops::to_host(context, images);
}

Tensor unframe(const Tensor& map, std::int64_t h, std::int64_t w, std::int64_t size,
               float outside) {
  const Shape& m = map.shape();
  if (size == 0) size = m.h;
  check_size(size);
  const Square square = square_of(h, w, size);
  const auto axis = [size](std::int64_t cells, std::int64_t out, std::int64_t resized,
                           std::int64_t before) {
    const double cell = static_cast<double>(cells) / static_cast<double>(size);
    const double step = cell * static_cast<double>(resized) / static_cast<double>(out);
    return Axis(cells, out, step, -cell * static_cast<double>(before));
  };
  return resample(map, axis(m.h, h, square.h, square.top), axis(m.w, w, square.w, square.left),
                  outside);
}

PixelBox unframe(const PixelBox& box, std::int64_t h, std::int64_t w, std::int64_t size) {
  check_size(size);
  const Square square = square_of(h, w, size);
  const auto place = [](std::int64_t from, std::int64_t count, std::int64_t before,
                        std::int64_t photo, std::int64_t resized) {
    const std::int64_t first = (from + before) * photo / resized;
    const std::int64_t last = ((from + before + count) * photo + resized - 1) / resized;
    return std::pair{first, std::min(last, photo) - first};
  };
  const auto [top, height] = place(box.top, box.height, square.top, h, square.h);
  const auto [left, width] = place(box.left, box.width, square.left, w, square.w);
  return {top, left, height, width};
}

Tensor upsample(const Tensor& map, std::int64_t h, std::int64_t w) {
  const Shape& m = map.shape();
  const auto axis = [](std::int64_t cells, std::int64_t out) {
    return Axis(cells, out, static_cast<double>(cells) / static_cast<double>(out), 0);
  };
  return resample(map, axis(m.h, h), axis(m.w, w), 0);
}

}  // namespace phosphene
