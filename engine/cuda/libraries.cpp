#include "engine/cuda/libraries.hpp"

#include "engine/cuda/tune.hpp"

namespace phosphene::cuda {
namespace {

// What cuBLAS takes by itself on Hopper. Its own workspace would be allocated while a graph is
// recorded, and one per stream is what makes its results repeat.
constexpr std::size_t kBlasWorkspace = std::size_t{32} << 20;

// Plans that tuning times: the heuristics' first few are nearly always the fastest ones.
constexpr std::size_t kTunedPlans = 8;

}  // namespace

Libraries::Libraries(cudaStream_t stream) : stream_(stream) {
  check(cudnnCreate(&dnn_), "cudnnCreate");
  check(cudnnSetStream(dnn_, stream), "cudnnSetStream");
  check(cublasCreate(&blas_), "cublasCreate");
  check(cublasSetStream(blas_, stream), "cublasSetStream");
  check(cudaMalloc(&blas_workspace_, kBlasWorkspace), "workspace of cuBLAS");
  check(cublasSetWorkspace(blas_, blas_workspace_, kBlasWorkspace), "cublasSetWorkspace");
  const int exact_sums = CUBLAS_DEFAULT_MATH | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION;
  check(cublasSetMathMode(blas_, static_cast<cublasMath_t>(exact_sums)), "cublasSetMathMode");
}

Libraries::~Libraries() {
  plans_.clear();
  if (blas_) cublasDestroy(blas_);
  if (blas_workspace_) cudaFree(blas_workspace_);
  if (dnn_) cudnnDestroy(dnn_);
}

std::shared_ptr<const ConvPlan> Libraries::plan(const ConvProblem& problem, bool tune) {
  const std::string key = to_string(problem) + (tune ? " tuned" : "");
  if (const auto it = plans_.find(key); it != plans_.end()) return it->second;

  PlanLimits limits = limits_for(problem);
  limits.deterministic = !tune;
  std::vector<ConvPlan> found =
      plan_conv(PlanTarget(dnn_), problem, limits, tune ? kTunedPlans : 1);
  std::shared_ptr<const ConvPlan> plan;
  if (!found.empty()) {
    const std::size_t best = found.size() > 1 ? fastest(found, problem, dnn_, stream_) : 0;
    plan = std::make_shared<const ConvPlan>(std::move(found[best]));
  }
  return plans_[key] = std::move(plan);
}

}  // namespace phosphene::cuda
