// One iteration of style transfer with a full-width VGG-19, and the memory it holds beyond the
// weights. The weights are random: time does not depend on their values.
#include <benchmark/benchmark.h>

#include "engine/methods/style_problem.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/models.hpp"

namespace phosphene {
namespace {

Tensor picture(const Context& context, std::int64_t size) {
  Tensor host = Tensor::host({1, 3, size, size});
  for (std::int64_t i = 0; i < host.count(); ++i) {
    host.data()[i] = static_cast<float>(i * 7919 % 1009) / 1009;
  }
  return ops::to_device(context, host);
}

void style_iteration(benchmark::State& state, OptimiserKind optimiser) {
  const Context context({.device = "auto"});
  const Network network = load_network("vgg19", "random:0");
  StyleTransferOptions options;
  options.optimiser = optimiser;
  const Tensor content = picture(context, state.range(0));
  std::vector<Tensor> styles;
  styles.push_back(picture(context, state.range(0)));
  const std::size_t images = context.allocated_bytes();
  std::size_t beyond = 0;
  {
    StyleProblem p = make_style_problem(context, network, content, styles, options);
    iterate(p.problem);
    for (auto _ : state) {
      iterate(p.problem);
      context.synchronize();
    }
    beyond = context.allocated_bytes();
  }
  beyond -= context.allocated_bytes() - images;  // what stays is the lowered weights
  state.counters["MB_beyond_weights"] = static_cast<double>(beyond) / 1e6;
}

BENCHMARK_CAPTURE(style_iteration, adam, OptimiserKind::adam)
    ->Arg(256)
    ->Arg(512)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MinTime(5);
BENCHMARK_CAPTURE(style_iteration, lbfgs, OptimiserKind::lbfgs)
    ->Arg(256)
    ->Arg(512)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MinTime(5);

}  // namespace
}  // namespace phosphene
