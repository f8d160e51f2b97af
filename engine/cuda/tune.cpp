#include "engine/cuda/tune.hpp"

#include <algorithm>
#include <limits>
#include <memory>

namespace phosphene::cuda {
namespace {

struct Free {
  void operator()(void* memory) const { cudaFree(memory); }
};
using Memory = std::unique_ptr<void, Free>;

Memory zeros(std::size_t bytes, cudaStream_t stream) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, std::max<std::size_t>(bytes, 1)), "tuning: cudaMalloc");
  Memory owned(memory);
  check(cudaMemsetAsync(memory, 0, bytes, stream), "tuning: cudaMemsetAsync");
  return owned;
}

class Event {
 public:
  Event() { check(cudaEventCreate(&event_), "cudaEventCreate"); }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  cudaEvent_t get() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Milliseconds of the best of a few runs, after one that warms up.
float best_run(const ConvCall& call, cudnnHandle_t handle, cudaStream_t stream) {
  constexpr int kRuns = 5;
  const Event start, stop;
  call.run(handle);
  float best = std::numeric_limits<float>::infinity();
  for (int run = 0; run < kRuns; ++run) {
    check(cudaEventRecord(start.get(), stream), "cudaEventRecord");
    call.run(handle);
    check(cudaEventRecord(stop.get(), stream), "cudaEventRecord");
    check(cudaEventSynchronize(stop.get()), "tuning");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, start.get(), stop.get()), "cudaEventElapsedTime");
    best = std::min(best, milliseconds);
  }
  return best;
}

}  // namespace

std::size_t fastest(const std::vector<ConvPlan>& plans, const ConvProblem& problem,
                    cudnnHandle_t handle, cudaStream_t stream) {
  const std::size_t element = problem.precision == Precision::bf16 ? 2 : 4;
  const auto array = [&](bool wanted, std::int64_t count) {
    return wanted ? zeros(static_cast<std::size_t>(count) * element, stream) : Memory();
  };
  std::size_t workspace_bytes = 0;
  for (const ConvPlan& plan : plans) {
    workspace_bytes = std::max(workspace_bytes, plan.workspace());
  }
  const Memory x = array(true, problem.x.count()), w = array(true, problem.w.count());
  const Memory y = array(true, problem.y.count()), bias = array(problem.bias, problem.y.c);
  const Memory residual = array(problem.residual, problem.y.count());
  const Memory workspace = zeros(workspace_bytes, stream);
  const ConvPointers pointers{x.get(),    w.get(),        y.get(),
                              bias.get(), residual.get(), workspace.get()};

  std::size_t best = 0;
  float best_time = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < plans.size(); ++i) {
    try {
      const ConvCall call(plans[i], pointers);
      const float time = best_run(call, handle, stream);
      if (time < best_time) {
        best = i;
        best_time = time;
      }
    } catch (const Error&) {
      // A plan that was made and does not run is no candidate.
    }
  }
  return best;
}

}  // namespace phosphene::cuda
