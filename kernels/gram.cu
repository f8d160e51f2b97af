#include "kernels/gram.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {

template <class T>
void gram(Stream stream, const T* f, std::int64_t pixels, std::int64_t c, float* scratch,
          float* g) {
  if (c == 0) return;
  const std::int64_t tiles = ceil_div(c, kGramTile), slices = gram_slices(pixels, c);
  launch("gram", gram_kernel<T>,
         {static_cast<unsigned>(tiles * (tiles + 1) / 2), static_cast<unsigned>(slices)}, kBlock, 0,
         stream, f, pixels, c, ceil_div(pixels, slices), scratch);
  launch("gram_sum", gram_sum_kernel, blocks_for(c * c, kWarp), kBlock, 0, stream, scratch, c,
         static_cast<int>(slices), g);
}
template void gram<float>(Stream, const float*, std::int64_t, std::int64_t, float*, float*);
template void gram<bf16>(Stream, const bf16*, std::int64_t, std::int64_t, float*, float*);

template <class T>
void gram_backward(Stream stream, const T* f, const float* d, std::int64_t pixels, std::int64_t c,
                   float factor, T* d_f) {
  if (pixels * c == 0) return;
  const dim3 grid(blocks_for(pixels, kGramTile).x, static_cast<unsigned>(ceil_div(c, kGramTile)));
  const bool quads = c % 4 == 0 && aligned_to_pack(d_f);
  launch("gram_backward", quads ? gram_backward_kernel<true, T> : gram_backward_kernel<false, T>,
         grid, kBlock, 0, stream, f, d, pixels, c, factor, d_f);
}
template void gram_backward<float>(Stream, const float*, const float*, std::int64_t, std::int64_t,
                                   float, float*);
template void gram_backward<bf16>(Stream, const bf16*, const float*, std::int64_t, std::int64_t,
                                  float, bf16*);

}  // namespace phosphene::kernels::cuda
