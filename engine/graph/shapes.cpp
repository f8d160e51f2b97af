// Shape inference: one function a node type.
#include <algorithm>

#include "phosphene/error.hpp"
#include "phosphene/graph.hpp"

namespace phosphene {
namespace {

using Inputs = std::vector<Shape>;

std::int64_t slide(const char* axis, std::int64_t in, int kernel, int stride, int dilation,
                   int before, int after, bool ceil) {
  const std::int64_t reach = std::int64_t{dilation} * (kernel - 1) + 1;
  const std::int64_t room = in + before + after - reach;
  if (room < 0) {
    throw Error(std::string("the image is too small: ") + axis + " " + std::to_string(in) +
                " here, the window needs " + std::to_string(reach - before - after));
  }
  std::int64_t out = (room + (ceil ? stride - 1 : 0)) / stride + 1;
  if (ceil && (out - 1) * stride >= in + before) --out;  // a window that would see padding alone
  return out;
}

Shape slide(const Shape& x, const Window& w, std::int64_t channels) {
  if (w.kernel.h < 1 || w.kernel.w < 1 || w.stride.h < 1 || w.stride.w < 1 || w.dilation.h < 1 ||
      w.dilation.w < 1) {
    throw Error("kernel, stride and dilation must be at least 1");
  }
  return {
      x.n, channels,
      slide("height", x.h, w.kernel.h, w.stride.h, w.dilation.h, w.pad.top, w.pad.bottom, w.ceil),
      slide("width", x.w, w.kernel.w, w.stride.w, w.dilation.w, w.pad.left, w.pad.right, w.ceil)};
}

/// Pooling takes the pads of its windows for granted: each window holds at least one pixel.
Shape pool(const Shape& x, const Window& w) {
  if (w.dilation != Extent{}) throw Error("a pooling window cannot be dilated");
  if (std::max(w.pad.top, w.pad.bottom) >= w.kernel.h ||
      std::max(w.pad.left, w.pad.right) >= w.kernel.w) {
    throw Error("the padding is as large as the window");
  }
  return slide(x, w, x.c);
}

struct Infer {
  const Inputs& in;
  const Shape& x = in[0];

  Shape operator()(const op::Input&) const { throw Error("the input is node 0 and no other"); }
  Shape operator()(const op::Normalise& o) const {
    const auto c = static_cast<std::size_t>(x.c);
    if (o.mean.size() != c || o.std.size() != c) {
      throw Error("has mean and std for " + std::to_string(o.mean.size()) +
                  " channels, the image has " + std::to_string(x.c));
    }
    return x;
  }
  Shape operator()(const op::Conv& o) const {
    if (o.groups < 1 || x.c % o.groups != 0 || o.out_channels % o.groups != 0) {
      throw Error(std::to_string(o.groups) + " groups do not divide " + std::to_string(x.c) +
                  " input and " + std::to_string(o.out_channels) + " output channels");
    }
    if (o.window.ceil) throw Error("a convolution has no ceil mode");
    return slide(x, o.window, o.out_channels);
  }
  Shape operator()(const op::ReflectPad& o) const {
    const Padding& p = o.pad;
    if (std::max(p.top, p.bottom) >= x.h || std::max(p.left, p.right) >= x.w) {
      throw Error("the image is too small: " + std::to_string(x.h) + "x" + std::to_string(x.w) +
                  " here cannot be mirrored by " +
                  std::to_string(std::max({p.top, p.bottom, p.left, p.right})));
    }
    return {x.n, x.c, x.h + p.top + p.bottom, x.w + p.left + p.right};
  }
  Shape operator()(const op::MaxPool& o) const {
    constexpr int kLargest = 256;  // the place of a window's maximum is kept in a byte
    if (o.window.kernel.h * o.window.kernel.w > kLargest) {
      throw Error("a max pooling window holds at most 256 elements");
    }
    return pool(x, o.window);
  }
  Shape operator()(const op::AvgPool& o) const { return pool(x, o.window); }
  Shape operator()(const op::AdaptiveAvgPool& o) const { return {x.n, x.c, o.out.h, o.out.w}; }
  Shape operator()(const op::Lrn& o) const {
    if (o.size < 1 || o.size % 2 == 0) throw Error("the window over channels must be odd");
    return x;
  }
  Shape operator()(const op::Linear& o) const {
    if (x.pixels() != 1) throw Error("reads feature maps, expected a flattened vector");
    return {x.n, o.out_features, 1, 1};
  }
  Shape operator()(const op::Add&) const {
    if (in[0] != in[1]) {
      throw Error("adds " + to_string(in[0]) + " and " + to_string(in[1]) +
                  ", expected equal shapes");
    }
    return x;
  }
  Shape operator()(const op::Concat&) const {
    Shape y = x;
    y.c = 0;
    for (const Shape& s : in) {
      if (s.h != x.h || s.w != x.w) {
        throw Error("concatenates " + to_string(x) + " and " + to_string(s) +
                    ", expected equal height and width");
      }
      y.c += s.c;
    }
    return y;
  }
  Shape operator()(const op::PadChannels& o) const {
    if (o.before < 0 || o.after < 0) throw Error("pads by a negative number of channels");
    return {x.n, x.c + o.before + o.after, x.h, x.w};
  }
  Shape operator()(const op::Flatten&) const { return {x.n, x.c * x.h * x.w, 1, 1}; }
  /// Elementwise: BatchNorm, the activations, Dropout, Softmax.
  template <class Elementwise>
  Shape operator()(const Elementwise&) const {
    return x;
  }
};

}  // namespace

std::vector<Shape> Graph::infer_shapes(Shape input, const std::vector<bool>& needed) const {
  const int channels = std::get<op::Input>(nodes_[0].op).channels;
  if (input.c != channels) {
    throw Error("the network reads " + std::to_string(channels) + " channels, the image has " +
                std::to_string(input.c));
  }
  std::vector<Shape> shapes(nodes_.size());
  shapes[0] = input;
  for (std::size_t i = 1; i < nodes_.size(); ++i) {
    if (!needed.empty() && !needed[i]) continue;
    const Node& node = nodes_[i];
    Inputs inputs;
    for (int from : node.inputs) inputs.push_back(shapes[static_cast<std::size_t>(from)]);
    try {
      shapes[i] = std::visit(Infer{inputs}, node.op);
    } catch (const Error& error) {
      throw Error("layer '" + node.name + "' (" + kind(node.op) + "): " + error.what());
    }
  }
  return shapes;
}

}  // namespace phosphene
