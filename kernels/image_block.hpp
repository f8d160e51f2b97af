// The block of kernels that give a whole image to one block.
#pragma once

namespace phosphene::kernels::cuda {
constexpr int kImageBlock = 512;  ///< threads to an image
}  // namespace phosphene::kernels::cuda
