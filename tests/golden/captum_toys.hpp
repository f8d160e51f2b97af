// The toy networks of Captum's unit tests, with the weights that are written there. Inputs that
// Captum hands over side by side and its toys add up or subtract are channels of one image here,
// and vectors are images of one row.
#pragma once
#include <vector>

#include "phosphene/network.hpp"

namespace phosphene::golden {

/// BasicModel_MultiLayer of the sum of `inputs` vectors of 3: identity, 4 sums with a bias and a
/// ReLU, 2 scores. Images [n, inputs, 1, 3], scores "linear2".
Network captum_multi_layer(int inputs = 1);

/// BasicModel_ConvNet_One_Conv of the sum of `inputs` pictures of 4x4: a 3x3 convolution to 2
/// channels ("conv1", "relu1"), 4 scores ("fc1") and a ReLU behind them ("relu2").
Network captum_one_conv(int inputs = 1);

/// BasicModel: x -> 1 - ReLU(1 - x), pixel by pixel. Images [n, 1, 1, 1].
Network captum_one_relu();

/// BasicModel3 and 5: ReLU(gain_1 ReLU(x_1 - 1) - gain_2 ReLU(x_2)), pixel by pixel ("relu2"), the
/// inputs two channels. Images [n, 2, 1, w].
Network captum_difference(float gain_1 = 1, float gain_2 = 1);

/// An image on the host from its values in nchw order.
Tensor image_of(const Shape& shape, const std::vector<float>& values);

}  // namespace phosphene::golden
