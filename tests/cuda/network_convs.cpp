#include "tests/cuda/network_convs.hpp"

#include <variant>

#include "engine/session/fuse.hpp"
#include "phosphene/models.hpp"

namespace phosphene::cuda {
namespace {

/// Of a network of published width for square images of this size.
std::vector<ConvProblem> convs_of(const std::string& model, std::int64_t size) {
  const Network network = load_network({.model = model, .weights = "random:0"});
  const Graph& graph = network.graph();
  const std::vector<Shape> shapes = graph.infer_shapes({1, 3, size, size});
  const auto shape = [&](int value) { return shapes[static_cast<std::size_t>(value)]; };
  std::vector<ConvProblem> convs;
  for (const FusedNode& step : fuse(graph, shapes, {graph.size() - 1}).steps) {
    const auto* conv = std::get_if<op::Conv>(&graph[step.node].op);
    if (conv == nullptr) continue;
    ConvProblem problem = conv_problem(*conv, shape(step.inputs[0]), shape(step.output));
    problem.bias = true;
    problem.relu = step.relu;
    problem.residual = step.residual;
    convs.push_back(problem);
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
  static const std::vector<NetworkConvs> networks{
      {"VGG-19", convs_of("vgg19", 224)},
      {"VGG-19 at 512", convs_of("vgg19", 512)},
      {"ResNet-18", convs_of("resnet18", 224)},
      {"ResNet-50", convs_of("resnet50", 224)},
      {"GoogLeNet", convs_of("googlenet_bvlc", 224)},
      {"SqueezeNet 1.1", convs_of("squeezenet1_1", 224)},
      {"DenseNet-121", convs_of("densenet121", 224)},
      {"AlexNet", convs_of("alexnet", 224)}};
  return networks;
}

}  // namespace phosphene::cuda
