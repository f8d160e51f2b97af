#include "kernels/bias.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

template <class T>
void bias(Stream stream, T* y, const float* bias, const T* z, Maps maps, bool relu) {
  const std::int64_t count = maps.count();
  if (count == 0) return;
  constexpr int kWidth = Chunk<T>::kWidth;
  if (maps.c % kWidth == 0 && aligned_to_pack(y, z)) {
    launch("bias", bias_kernel<true, T>, blocks_for(count, kBlock * kWidth), kBlock, 0, stream, y,
           bias, z, count, maps.c, relu);
  } else {
    launch("bias", bias_kernel<false, T>, blocks_for(count, kBlock), kBlock, 0, stream, y, bias, z,
           count, maps.c, relu);
  }
}
template void bias<float>(Stream, float*, const float*, const float*, Maps, bool);
template void bias<bf16>(Stream, bf16*, const float*, const bf16*, Maps, bool);

}  // namespace phosphene::kernels::cuda
