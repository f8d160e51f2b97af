// Kernels without a bug give the right answer whatever the order of the threads.
#include <numeric>
#include <vector>

#include "tests/simt/clean.hpp"

namespace phosphene::simt {
namespace {

__global__ void block_sum_kernel(const float* x, float* y, int count) {
  __shared__ float warps[32];
  const int i = static_cast<int>(kernels::cuda::grid_thread());
  const float sum = kernels::cuda::block_sum(i < count ? x[i] : 0.0F, warps);
  if (threadIdx.x == 0) y[blockIdx.x] = sum;
}
TEST_F(CleanKernel, block_sum) {
  std::vector<float> x(2500);
  std::iota(x.begin(), x.end(), 0.0F);  // whole numbers: the sums are exact in any order
  for (const unsigned threads : {32U, 96U, 1024U}) {
    const unsigned blocks = (2500 + threads - 1) / threads;
    in_many_orders([&] {
      std::vector<float> y(blocks);
      launch("block_sum", block_sum_kernel, blocks, threads, 0, x.data(), y.data(), 2500);
      EXPECT_EQ(std::accumulate(y.begin(), y.end(), 0.0F), 2500.0F * 2499.0F / 2);
    });
  }
}

__global__ void transpose_kernel(const int* x, int* y, int rows, int columns) {
  PHOSPHENE_DYNAMIC_SHARED(int, tile);  // blockDim.y x blockDim.x
  const int row = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
  const int column = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const int place = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  const bool inside = row < rows && column < columns;
  if (inside) tile[place] = x[row * columns + column];
  __syncthreads();
  if (inside) y[column * rows + row] = tile[place];
}
TEST_F(CleanKernel, two_dimensional_grid_with_dynamic_shared_memory) {
  std::vector<int> x(37 * 19);
  std::iota(x.begin(), x.end(), 0);
  in_many_orders([&] {
    std::vector<int> y(x.size());
    launch("transpose", transpose_kernel, {3, 5}, {8, 8}, 64 * sizeof(int), x.data(), y.data(), 37,
           19);
    for (int r = 0; r < 37; ++r) {
      for (int c = 0; c < 19; ++c) ASSERT_EQ(y[c * 37 + r], x[r * 19 + c]);
    }
  });
}

__global__ void scan_kernel(int* x) {  // inclusive, by warps of 32
  const int lane = static_cast<int>(threadIdx.x) % 32;
  int v = x[threadIdx.x];
  for (unsigned step = 1; step < 32; step *= 2) {
    const int before = __shfl_up_sync(kFullWarp, v, step);
    if (lane >= static_cast<int>(step)) v += before;
  }
  x[threadIdx.x] = v;
}
TEST_F(CleanKernel, scan_by_shuffles) {
  in_many_orders([&] {
    std::vector<int> x(64, 1);
    launch("scan", scan_kernel, 1, 64, 0, x.data());
    for (int i = 0; i < 64; ++i) EXPECT_EQ(x[static_cast<std::size_t>(i)], i % 32 + 1);
  });
}

__global__ void shuffles_kernel(int* y) {
  const int lane = static_cast<int>(threadIdx.x);
  y[lane] = __shfl_sync(kFullWarp, lane, 3, 8);
  y[32 + lane] = __shfl_down_sync(kFullWarp, lane, 2, 8);
  y[64 + lane] = __shfl_xor_sync(kFullWarp, lane, 5);
  const unsigned even = 0x55555555U;
  y[96 + lane] = lane % 2 == 0 ? __shfl_xor_sync(even, lane, 2) : -1;
  y[128 + lane] = static_cast<int>(__shfl_up_sync(kFullWarp, 1.5 * lane, 1) * 2);
}
TEST_F(CleanKernel, shuffles_as_the_programming_guide_defines_them) {
  in_many_orders([&] {
    std::vector<int> y(160);
    launch("shuffles", shuffles_kernel, 1, 32, 0, y.data());
    for (int lane = 0; lane < 32; ++lane) {
      const auto at = [&](int row) { return y[static_cast<std::size_t>(32 * row + lane)]; };
      EXPECT_EQ(at(0), lane / 8 * 8 + 3);
      EXPECT_EQ(at(1), lane % 8 < 6 ? lane + 2 : lane);
      EXPECT_EQ(at(2), lane ^ 5);
      EXPECT_EQ(at(3), lane % 2 == 0 ? lane ^ 2 : -1);
      EXPECT_EQ(at(4), 3 * (lane > 0 ? lane - 1 : 0));
    }
  });
}

__global__ void votes_kernel(unsigned* y) {
  const int i = static_cast<int>(threadIdx.x);
  y[i] = __ballot_sync(kFullWarp, i % 3 == 0);
  y[64 + i] =
      static_cast<unsigned>(__any_sync(kFullWarp, i == 40) * 2 + __all_sync(kFullWarp, i < 32));
  const int any = __syncthreads_or(i == 40), all = __syncthreads_and(i < 64);
  y[128 + i] = static_cast<unsigned>(any * 1000 + all * 100 + __syncthreads_count(i % 2));
}
TEST_F(CleanKernel, votes) {
  in_many_orders([&] {
    std::vector<unsigned> y(192);
    launch("votes", votes_kernel, 1, 64, 0, y.data());
    for (std::size_t i = 0; i < 64; ++i) {
      EXPECT_EQ(y[i], i < 32 ? 0x49249249U : 0x92492492U);
      EXPECT_EQ(y[64 + i], i < 32 ? 1U : 2U);
      EXPECT_EQ(y[128 + i], 1132U);
    }
  });
}

__global__ void reverse_kernel(int* x) {
  __shared__ int values[64];
  const int i = static_cast<int>(threadIdx.x), warp = i & ~31;
  values[i] = x[i];
  __syncwarp();
  x[i] = values[warp + 31 - (i - warp)];
}
TEST_F(CleanKernel, exchange_through_shared_memory_within_a_warp) {
  in_many_orders([&] {
    std::vector<int> x(64);
    std::iota(x.begin(), x.end(), 0);
    launch("reverse", reverse_kernel, 1, 64, 0, x.data());
    for (int i = 0; i < 64; ++i) {
      EXPECT_EQ(x[static_cast<std::size_t>(i)], (i & ~31) + 31 - (i & 31));
    }
  });
}

__global__ void wait_kernel(bool diverge) {
  if (!diverge || threadIdx.x > 0) __syncthreads();
}
TEST_F(CleanKernel, runs_after_a_kernel_that_failed) {
  EXPECT_THROW(launch("failing", wait_kernel, 1, 256, 0, true), Error);
  EXPECT_NO_THROW(launch("whole", wait_kernel, 4, 256, 0, false));
}

}  // namespace
}  // namespace phosphene::simt
