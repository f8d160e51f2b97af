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

/// VGG-19 out of the engine's own graph, for images of 224 and 512 pixels; and from their papers,
/// for images of 224 pixels (AlexNet's of 224 with a padding of 2, as torchvision cuts them):
/// ResNet-18 and -50 (with the stride on the 3x3 convolution, as the weights in use have it),
/// GoogLeNet, SqueezeNet 1.1, DenseNet-121, AlexNet.
const std::vector<NetworkConvs>& network_convs();

/// A square convolution of one image with bias.
ConvProblem square_conv(std::int64_t in, std::int64_t out, std::int64_t size, int kernel,
                        int stride, int pad, bool relu);

/// The same with x and y for `n` images.
ConvProblem with_batch(ConvProblem problem, std::int64_t n);

}  // namespace phosphene::cuda
