// The operation graph of a ConvProblem: the descriptors that its plans stand on.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/cuda/cudnn_graph.hpp"

namespace phosphene::cuda {

/// Unique ids of a graph's tensors, by which a variant pack finds its pointers; virtual tensors
/// count on from the last.
namespace uid {
enum : std::int64_t { kX = 1, kW, kY, kBias, kResidual, kVirtual };
}

struct ConvGraph {
  std::vector<Descriptor> parts;  ///< tensors and operations
  Descriptor graph;
};

inline bool is_unsupported(cudnnStatus_t status) {
  return CUDNN_STATUS_CATEGORY(status) == CUDNN_STATUS_NOT_SUPPORTED;
}

/// Nothing where cuDNN does not know the pattern. Throws Error where the problem contradicts
/// itself.
std::optional<ConvGraph> build_conv_graph(const PlanTarget& target, const ConvProblem& problem);

}  // namespace phosphene::cuda
