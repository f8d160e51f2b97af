// Kernels whose threads share memory rightly: in close quarters, round by round, by atomics.
#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "kernels/common.hpp"
#include "tests/simt/clean.hpp"

namespace phosphene::simt {
namespace {

__global__ void box_kernel(int* y) {
  const dim3 extent(gridDim.x * blockDim.x, gridDim.y * blockDim.y, gridDim.z * blockDim.z);
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  const unsigned j = blockIdx.y * blockDim.y + threadIdx.y;
  const unsigned k = blockIdx.z * blockDim.z + threadIdx.z;
  y[(k * extent.y + j) * extent.x + i] = static_cast<int>(100 * k + 10 * j + i);
}
TEST_F(CleanKernel, three_dimensional_grid_of_three_dimensional_blocks) {
  in_many_orders([] {
    std::vector<int> y(6 * 8 * 10, -1);
    launch("box", box_kernel, {3, 2, 5}, {2, 4, 2}, 0, y.data());
    for (int k = 0; k < 10; ++k) {
      for (int j = 0; j < 8; ++j) {
        for (int i = 0; i < 6; ++i) {
          ASSERT_EQ(y[static_cast<std::size_t>((k * 8 + j) * 6 + i)], 100 * k + 10 * j + i);
        }
      }
    }
  });
}

__global__ void __launch_bounds__(1024) largest_block_kernel(float* y) {
  __shared__ float tile[12][1024];  // 48 KiB
  const unsigned i = threadIdx.x;
  for (unsigned row = 0; row < 12; ++row) tile[row][i] = static_cast<float>(row * i);
  __syncthreads();
  for (unsigned row = 0; row < 12; ++row) y[i] += tile[row][1023 - i];
}
TEST_F(CleanKernel, as_many_threads_and_as_much_shared_memory_as_a_block_may_have) {
  in_many_orders([] {
    std::vector<float> y(1024);
    launch("largest", largest_block_kernel, 1, 1024, 0, y.data());
    for (std::size_t i = 0; i < 1024; ++i) {
      ASSERT_EQ(y[i], static_cast<float>(66 * (1023 - i)));
    }
  });
}

// Two cells in turn make one barrier a round enough.
__global__ void pivot_kernel(int* y, int rounds) {
  __shared__ int pivot[2];
  int sum = 0;
  for (int round = 0; round < rounds; ++round) {
    if (static_cast<int>(threadIdx.x) == round) pivot[round % 2] = round;
    __syncthreads();
    sum += pivot[round % 2];
  }
  y[threadIdx.x] = sum;
}
TEST_F(CleanKernel, two_cells_in_turn) {
  in_many_orders([] {
    std::vector<int> y(96);
    launch("pivot", pivot_kernel, 1, 96, 0, y.data(), 40);
    for (const int sum : y) EXPECT_EQ(sum, 40 * 39 / 2);
  });
}

// Each half of a warp goes on by itself, and hears through its first lane of what the others did.
__global__ void halves_kernel(int* y) {
  __shared__ int values[64];
  const unsigned i = threadIdx.x, lane = i % 32;
  const unsigned mask = lane < 16 ? 0xffffU : 0xffff0000U;
  values[i] = static_cast<int>(i);
  __syncwarp(mask);
  if (lane % 16 == 0) {
    for (unsigned k = 1; k < 16; ++k) values[i] += values[i + k];
  }
  __syncwarp(mask);
  if (lane == 0 || lane == 16) {
    __syncwarp(0x10001U);
    if (lane == 0) values[i] += values[i + 16];
    __syncwarp(0x10001U);
  }
  __syncwarp(mask);
  y[i] = values[i / 32 * 32];
}
TEST_F(CleanKernel, halves_of_a_warp_synchronise_apart_and_through_one_lane) {
  in_many_orders([] {
    std::vector<int> y(64);
    launch("halves", halves_kernel, 1, 64, 0, y.data());
    for (int i = 0; i < 64; ++i) {
      EXPECT_EQ(y[static_cast<std::size_t>(i)], i < 32 ? 496 : 496 + 32 * 32);
    }
  });
}

__global__ void neighbours_kernel(std::uint8_t* bytes, kernels::bf16* halves) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  bytes[i] = static_cast<std::uint8_t>(i);
  halves[i] = kernels::from_float<kernels::bf16>(static_cast<float>(i));
}
TEST_F(CleanKernel, threads_of_many_blocks_write_neighbouring_bytes) {
  in_many_orders([] {
    std::vector<std::uint8_t> bytes(99);
    std::vector<kernels::bf16> halves(99);
    launch("neighbours", neighbours_kernel, 3, 33, 0, bytes.data(), halves.data());
    for (std::size_t i = 0; i < 99; ++i) {
      EXPECT_EQ(bytes[i], i);
      EXPECT_EQ(kernels::to_float(halves[i]), static_cast<float>(i));
    }
  });
}

// A block leaves values in global memory, the next launch reads them.
__global__ void double_kernel(int* x) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x, last = blockDim.x - 1;
  x[i] *= 2;
  __syncthreads();
  const int other = x[i - threadIdx.x + (last - threadIdx.x)];
  __syncthreads();
  x[i] = other;
}
TEST_F(CleanKernel, blocks_exchange_through_global_memory_over_barriers_and_launches) {
  in_many_orders([] {
    std::vector<int> x(192);
    std::iota(x.begin(), x.end(), 0);
    launch("double", double_kernel, 3, 64, 0, x.data());
    launch("double", double_kernel, 2, 96, 0, x.data());
    std::vector<int> expected(192);
    std::iota(expected.begin(), expected.end(), 0);
    for (int i = 0; i < 192; i += 64) {
      std::reverse(expected.begin() + i, expected.begin() + i + 64);
    }
    for (int i = 0; i < 192; i += 96) {
      std::reverse(expected.begin() + i, expected.begin() + i + 96);
    }
    for (std::size_t i = 0; i < 192; ++i) EXPECT_EQ(x[i], 4 * expected[i]);
  });
}

