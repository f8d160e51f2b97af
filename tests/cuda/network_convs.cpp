#include "tests/cuda/network_convs.hpp"

#include <utility>
#include <variant>

#include "phosphene/models.hpp"

namespace phosphene::cuda {
namespace {

/// A network as it grows: the channels and the extent of the maps so far.
struct Builder {
  std::vector<ConvProblem> convs;
  std::int64_t channels = 3, size = 224;

  /// From `in` channels, leaving the maps so far as they are.
  std::int64_t beside(std::int64_t in, std::int64_t out, int kernel, int stride = 1,
                      bool relu = true) {
    convs.push_back(square_conv(in, out, size, kernel, stride, kernel / 2, relu));
    return out;
  }
  void conv(std::int64_t out, int kernel, int stride, int pad, bool relu = true) {
    convs.push_back(square_conv(channels, out, size, kernel, stride, pad, relu));
    channels = out;
    size = convs.back().y.h;
  }
  void same(std::int64_t out, int kernel, bool relu = true) {
    conv(out, kernel, 1, kernel / 2, relu);
  }
  void pool(std::int64_t to) { size = to; }
};

/// `blocks` residual blocks in each of four stages; the shortcut is projected where the shape
/// changes. A bottleneck is 1x1, 3x3, 1x1 to four times the width, a basic block 3x3, 3x3.
std::vector<ConvProblem> resnet(bool bottleneck, const std::vector<int>& blocks) {
  Builder net;
  net.conv(64, 7, 2, 3);
  net.pool(56);
  std::int64_t width = 64;
  for (std::size_t stage = 0; stage < blocks.size(); ++stage, width *= 2) {
    for (int block = 0; block < blocks[stage]; ++block) {
      const int stride = stage > 0 && block == 0 ? 2 : 1;
      const std::int64_t out = bottleneck ? 4 * width : width;
      if (net.channels != out) net.beside(net.channels, out, 1, stride, false);
      if (bottleneck) net.same(width, 1);
      net.conv(width, 3, stride, 1);
      net.same(out, bottleneck ? 1 : 3);
      net.convs.back().residual = true;
    }
  }
  return std::move(net.convs);
}

/// Channels of an inception: 1x1; 3x3 and 5x5, each after a 1x1; 1x1 after the pooling.
struct Inception {
  std::int64_t size, one, three_in, three, five_in, five, pooled;
};

std::vector<ConvProblem> googlenet() {
  Builder net;
  net.conv(64, 7, 2, 3);
  net.pool(56);
  net.same(64, 1);
  net.same(192, 3);
  constexpr Inception kInceptions[] = {
      {28, 64, 96, 128, 16, 32, 32},     {28, 128, 128, 192, 32, 96, 64},
      {14, 192, 96, 208, 16, 48, 64},    {14, 160, 112, 224, 24, 64, 64},
      {14, 128, 128, 256, 24, 64, 64},   {14, 112, 144, 288, 32, 64, 64},
      {14, 256, 160, 320, 32, 128, 128}, {7, 256, 160, 320, 32, 128, 128},
      {7, 384, 192, 384, 48, 128, 128}};
  for (const Inception& i : kInceptions) {
    net.pool(i.size);
    const std::int64_t in = net.channels;
    net.channels =
        net.beside(in, i.one, 1) + net.beside(net.beside(in, i.three_in, 1), i.three, 3) +
        net.beside(net.beside(in, i.five_in, 1), i.five, 5) + net.beside(in, i.pooled, 1);
  }
  return std::move(net.convs);
}

std::vector<ConvProblem> squeezenet() {
  Builder net;
  net.conv(64, 3, 2, 0);
  struct Fire {
    std::int64_t size, squeeze, expand;
  };
  constexpr Fire kFires[] = {{55, 16, 64},  {55, 16, 64},  {27, 32, 128}, {27, 32, 128},
                             {13, 48, 192}, {13, 48, 192}, {13, 64, 256}, {13, 64, 256}};
  for (const Fire& fire : kFires) {
    net.pool(fire.size);
    net.same(fire.squeeze, 1);
    net.channels =
        net.beside(fire.squeeze, fire.expand, 1) + net.beside(fire.squeeze, fire.expand, 3);
  }
  net.same(1000, 1);
  return std::move(net.convs);
}

/// A layer reads all maps before it and adds 32; BatchNorm and ReLU stand before a convolution, so
/// that only the first of a layer is followed by a ReLU of its own.
std::vector<ConvProblem> densenet121() {
  Builder net;
  net.conv(64, 7, 2, 3);
  net.pool(56);
  constexpr int kLayers[] = {6, 12, 24, 16};
  for (const int layers : kLayers) {
    for (int layer = 0; layer < layers; ++layer) {
      net.channels += net.beside(net.beside(net.channels, 128, 1), 32, 3, 1, false);
    }
    if (net.size == 7) break;
    net.same(net.channels / 2, 1, false);
    net.pool(net.size / 2);
  }
  return std::move(net.convs);
}

/// The layers of 64 to 256 maps that torchvision's weights are for (Krizhevsky 2014).
std::vector<ConvProblem> alexnet() {
  Builder net;
  net.conv(64, 11, 4, 2);
  net.pool(27);
  net.same(192, 5);
  net.pool(13);
  net.same(384, 3);
  net.same(256, 3);
  net.same(256, 3);
  return std::move(net.convs);
}

std::vector<ConvProblem> convs_of(const Graph& graph, std::int64_t size) {
  const std::vector<Shape> shapes = graph.infer_shapes({1, 3, size, size});
  std::vector<ConvProblem> convs;
  for (int i = 0; i < graph.size(); ++i) {
    if (const auto* conv = std::get_if<op::Conv>(&graph[i].op)) {
      convs.push_back(conv_problem(*conv, shapes[static_cast<std::size_t>(graph[i].inputs[0])],
                                   shapes[static_cast<std::size_t>(i)]));
      convs.back().bias = convs.back().relu = true;
    }
  }
  return convs;
}

}  // namespace

std::int64_t NetworkConvs::weights() const {
  std::int64_t count = 0;
  for (const ConvProblem& conv : convs) count += conv.w.count();
  return count;
}

ConvProblem square_conv(std::int64_t in, std::int64_t out, std::int64_t size, int kernel,
                        int stride, int pad, bool relu) {
  op::Conv conv;
  conv.out_channels = out;
  conv.window.kernel = {kernel, kernel};
  conv.window.stride = {stride, stride};
  conv.window.pad = Padding::all(pad);
  const std::int64_t side = (size + 2 * pad - kernel) / stride + 1;
  ConvProblem problem = conv_problem(conv, {1, in, size, size}, {1, out, side, side});
  problem.bias = true;
  problem.relu = relu;
  return problem;
}

ConvProblem with_batch(ConvProblem problem, std::int64_t n) {
  problem.x.n = problem.y.n = n;
  return problem;
}

const std::vector<NetworkConvs>& network_convs() {
  static const std::vector<NetworkConvs> networks = [] {
    const Network vgg19 = load_network({.model = "vgg19", .weights = "random:0"});
    return std::vector<NetworkConvs>{{"VGG-19", convs_of(vgg19.graph(), 224)},
                                     {"VGG-19 at 512", convs_of(vgg19.graph(), 512)},
                                     {"ResNet-18", resnet(false, {2, 2, 2, 2})},
                                     {"ResNet-50", resnet(true, {3, 4, 6, 3})},
                                     {"GoogLeNet", googlenet()},
                                     {"SqueezeNet 1.1", squeezenet()},
                                     {"DenseNet-121", densenet121()},
                                     {"AlexNet", alexnet()}};
  }();
  return networks;
}

}  // namespace phosphene::cuda
