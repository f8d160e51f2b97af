// One occlusion sweep over one picture, for bench/attribution.py:
//   bench_occlusion MODEL WEIGHTS dense|incremental SIZE PATCH STRIDE MAP.npy
// Prints one JSON line: seconds from the network in memory to the map (planning and lowering the
// weights included), the engine's batch, windows, FLOPs, and how far the process's memory rose.
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>

#include "phosphene/methods/occlusion.hpp"
#include "phosphene/models.hpp"
#include "phosphene/npy.hpp"

namespace phosphene {
namespace {

/// The same numbers as bench/peers/attribution.py's.
Tensor picture(std::int64_t size) {
  Tensor host = Tensor::host({1, 3, size, size});
  for (std::int64_t i = 0; i < host.count(); ++i) {
    host.data()[i] = static_cast<float>(i * 7919 % 1009) / 1009;
  }
  return host;
}

double peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

int sweep(char** arguments) {
  const std::string model = arguments[1], weights = arguments[2], engine = arguments[3];
  const std::int64_t size = std::stoll(arguments[4]);
  const int patch = std::stoi(arguments[5]), stride = std::stoi(arguments[6]);
  const Network network = load_network({.model = model, .weights = weights});
  const Context context({.device = arguments[8]});
  const Tensor image = picture(size);
  const double before = peak_mb();

  const auto start = std::chrono::steady_clock::now();
  Occlusion occlusion(
      context, network, size, size,
      {.patch = {patch, patch},
       .stride = {stride, stride},
       .baseline = OcclusionBaseline::zero,
       .score = OcclusionScore::logit,
       .target = 0,
       .engine = engine == "dense" ? OcclusionEngine::dense : OcclusionEngine::incremental});
  const OcclusionResult result = occlusion.run(image);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;

  save_npy(arguments[7], result.map, {size, size});
  const OcclusionPlan& plan = occlusion.plan();
  std::printf(
      "{\"seconds\": %.4f, \"mb\": %.1f, \"batch\": %lld, \"windows\": %lld, "
      "\"dense_gflop\": %.2f, \"incremental_gflop\": %.2f, \"device\": \"%s\"}\n",
      taken.count(), peak_mb() - before, static_cast<long long>(plan.batch),
      static_cast<long long>(plan.windows), plan.dense_flops / 1e9, plan.incremental_flops / 1e9,
      to_string(context.device()).c_str());
  return 0;
}

}  // namespace
}  // namespace phosphene

int main(int argc, char** argv) {
  if (argc != 9) {
    std::fprintf(
        stderr,
        "usage: bench_occlusion MODEL WEIGHTS dense|incremental SIZE PATCH STRIDE MAP DEVICE\n");
    return 2;
  }
  try {
    return phosphene::sweep(argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_occlusion: %s\n", error.what());
    return 1;
  }
}
