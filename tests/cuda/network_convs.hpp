// The convolutions of published networks as the lowering asks cuDNN for them: BatchNorm folded into
// the bias, ReLU and residual sum fused.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "engine/cuda/cudnn_graph.hpp"

namespace phosphene::cuda {

struct NetworkConvs {
  std::string name;
  std::vector<ConvProblem> convs;  ///< forward, one image, each as often as it occurs

  std::int64_t weights() const;  ///< without biases
};

/// Of the engine's own graphs, for images of 224 pixels and VGG-19 for 512 too, fused as a session
/// without taps but the last fuses them.
const std::vector<NetworkConvs>& network_convs();

/// A square convolution of one image with bias.
ConvProblem square_conv(std::int64_t in, std::int64_t out, std::int64_t size, int kernel,
                        int stride, int pad, bool relu);

/// The same with x and y for `n` images.
ConvProblem with_batch(ConvProblem problem, std::int64_t n);

}  // namespace phosphene::cuda
