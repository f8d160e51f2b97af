#include "tests/reference/node_cases.hpp"

#include <utility>

namespace phosphene::reference {
namespace {

op::Conv conv3x3(std::int64_t out, std::int64_t groups = 1) {
  return {
      .window = {.kernel = {3, 3}, .pad = Padding::all(1)}, .out_channels = out, .groups = groups};
}

op::Conv conv1x1(std::int64_t out) { return {.window = {}, .out_channels = out}; }

/// normalise -> conv a (6 channels) -> the op -> conv z, so that the op has a gradient to pass on
/// that is not the seed itself.
NodeCase sandwich(const std::string& name, const Op& middle, Shape image = {2, 3, 9, 7},
                  const std::string& weights = {}) {
  Graph graph = normalised_input(3);
  graph.then("a", conv3x3(6), "a");
  graph.then("middle", middle, weights);
  graph.then("z", conv1x1(4), "z");
  return {name, graph, image, {"middle", "z"}};
}

NodeCase normalise_bgr() {
  Graph graph(3);
  graph.then(
      "normalise",
      op::Normalise{.mean = {104, 117, 123}, .std = {1, 2, 3}, .scale = 255, .reverse = true});
  return {"normalise_bgr", graph, {2, 3, 5, 7}, {"normalise"}};
}

NodeCase conv_general() {
  Graph graph = normalised_input(3);
  graph.then("c",
             op::Conv{.window = {.kernel = {3, 2},
                                 .stride = {2, 1},
                                 .dilation = {1, 2},
                                 .pad = {.top = 1, .left = 0, .bottom = 2, .right = 1}},
                      .out_channels = 5,
                      .bias = false},
             "c");
  return {"conv_general", graph, {2, 3, 9, 7}, {"c"}};
}

NodeCase conv_relu(const std::string& name, bool tapped) {
  Graph graph = normalised_input(3);
  graph.then("a", conv3x3(6), "a");
  graph.then("a_relu", op::Relu{});
  graph.then("b", conv3x3(4, 2), "b");
  graph.then("b_relu", op::Relu{});
  if (tapped) return {name, graph, {2, 3, 9, 7}, {"a", "a_relu", "b", "b_relu"}};
  return {name, graph, {2, 3, 9, 7}, {"b_relu"}};
}

NodeCase conv_norm_relu(const std::string& name, std::vector<std::string> taps) {
  Graph graph = normalised_input(3);
  graph.then("a", op::Conv{.window = {.kernel = {3, 3}}, .out_channels = 6, .bias = false}, "a");
  graph.then("a_norm", op::BatchNorm{.eps = 1e-3F}, "a_norm");
  graph.then("a_relu", op::Relu{});
  graph.then("z", conv1x1(4), "z");
  return {name, graph, {2, 3, 9, 7}, std::move(taps)};
}

/// A residual block with a projection: conv, norm, relu, conv, norm, add, relu.
NodeCase residual(const std::string& name, std::vector<std::string> taps) {
  Graph graph = normalised_input(3);
  const int stem = graph.then("stem", conv3x3(4), "stem");
  const int stem_relu = graph.add("stem_relu", op::Relu{}, {stem});
  graph.then("conv1",
             op::Conv{.window = {.kernel = {3, 3}, .stride = {2, 2}, .pad = Padding::all(1)},
                      .out_channels = 6,
                      .bias = false},
             "conv1");
  graph.then("norm1", op::BatchNorm{}, "norm1");
  graph.then("relu1", op::Relu{});
  graph.then("conv2", conv3x3(6), "conv2");
  const int main = graph.then("norm2", op::BatchNorm{}, "norm2");
  const int projection =
      graph.add("projection", op::Conv{.window = {.stride = {2, 2}}, .out_channels = 6},
                {stem_relu}, "projection");
  graph.add("sum", op::Add{}, {main, projection});
  graph.then("relu2", op::Relu{});
  graph.then("z", conv1x1(4), "z");
  return {name, graph, {2, 3, 9, 7}, std::move(taps)};
}

/// The identity shortcut: the add's other input is also read by the block itself.
NodeCase identity_shortcut() {
  Graph graph = normalised_input(3);
  graph.then("stem", conv3x3(5), "stem");
  const int start = graph.then("stem_relu", op::Relu{});
  graph.then("conv1", conv3x3(5), "conv1");
  graph.then("relu1", op::Relu{});
  const int end = graph.then("conv2", conv3x3(5), "conv2");
  graph.add("sum", op::Add{}, {end, start});
  graph.then("relu2", op::Relu{});
  return {"identity_shortcut", graph, {2, 3, 5, 6}, {"relu2"}};
}

/// A shortcut without weights: every second pixel, and zeros for the channels that it has not.
NodeCase padded_shortcut(std::vector<std::string> taps) {
  Graph graph = normalised_input(3);
  graph.then("stem", conv3x3(3), "stem");
  const int start = graph.then("stem_relu", op::Relu{});
  const int main =
      graph.then("conv",
                 op::Conv{.window = {.kernel = {3, 3}, .stride = {2, 2}, .pad = Padding::all(1)},
                          .out_channels = 8},
                 "conv");
  graph.add("pixels", op::AvgPool{.window = {.stride = {2, 2}}}, {start});
  const int shortcut = graph.then("padded", op::PadChannels{2, 3});
  graph.add("sum", op::Add{}, {main, shortcut});
  graph.then("relu", op::Relu{});
  graph.then("z", conv1x1(4), "z");
  return {"padded_shortcut", graph, {2, 3, 7, 6}, std::move(taps)};
}

NodeCase add_to_itself() {
  Graph graph = normalised_input(2);
  const int a = graph.then("a", conv3x3(3), "a");
  graph.add("sum", op::Add{}, {a, a});
  graph.then("z", conv1x1(2), "z");
  return {"add_to_itself", graph, {2, 2, 5, 4}, {"sum", "z"}};
}

/// Three branches of different widths, one of them a pool, as an inception module has.
NodeCase concat(const std::string& name, std::vector<std::string> taps) {
  Graph graph = normalised_input(3);
  graph.then("stem", conv3x3(4), "stem");
  const int stem = graph.then("stem_relu", op::Relu{});
  const int narrow = graph.add("narrow", conv1x1(3), {stem}, "narrow");
  const int narrow_relu = graph.add("narrow_relu", op::Relu{}, {narrow});
  const int wide = graph.add("wide", conv3x3(5), {stem}, "wide");
  const int pool =
      graph.add("pool", op::MaxPool{.window = {.kernel = {3, 3}, .pad = Padding::all(1)}}, {stem});
  graph.add("cat", op::Concat{}, {narrow_relu, wide, pool});
  graph.then("norm", op::BatchNorm{}, "norm");
  graph.then("relu", op::Relu{});
  graph.then("z", conv1x1(4), "z");
  return {name, graph, {2, 3, 7, 5}, std::move(taps)};
}

NodeCase classifier() {
  Graph graph = normalised_input(3);
  graph.then("a", conv3x3(4), "a");
  graph.then("a_relu", op::Relu{});
  graph.then("flatten", op::Flatten{});
  graph.then("fc1", op::Linear{.out_features = 11}, "fc1");
  graph.then("relu", op::Relu{});
  graph.then("drop", op::Dropout{});
  graph.then("fc2", op::Linear{.out_features = 7, .bias = false}, "fc2");
  graph.then("softmax", op::Softmax{});
  return {"classifier", graph, {3, 3, 5, 6}, {"flatten", "fc1", "drop", "fc2", "softmax"}};
}

NodeCase global_pool_classifier() {
  Graph graph = normalised_input(3);
  graph.then("a", conv3x3(4), "a");
  graph.then("pool", op::AdaptiveAvgPool{.out = {1, 1}});
  graph.then("flatten", op::Flatten{});
  graph.then("fc", op::Linear{.out_features = 5}, "fc");
  return {"global_pool_classifier", graph, {2, 3, 5, 6}, {"pool", "fc"}};
}

}  // namespace

void PrintTo(const NodeCase& node_case, std::ostream* out) { *out << node_case.name; }

Graph normalised_input(int channels) {
  Graph graph(channels);
  op::Normalise normalise;
  for (int c = 0; c < channels; ++c) {
    normalise.mean.push_back(.4F + .05F * static_cast<float>(c % 5));
    normalise.std.push_back(.2F + .03F * static_cast<float>(c % 7));
  }
  graph.then("normalise", normalise);
  return graph;
}

const std::vector<NodeCase>& node_cases() {
  const Padding odd_pad{.top = 1, .left = 0, .bottom = 0, .right = 1};
  static const std::vector<NodeCase> cases{
      normalise_bgr(),
      conv_general(),
      sandwich("conv_groups", conv3x3(9, 3)),
      sandwich("conv_depthwise", conv3x3(6, 6)),
      sandwich("reflect_pad", op::ReflectPad{{.top = 2, .left = 1, .bottom = 0, .right = 3}}),
      sandwich("batch_norm", op::BatchNorm{.eps = 1e-2F}, {2, 3, 9, 7}, "norm"),
      sandwich("relu", op::Relu{}),
      sandwich("leaky_relu", op::LeakyRelu{.slope = .2F}),
      sandwich("elu", op::Elu{.alpha = .7F}),
      sandwich("max_pool", op::MaxPool{{.kernel = {2, 2}, .stride = {2, 2}}}),
      sandwich("max_pool_overlapping",
               op::MaxPool{{.kernel = {3, 2}, .stride = {2, 1}, .pad = odd_pad}}),
      sandwich("max_pool_ceil", op::MaxPool{{.kernel = {3, 3}, .stride = {2, 2}, .ceil = true}},
               {2, 3, 10, 8}),
      sandwich("max_pool_ceil_padded",
               op::MaxPool{{.kernel = {2, 2}, .stride = {2, 2}, .pad = odd_pad, .ceil = true}}),
      sandwich("avg_pool", op::AvgPool{{.kernel = {2, 2}, .stride = {2, 2}}, true}),
      sandwich("avg_pool_padded",
               op::AvgPool{{.kernel = {3, 3}, .stride = {2, 1}, .pad = odd_pad}, true}),
      sandwich("avg_pool_padding_not_counted",
               op::AvgPool{{.kernel = {3, 3}, .stride = {2, 1}, .pad = odd_pad}, false}),
      sandwich(
          "avg_pool_ceil",
          op::AvgPool{{.kernel = {3, 3}, .stride = {2, 2}, .pad = Padding::all(1), .ceil = true},
                      true},
          {2, 3, 8, 10}),
      sandwich(
          "avg_pool_ceil_padding_not_counted",
          op::AvgPool{{.kernel = {3, 3}, .stride = {2, 2}, .pad = Padding::all(1), .ceil = true},
                      false},
          {2, 3, 8, 10}),
      sandwich("adaptive_pool", op::AdaptiveAvgPool{.out = {4, 3}}),
      sandwich("adaptive_pool_to_more", op::AdaptiveAvgPool{.out = {7, 7}}, {2, 3, 5, 4}),
      sandwich("lrn", op::Lrn{.size = 3, .alpha = .3F, .beta = .75F, .k = 2}),
      sandwich("softmax_of_maps", op::Softmax{}),
      sandwich("dropout", op::Dropout{}),
      conv_relu("conv_relu_fused", false),
      conv_relu("conv_relu_tapped", true),
      conv_norm_relu("conv_norm_relu_fused", {"z"}),
      conv_norm_relu("conv_norm_relu_tapped", {"a", "a_norm", "a_relu", "z"}),
      conv_norm_relu("conv_norm_relu_tapped_before_norm", {"a", "z"}),
      residual("residual_fused", {"z"}),
      residual("residual_tapped", {"conv1", "norm2", "projection", "sum", "relu2", "z"}),
      residual("residual_tapped_before_add", {"norm2", "z"}),
      identity_shortcut(),
      add_to_itself(),
      padded_shortcut({"padded", "z"}),
      concat("concat", {"z"}),
      concat("concat_tapped", {"stem_relu", "narrow_relu", "wide", "pool", "cat", "norm", "z"}),
      classifier(),
      global_pool_classifier(),
  };
  return cases;
}

}  // namespace phosphene::reference
