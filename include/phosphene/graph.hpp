#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "phosphene/tensor.hpp"

namespace phosphene {

struct Extent {
  int h = 1, w = 1;
  bool operator==(const Extent&) const = default;
};

struct Padding {
  int top = 0, left = 0, bottom = 0, right = 0;
  static Padding all(int p) { return {p, p, p, p}; }
  bool any() const { return top || left || bottom || right; }
  bool operator==(const Padding&) const = default;
};

/// The sliding window of a convolution or a pooling. Per axis, with k' = dilation (k - 1) + 1:
/// out = floor((in + pad_before + pad_after - k') / stride) + 1; `ceil` rounds up instead, and
/// drops a last window that would start in the trailing padding (as PyTorch and Caffe do).
struct Window {
  Extent kernel{};
  Extent stride{};
  Extent dilation{};
  Padding pad{};
  bool ceil = false;  ///< of poolings alone
};

/// The node types. x is the input, y the output, both [n, c, h, w]; weights lie in the weights
/// file under the node's `weights` prefix.
namespace op {

struct Input {
  int channels = 3;
};
/// y_c = (scale x_s(c) - mean_c) / std_c, where s reverses the channels if `reverse` (RGB to BGR).
/// Always the first node after the input, and the only one that reads it: users' pixels are RGB
/// in [0,1].
struct Normalise {
  std::vector<float> mean, std;
  float scale = 1;
  bool reverse = false;
};
/// Cross-correlation. weight [out, in / groups, kh, kw], bias [out].
struct Conv {
  Window window{};
  std::int64_t out_channels = 0;
  std::int64_t groups = 1;
  bool bias = true;
};
/// Mirrors without repeating the edge pixel; each padding is smaller than the extent it pads.
struct ReflectPad {
  Padding pad;
};
/// Inference: y = (x - running_mean) / sqrt(running_var + eps) * weight + bias.
struct BatchNorm {
  float eps = 1e-5F;
};
struct Relu {};
struct LeakyRelu {
  float slope = 0.01F;
};
struct Elu {
  float alpha = 1;
};
struct MaxPool {
  Window window;  ///< padding never wins
};
struct AvgPool {
  Window window;
  bool count_pad = true;  ///< divide by the window clipped to the padded input, else to the input
};
/// Bin i of o covers [floor(i n / o), ceil((i + 1) n / o)); {1, 1} is global average pooling.
struct AdaptiveAvgPool {
  Extent out;
};
/// y = x / (k + alpha / size * sum over `size` channels around of x^2)^beta.
struct Lrn {
  int size = 5;
  float alpha = 1e-4F, beta = 0.75F, k = 1;
};
/// y = W x + b on [n, c, 1, 1]; weight [out, in], bias [out].
struct Linear {
  std::int64_t out_features = 0;
  bool bias = true;
};
struct Add {};     ///< of two inputs of one shape
struct Concat {};  ///< of channels
/// Channels of zeros before and after those of x: [n, c, h, w] to [n, before + c + after, h, w].
struct PadChannels {
  int before = 0, after = 0;
};
struct Flatten {};  ///< [n, c, h, w] to [n, c h w, 1, 1], in nchw order
struct Dropout {};  ///< identity: networks are frozen
struct Softmax {};  ///< over channels

}  // namespace op

using Op = std::variant<op::Input, op::Normalise, op::Conv, op::ReflectPad, op::BatchNorm, op::Relu,
                        op::LeakyRelu, op::Elu, op::MaxPool, op::AvgPool, op::AdaptiveAvgPool,
                        op::Lrn, op::Linear, op::Add, op::Concat, op::PadChannels, op::Flatten,
                        op::Dropout, op::Softmax>;
std::string kind(const Op& op);  // "Conv", "MaxPool", ...

struct Node {
  std::string name;  ///< as users know it: "relu4_2", "layer3.5.conv2"
  Op op;
  std::vector<int> inputs;  ///< indices of earlier nodes
  std::string weights;      ///< prefix in the weights file: "features.21"; empty if it has none
};

/// A network as plain data: nodes in topological order, node 0 the input. No memory, no device.
class Graph {
 public:
  explicit Graph(int channels = 3);

  /// Appends a node and returns its index. Throws Error on a duplicate name, a wrong number of
  /// inputs, or an input that does not exist yet.
  int add(std::string name, Op op, std::vector<int> inputs, std::string weights = {});
  /// The same, reading the node that was added last.
  int then(std::string name, Op op, std::string weights = {});

  const std::vector<Node>& nodes() const { return nodes_; }
  int size() const { return static_cast<int>(nodes_.size()); }
  const Node& operator[](int index) const { return nodes_[static_cast<std::size_t>(index)]; }
  /// Throws UsageError, with the near names, where there is no such node.
  int find(std::string_view name) const;

  /// The output shape of every node for this input; nodes that are not `needed` (all are, where it
  /// is empty) keep the default Shape. Throws Error that names the node where an image is too
  /// small or shapes disagree.
  std::vector<Shape> infer_shapes(Shape input, const std::vector<bool>& needed = {}) const;

 private:
  std::vector<Node> nodes_;
};

}  // namespace phosphene
