#include "engine/cone/reach.hpp"

namespace phosphene::cone {
namespace {

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

/// How a node type reads its inputs: one overload each, so that a new one does not compile before
/// it is thought of.
struct KindOf {
  using Kind = Reach::Kind;
  Kind operator()(const op::Conv&) const { return Kind::window; }
  Kind operator()(const op::MaxPool&) const { return Kind::window; }
  Kind operator()(const op::AvgPool&) const { return Kind::window; }
  Kind operator()(const op::ReflectPad&) const { return Kind::mirror; }
  Kind operator()(const op::AdaptiveAvgPool&) const { return Kind::whole; }
  Kind operator()(const op::Linear&) const { return Kind::whole; }
  Kind operator()(const op::Flatten&) const { return Kind::whole; }
  Kind operator()(const op::Input&) const { return Kind::same; }
  Kind operator()(const op::Normalise&) const { return Kind::same; }
  Kind operator()(const op::BatchNorm&) const { return Kind::same; }
  Kind operator()(const op::Relu&) const { return Kind::same; }
  Kind operator()(const op::LeakyRelu&) const { return Kind::same; }
  Kind operator()(const op::Elu&) const { return Kind::same; }
  Kind operator()(const op::Lrn&) const { return Kind::same; }
  Kind operator()(const op::Add&) const { return Kind::same; }
  Kind operator()(const op::Concat&) const { return Kind::same; }
  Kind operator()(const op::PadChannels&) const { return Kind::same; }
  Kind operator()(const op::Dropout&) const { return Kind::same; }
  Kind operator()(const op::Softmax&) const { return Kind::same; }
};

/// The sliding window of a convolution or pooling.
const Window& window_of(const Op& op) {
  if (const auto* conv = std::get_if<op::Conv>(&op)) return conv->window;
  if (const auto* pool = std::get_if<op::MaxPool>(&op)) return pool->window;
  return std::get<op::AvgPool>(op).window;
}

}  // namespace

Span Reach::changed(Span input) const {
  Span reached{0, out};
  switch (kind) {
    case Kind::same:
      reached = input;
      break;
    case Kind::window:
      reached = {-floor_div(kernel - 1 - input.first - before, stride),
                 floor_div(input.last - 1 + before, stride) + 1};
      break;
    case Kind::mirror: {
      reached = {input.first + before, input.last + before};
      // Pixel i shows again at before - i, if the padding goes so far, and at the other end.
      if (input.first <= before && input.last > 1) {
        const std::int64_t nearest = std::max<std::int64_t>(input.first, 1);
        reached = hull(reached, {before - std::min(input.last - 1, before), before - nearest + 1});
      }
      const std::int64_t after = out - before - in, end = in - 1;
      if (end - (input.last - 1) <= after && input.first < end) {
        const std::int64_t nearest = std::max<std::int64_t>(end - (input.last - 1), 1);
        const std::int64_t furthest = std::min(end - input.first, after);
        reached = hull(reached, {before + end + nearest, before + end + furthest + 1});
      }
      break;
    }
    case Kind::whole:
      break;
  }
  reached.first = std::clamp<std::int64_t>(reached.first, 0, out - 1);
  reached.last = std::clamp<std::int64_t>(reached.last, reached.first + 1, out);
  return reached;
}

Span Reach::read(std::int64_t first, std::int64_t count) const {
  switch (kind) {
    case Kind::same:
      break;
    case Kind::window:
      return {first * stride - before, (first + count - 1) * stride - before + kernel};
    case Kind::mirror:
      return {first - before, first - before + count};
    case Kind::whole:
      return {0, in};
  }
  return {first, first + count};
}

Reach reach_of(const StepSpec& spec, std::size_t input, Axis axis) {
  Reach reach;
  reach.in = extent_of(spec.inputs[input], axis);
  reach.out = extent_of(spec.output, axis);
  // The inputs of a convolution behind the first are added to its output.
  const bool added = std::holds_alternative<op::Conv>(spec.op) && input > 0;
  reach.kind = added ? Reach::Kind::same : std::visit(KindOf{}, spec.op);
  const bool rows = axis == Axis::rows;
  if (reach.kind == Reach::Kind::window) {
    const Window& window = window_of(spec.op);
    const int kernel = rows ? window.kernel.h : window.kernel.w;
    const int dilation = rows ? window.dilation.h : window.dilation.w;
    reach.kernel = std::int64_t{dilation} * (kernel - 1) + 1;
    reach.stride = rows ? window.stride.h : window.stride.w;
    reach.before = rows ? window.pad.top : window.pad.left;
  }
  if (const auto* mirror = std::get_if<op::ReflectPad>(&spec.op)) {
    reach.before = rows ? mirror->pad.top : mirror->pad.left;
  }
  return reach;
}

bool needs_whole_map(const StepSpec& spec) {
  const auto runs_past = [&](Axis axis) {
    const Reach reach = reach_of(spec, 0, axis);
    return reach.before > 0 || reach.read(0, reach.out).last > reach.in;
  };
  if (std::holds_alternative<op::AvgPool>(spec.op)) {
    return runs_past(Axis::rows) || runs_past(Axis::cols);
  }
  return std::visit(KindOf{}, spec.op) == Reach::Kind::whole;
}

kernels::Border border_of(const Op& op) {
  if (std::holds_alternative<op::MaxPool>(op)) return kernels::Border::lowest;
  if (std::holds_alternative<op::ReflectPad>(op)) return kernels::Border::mirror;
  return kernels::Border::zero;
}

StepSpec unpadded(const StepSpec& spec) {
  StepSpec result = spec;
  const auto strip = [](Window& window) {
    window.pad = {};
    window.ceil = false;
  };
  if (auto* conv = std::get_if<op::Conv>(&result.op)) strip(conv->window);
  if (auto* pool = std::get_if<op::MaxPool>(&result.op)) strip(pool->window);
  if (auto* pool = std::get_if<op::AvgPool>(&result.op)) strip(pool->window);
  return result;
}

}  // namespace phosphene::cone
