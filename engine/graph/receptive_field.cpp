#include "phosphene/receptive_field.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// Indices [first, last) along one axis; empty where last <= first.
struct Span {
  std::int64_t first = 0, last = 0;

  bool empty() const { return last <= first; }
  void include(Span other) {
    if (other.empty()) return;
    *this = empty() ? other : Span{std::min(first, other.first), std::max(last, other.last)};
  }
};

Span within(Span span, std::int64_t extent) {
  return {std::max<std::int64_t>(span.first, 0), std::min(span.last, extent)};
}

Span window(Span out, int kernel, int stride, int dilation, int before) {
  const std::int64_t reach = std::int64_t{dilation} * (kernel - 1) + 1;
  return {out.first * stride - before, (out.last - 1) * stride - before + reach};
}

/// The part of the input of `in` pixels that padding by mirroring shows at [first, last).
Span mirrored(Span out, int before, std::int64_t in) {
  Span span;
  for (std::int64_t i = out.first - before; i < out.last - before; ++i) {
    const std::int64_t at = i < 0 ? -i : i >= in ? 2 * (in - 1) - i : i;
    span.include({at, at + 1});
  }
  return span;
}

/// What the outputs [out] of a node read of an input of extents `x`.
struct Back {
  Span rows, cols;
  const Shape& x;
  const Shape& y;

  struct Read {
    Span rows, cols;
  };
  Read slide(const Window& w) const {
    return {window(rows, w.kernel.h, w.stride.h, w.dilation.h, w.pad.top),
            window(cols, w.kernel.w, w.stride.w, w.dilation.w, w.pad.left)};
  }
  Read all() const { return {{0, x.h}, {0, x.w}}; }

  Read operator()(const op::Conv& o) const { return slide(o.window); }
  Read operator()(const op::MaxPool& o) const { return slide(o.window); }
  Read operator()(const op::AvgPool& o) const { return slide(o.window); }
  Read operator()(const op::AdaptiveAvgPool&) const {
    const auto bins = [](Span out, std::int64_t in, std::int64_t bins_of) {
      return Span{out.first * in / bins_of, (out.last * in + bins_of - 1) / bins_of};
    };
    return {bins(rows, x.h, y.h), bins(cols, x.w, y.w)};
  }
  Read operator()(const op::ReflectPad& o) const {
    return {mirrored(rows, o.pad.top, x.h), mirrored(cols, o.pad.left, x.w)};
  }
  Read operator()(const op::Flatten&) const { return all(); }
  Read operator()(const op::Linear&) const { return all(); }
  /// Pixel by pixel: the activations, norms, Add, Concat, Dropout.
  template <class Pixelwise>
  Read operator()(const Pixelwise&) const {
    return {rows, cols};
  }
};

}  // namespace

PixelBox receptive_field(const Graph& graph, std::string_view layer, std::int64_t y, std::int64_t x,
                         const Shape& image) {
  const int top = graph.find(layer);
  const auto at = [](int node) { return static_cast<std::size_t>(node); };
  std::vector<bool> needed(at(graph.size()));
  needed[at(top)] = true;
  for (int node = top; node > 0; --node) {
    for (const int from : graph[node].inputs)
      needed[at(from)] = needed[at(from)] || needed[at(node)];
  }
  const std::vector<Shape> shapes = graph.infer_shapes(image, needed);
  const Shape& maps = shapes[at(top)];
  if (y < 0 || x < 0 || y >= maps.h || x >= maps.w) {
    throw UsageError("place " + std::to_string(y) + "," + std::to_string(x) + ": layer '" +
                     std::string(layer) + "' is " + std::to_string(maps.h) + " x " +
                     std::to_string(maps.w));
  }

  std::vector<Span> rows(shapes.size()), cols(shapes.size());
  rows[at(top)] = {y, y + 1};
  cols[at(top)] = {x, x + 1};
  for (int node = top; node > 0; --node) {
    if (rows[at(node)].empty() || cols[at(node)].empty()) continue;
    for (const int from : graph[node].inputs) {
      const Shape& in = shapes[at(from)];
      const Back::Read read =
          std::visit(Back{rows[at(node)], cols[at(node)], in, shapes[at(node)]}, graph[node].op);
      rows[at(from)].include(within(read.rows, in.h));
      cols[at(from)].include(within(read.cols, in.w));
    }
  }
  return {rows[0].first, cols[0].first, rows[0].last - rows[0].first, cols[0].last - cols[0].first};
}

}  // namespace phosphene
