#pragma once
#include <vector>

#include "engine/cuda/cudnn_graph.hpp"

namespace phosphene::cuda {

/// The index of the plan that runs fastest here, by CUDA events over zeroed arrays. Allocates for
/// the time being and waits for the stream.
std::size_t fastest(const std::vector<ConvPlan>& plans, const ConvProblem& problem,
                    cudnnHandle_t handle, cudaStream_t stream);

}  // namespace phosphene::cuda
