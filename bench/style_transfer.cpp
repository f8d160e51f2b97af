// One iteration of style transfer with a full-width VGG-19, and the memory it holds beyond the
// weights. The weights are random: time does not depend on their values.
#include <benchmark/benchmark.h>

#include "engine/core/backend.hpp"
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

void style_iteration(benchmark::State& state, OptimiserKind optimiser, Precision precision,
                     std::int64_t size) {
  const Context context({.device = "auto", .precision = precision});
  const Network network = load_network({.model = "vgg19", .weights = "random:0"});
  StyleTransferOptions options;
  options.optimiser = optimiser;
  const Tensor content = picture(context, size);
  std::vector<Tensor> styles;
  styles.push_back(picture(context, size));
  const std::size_t images = context.allocated_bytes();
  std::size_t beyond = 0;
  {
    StyleProblem p = make_style_problem(context, network, content, styles, options);
    // The first step is slower than the others; L-BFGS is at its dearest with its history full.
    const int before = optimiser == OptimiserKind::lbfgs ? options.history + 1 : 1;
    for (int i = 0; i < before; ++i) iterate(p.problem);
    const auto step = backend_of(context).record([&] { iterate(p.problem); });
    for (auto _ : state) {
      step->replay();
      context.synchronize();
    }
    beyond = context.allocated_bytes();
  }
  beyond -= context.allocated_bytes() - images;  // what stays is the lowered weights
  state.counters["MB_beyond_weights"] = static_cast<double>(beyond) / 1e6;
}

void register_all() {
  const bool gpu = Context({.device = "auto"}).device().is_cuda();
  std::vector<std::int64_t> sizes{256, 512};
  std::vector<Precision> precisions{Precision::fp32};
  if (gpu) {
    sizes.push_back(1024);
    precisions.insert(precisions.end(), {Precision::tf32, Precision::bf16});
  }
  const std::pair<std::string, OptimiserKind> optimisers[] = {{"adam", OptimiserKind::adam},
                                                              {"lbfgs", OptimiserKind::lbfgs}};
  for (const auto& [name, optimiser] : optimisers) {
    for (Precision precision : precisions) {
      for (std::int64_t size : sizes) {
        const std::string full = name + "/" + to_string(precision) + "/" + std::to_string(size);
        benchmark::RegisterBenchmark(full.c_str(), style_iteration, optimiser, precision, size)
            ->Unit(benchmark::kMillisecond)
            ->UseRealTime()
            ->MinTime(5);
      }
    }
  }
}

}  // namespace
}  // namespace phosphene

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  phosphene::register_all();
  benchmark::RunSpecifiedBenchmarks();
}
