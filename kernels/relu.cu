#include "kernels/relu.cuh"

#include "kernels/launch.hpp"

namespace phosphene::kernels::cuda {
namespace {

template <ReluRule kRule, class T>
void backward(Stream stream, const T* d_y, const std::uint32_t* mask, T* d_x, std::int64_t count) {
  launch("relu_backward", relu_backward_kernel<kRule, T>,
         blocks_for(count, kBlock * kReluUnroll<T>), kBlock, 0, stream, d_y, mask, d_x, count);
}

}  // namespace

template <class T>
void relu(Stream stream, const T* x, T* y, std::uint32_t* mask, std::int64_t count) {
  if (count == 0) return;
  launch("relu", relu_kernel<T>, blocks_for(count, kBlock * kReluUnroll<T>), kBlock, 0, stream, x,
         y, mask, count);
}
template void relu<float>(Stream, const float*, float*, std::uint32_t*, std::int64_t);
template void relu<bf16>(Stream, const bf16*, bf16*, std::uint32_t*, std::int64_t);

template <class T>
void positive_mask(Stream stream, const T* x, std::uint32_t* mask, std::int64_t count) {
  relu(stream, x, static_cast<T*>(nullptr), mask, count);
}
template void positive_mask<float>(Stream, const float*, std::uint32_t*, std::int64_t);
template void positive_mask<bf16>(Stream, const bf16*, std::uint32_t*, std::int64_t);

template <class T>
void relu_backward(Stream stream, const T* d_y, const std::uint32_t* mask, T* d_x,
                   std::int64_t count, ReluRule rule) {
  if (count == 0) return;
  switch (rule) {
    case ReluRule::standard:
      return backward<ReluRule::standard>(stream, d_y, mask, d_x, count);
    case ReluRule::deconvnet:
      return backward<ReluRule::deconvnet>(stream, d_y, mask, d_x, count);
    case ReluRule::guided:
      return backward<ReluRule::guided>(stream, d_y, mask, d_x, count);
  }
}
template void relu_backward<float>(Stream, const float*, const std::uint32_t*, float*, std::int64_t,
                                   ReluRule);
template void relu_backward<bf16>(Stream, const bf16*, const std::uint32_t*, bf16*, std::int64_t,
                                  ReluRule);

}  // namespace phosphene::kernels::cuda
