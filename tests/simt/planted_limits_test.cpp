// Launches that no GPU would take.
#include "tests/simt/planted.hpp"

namespace phosphene::simt {
namespace {

__global__ void dynamic_kernel(float* y) {
  PHOSPHENE_DYNAMIC_SHARED(float, tile);
  tile[threadIdx.x] = 1;
  y[0] = tile[0];
}
TEST(PlantedBug, dynamic_shared_memory_not_given) {
  const auto y = floats(1);
  expect_error([&] { launch("dynamic", dynamic_kernel, 1, 32, 0, y.get()); },
               {"kernel dynamic, block (0, 0, 0), thread (0, 0, 0)", "launched with none"});
}

__global__ void nothing_kernel() {}
__global__ void large_shared_kernel(float* y) {
  __shared__ float tile[96][128];  // 48 KiB, all there is
  tile[threadIdx.x][0] = 1;
  __syncthreads();
  y[threadIdx.x] = tile[31 - threadIdx.x][0];
}
TEST(PlantedBug, launches_over_the_limits) {
  expect_error([] { launch("wide", nothing_kernel, 1, 1025, 0); }, {"kernel wide", "1025 x 1 x 1"});
  expect_error([] { launch("empty", nothing_kernel, 0, 32, 0); }, {"kernel empty", "0 x 1 x 1"});
  expect_error([] { launch("tall", nothing_kernel, {1, 65536}, 32, 0); }, {"1 x 65536 x 1"});
  expect_error([] { launch("shared", nothing_kernel, 1, 32, 49153); }, {"49153 bytes of shared"});
  const auto y = floats(32);
  launch("fits", large_shared_kernel, 1, 32, 0, y.get());
  expect_error([&] { launch("both", large_shared_kernel, 1, 32, 16, y.get()); },
               {"kernel both", "bytes of shared memory"});
}

__global__ void __launch_bounds__(kernels::cuda::kBlock) bounded_kernel(float* y) {
  y[threadIdx.x] = 1;
}
template <class T>
__global__ void __launch_bounds__(64, 2) bounded_template_kernel(T* y) {
  y[threadIdx.y * blockDim.x + threadIdx.x] = 1;
}
TEST(PlantedBug, launches_over_their_bounds) {
  const auto y = floats(288);
  launch("bounded", bounded_kernel, 1, 256, 0, y.get());
  expect_error([&] { launch("bounded", bounded_kernel, 1, 288, 0, y.get()); },
               {"kernel bounded", "288 x 1 x 1", "__launch_bounds__ say at most 256"});
  launch("template", bounded_template_kernel<float>, 1, {8, 8}, 0, y.get());
  expect_error([&] { launch("template", bounded_template_kernel<float>, 1, 65, 0, y.get()); },
               {"kernel template", "__launch_bounds__ say at most 64"});
}

}  // namespace
}  // namespace phosphene::simt
