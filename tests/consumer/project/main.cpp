// A user's program: one convolution on the CPU, forward and back, through the installed package.
#include <cmath>
#include <cstdio>
#include <utility>

#include "phosphene/context.hpp"
#include "phosphene/session.hpp"

int main() {
  using namespace phosphene;
  const Context context({.device = "cpu"});

  Graph graph;  // y = 2 r + 3 g + 4 b + 1
  graph.then("normalise", op::Normalise{.mean = {0, 0, 0}, .std = {1, 1, 1}});
  graph.then("conv", op::Conv{.window = {}, .out_channels = 1}, "conv");
  Weights weights;
  weights.set("conv.weight", {{1, 3, 1, 1}, {2, 3, 4}});
  weights.set("conv.bias", {{1}, {1}});
  const Network network(std::move(graph), std::move(weights));

  Session session(context, network, {.height = 4, .width = 5, .taps = {"conv"}});
  Tensor image = Tensor::host({1, 3, 4, 5});
  for (int i = 0; i < image.count(); ++i) image.data()[i] = 0.5F;
  session.forward(image, 1);
  const float y = session.tap("conv").data()[0];

  Tensor ones = Tensor::host({1, 1, 4, 5});
  for (int i = 0; i < ones.count(); ++i) ones.data()[i] = 1;
  const Seed seeds[] = {seed_with(context, "conv", ones)};
  const Tensor& gradient = session.backward(seeds);
  const float d_green = gradient.data()[4 * 5];

  std::printf("y = %g (expected 5.5), dy/dg = %g (expected 3)\n", y, d_green);
  return std::abs(y - 5.5F) < 1e-5F && std::abs(d_green - 3) < 1e-5F ? 0 : 1;
}
