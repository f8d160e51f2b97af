#include "kernels/flatten.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {
namespace {

template <class T>
void transpose(const char* name, Stream stream, const T* x, T* y, std::int64_t count,
               std::int64_t rows, std::int64_t columns) {
  if (count == 0) return;
  launch(name, transpose_images_kernel<T>, blocks_for(count, kBlock), kBlock, 0, stream, x, y,
         count, rows, columns);
}

}  // namespace

template <class T>
void flatten(Stream stream, const T* x, T* y, Maps maps) {
  transpose("flatten", stream, x, y, maps.count(), maps.h * maps.w, maps.c);
}
template void flatten<float>(Stream, const float*, float*, Maps);
template void flatten<bf16>(Stream, const bf16*, bf16*, Maps);

template <class T>
void flatten_backward(Stream stream, const T* d_y, T* d_x, Maps maps) {
  transpose("flatten_backward", stream, d_y, d_x, maps.count(), maps.c, maps.h * maps.w);
}
template void flatten_backward<float>(Stream, const float*, float*, Maps);
template void flatten_backward<bf16>(Stream, const bf16*, bf16*, Maps);

}  // namespace phosphene::kernels::cuda
