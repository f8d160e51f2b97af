// One thread an element of the result, so that writes are whole cache lines; reads step over the
// other extent and find their lines in L2, where the few maps that reach a linear layer fit.
#pragma once
#include "kernels/flatten.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

// One image after another, y[column][row] = x[row][column].
template <class T>
__global__ void transpose_images_kernel(const T* x, T* y, std::int64_t count, std::int64_t rows,
                                        std::int64_t columns) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_threads()) {
    const std::int64_t row = i % rows, column = i / rows % columns, image = i / (rows * columns);
    y[i] = x[(image * rows + row) * columns + column];
  }
}

}  // namespace phosphene::kernels::cuda
