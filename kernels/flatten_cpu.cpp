#include "kernels/flatten.hpp"

namespace phosphene::kernels::cpu {
namespace {

/// One image after another, y[column][row] = x[row][column].
template <class T>
void transpose(const T* x, T* y, std::int64_t images, std::int64_t rows, std::int64_t columns) {
#pragma omp parallel for collapse(2)
  for (std::int64_t n = 0; n < images; ++n) {
    for (std::int64_t column = 0; column < columns; ++column) {
      const T* from = x + n * rows * columns + column;
      T* to = y + (n * columns + column) * rows;
      for (std::int64_t row = 0; row < rows; ++row) to[row] = from[row * columns];
    }
  }
}

}  // namespace

template <class T>
void flatten(const T* x, T* y, Maps maps) {
  transpose(x, y, maps.n, maps.h * maps.w, maps.c);
}

template <class T>
void flatten_backward(const T* d_y, T* d_x, Maps maps) {
  transpose(d_y, d_x, maps.n, maps.c, maps.h * maps.w);
}

template void flatten(const float*, float*, Maps);
template void flatten(const bf16*, bf16*, Maps);
template void flatten_backward(const float*, float*, Maps);
template void flatten_backward(const bf16*, bf16*, Maps);

}  // namespace phosphene::kernels::cpu