// Rows of one kernel's results, each by another atomic: 96 threads of 3 blocks meet in each.
template <class T>
__global__ void arithmetic_atomics_kernel(T* y) {
  const T i = static_cast<T>(blockIdx.x * blockDim.x + threadIdx.x);
  atomicAdd(&y[0], i);
  if constexpr (!std::is_floating_point_v<T>) {
    atomicAnd(&y[1], ~(T{1} << i % 16));
    atomicOr(&y[2], T{1} << i % 16);
    atomicXor(&y[3], i);
    atomicMin(&y[4], i - 7);
    atomicMax(&y[5], i + 7);
    for (T seen = 0, old; (old = atomicCAS(&y[6], seen, seen + i)) != seen;) seen = old;
  }
}
template <class T>
void expect_arithmetic() {
  std::vector<T> y(7);
  y[1] = 0x1ffff;
  y[4] = 1000;
  launch("arithmetic", arithmetic_atomics_kernel<T>, 3, 32, 0, y.data());
  EXPECT_EQ(y[0], T{4560});
  if constexpr (!std::is_floating_point_v<T>) {
    EXPECT_EQ(y[1], T{0x10000});
    EXPECT_EQ(y[2], T{0xffff});
    EXPECT_EQ(y[3], T{0});
    EXPECT_EQ(y[4], std::is_signed_v<T> ? static_cast<T>(-7) : T{0});
    EXPECT_EQ(y[5], T{102});
    EXPECT_EQ(y[6], T{4560});
  }
}
TEST_F(CleanKernel, atomics_on_every_type) {
  in_many_orders([] {
    expect_arithmetic<int>();
    expect_arithmetic<unsigned>();
    expect_arithmetic<unsigned long long>();
    expect_arithmetic<float>();
    expect_arithmetic<double>();
  });
}

__global__ void other_atomics_kernel(int* left, unsigned* wheel, unsigned* down, float* last,
                                     long long* extremes, unsigned short* taken, int* winners) {
  const int i = static_cast<int>(threadIdx.x);
  atomicSub(left, 2);
  atomicInc(wheel, 6);
  atomicDec(down, 6);
  atomicExch(last, 0.5F);
  atomicMin(&extremes[0], -(1LL << 40) * i);
  atomicMax(&extremes[1], (1LL << 40) * i);
  if (atomicCAS(taken, 0, 1) == 0) atomicAdd(winners, 1);
}
TEST_F(CleanKernel, atomics_that_only_some_types_have) {
  in_many_orders([] {
    int left = 128, winners = 0;
    unsigned wheel = 0, down = 0;
    float last = 0;
    long long extremes[2] = {};
    unsigned short taken = 0;
    launch("atomics", other_atomics_kernel, 1, 64, 0, &left, &wheel, &down, &last, &extremes[0],
           &taken, &winners);
    EXPECT_EQ(left, 0);
    EXPECT_EQ(wheel, 64U % 7);
    EXPECT_EQ(down, (7U - 64U % 7) % 7);
    EXPECT_EQ(last, 0.5F);
    EXPECT_EQ(extremes[0], -(63LL << 40));
    EXPECT_EQ(extremes[1], 63LL << 40);
    EXPECT_EQ(taken, 1);
    EXPECT_EQ(winners, 1);
  });
}

__global__ void histogram_kernel(const int* x, int count, int* bins) {
  __shared__ int own[8];
  if (threadIdx.x < 8) own[threadIdx.x] = 0;
  __syncthreads();
  const int i = static_cast<int>(kernels::cuda::grid_thread());
  if (i < count) atomicAdd(&own[x[i]], 1);
  __syncthreads();
  if (threadIdx.x < 8) atomicAdd(&bins[threadIdx.x], own[threadIdx.x]);
}
TEST_F(CleanKernel, histogram_by_atomics_in_shared_and_global_memory) {
  std::vector<int> x(1000);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<int>(i * i % 8);
  in_many_orders([&] {
    std::vector<int> bins(8);
    launch("histogram", histogram_kernel, 8, 128, 0, x.data(), 1000, bins.data());
    for (int bin = 0; bin < 8; ++bin) {
      EXPECT_EQ(bins[static_cast<std::size_t>(bin)], std::count(x.begin(), x.end(), bin));
    }
  });
}

}  // namespace
}  // namespace phosphene::simt
