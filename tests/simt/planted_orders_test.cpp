// Races without the race build: shared memory that starts as NaN, and the order of the threads,
// make wrong results of many.
#include <cmath>

#include "tests/simt/planted.hpp"

namespace phosphene::simt {
namespace {

__global__ void no_barrier_kernel(float* y) {
  __shared__ float values[64];
  values[threadIdx.x] = static_cast<float>(threadIdx.x);
  y[threadIdx.x] = values[(threadIdx.x + 33) % 64];
}
TEST(PlantedBug, missing_barrier_gives_a_wrong_result_in_any_order) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto y = floats(64);
    options() = {Order::shuffled, seed};
    launch("racy", no_barrier_kernel, 1, 64, 0, y.get());
    int wrong = 0;
    for (int i = 0; i < 64; ++i) wrong += y[i] != static_cast<float>((i + 33) % 64);
    EXPECT_GT(wrong, 0);
  }
  options() = {};
}

__global__ void no_second_barrier_kernel(float* y) {
  __shared__ float values[64];
  float sum = 0;
  for (unsigned round = 0; round < 4; ++round) {
    values[threadIdx.x] = static_cast<float>(round);  // while others still read the last round
    __syncthreads();
    sum += values[63 - threadIdx.x];
  }
  y[threadIdx.x] = sum;
}
TEST(PlantedBug, missing_barrier_before_the_next_write_shows_in_a_shuffled_order) {
  int wrong = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto y = floats(64);
    options() = {Order::shuffled, seed};
    launch("racy", no_second_barrier_kernel, 1, 64, 0, y.get());
    for (int i = 0; i < 64; ++i) wrong += y[i] != 6;
  }
  options() = {};
  EXPECT_GT(wrong, 0);
}

__global__ void no_syncwarp_kernel(float* y) {
  __shared__ float values[32];
  values[threadIdx.x] = 1;
  y[threadIdx.x] = values[31 - threadIdx.x];
}
TEST(PlantedBug, missing_syncwarp) {
  const auto y = floats(32);
  launch("unsynced", no_syncwarp_kernel, 1, 32, 0, y.get());
  EXPECT_TRUE(std::isnan(y[0]));
}

__global__ void uninitialised_kernel(float* y) {
  __shared__ float partial[16];
  if (threadIdx.x < 8) partial[threadIdx.x] = 1;
  __syncthreads();
  if (threadIdx.x == 0) {
    y[blockIdx.x] = 0;
    for (int i = 0; i < 16; ++i) y[blockIdx.x] += partial[i];
  }
}
TEST(PlantedBug, uninitialised_shared_memory_is_nan_in_every_block) {
  const auto y = floats(2);
  launch("uninitialised", uninitialised_kernel, 2, 32, 0, y.get());
  EXPECT_TRUE(std::isnan(y[0]));
  EXPECT_TRUE(std::isnan(y[1]));
}

__global__ void uninitialised_dynamic_kernel(float* y) {
  PHOSPHENE_DYNAMIC_SHARED(float, partial);
  y[threadIdx.x] = partial[threadIdx.x];
}
TEST(PlantedBug, uninitialised_dynamic_shared_memory_is_nan) {
  const auto y = floats(32);
  launch("uninitialised", uninitialised_dynamic_kernel, 1, 32, 32 * sizeof(float), y.get());
  EXPECT_TRUE(std::isnan(y[31]));
}

}  // namespace
}  // namespace phosphene::simt
