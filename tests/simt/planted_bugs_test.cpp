// The harness's worth: each test runs a kernel with one bug planted and requires that it is found.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels/simt.hpp"

namespace phosphene::simt {
namespace {

using kernels::cuda::Chunk;
using kernels::cuda::kFullWarp;

// A buffer of exactly n floats on the heap.
std::unique_ptr<float[]> floats(std::size_t n) { return std::make_unique<float[]>(n); }

// The message of the Error that `run` throws.
std::string error_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void expect_error(const std::function<void()>& run, const std::vector<std::string>& parts) {
  const std::string message = error_of(run);
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << "'" << part << "' not in: " << message;
  }
}

__global__ void barrier_in_branch_kernel() {
  if (threadIdx.x < 16) __syncthreads();
}
TEST(PlantedBug, barrier_in_a_divergent_branch) {
  expect_error(
      [] {
        launch("branchy", barrier_in_branch_kernel, {1, 3}, 64, 0);
      },
      {"kernel branchy, block (0, 0, 0)", "divergent", "16 threads wait at __syncthreads",
       "48 threads returned, the first (16, 0, 0)", "planted_bugs_test.cpp:"});
}

__global__ void return_before_barrier_kernel(float* y, int count) {
  if (static_cast<int>(threadIdx.x) >= count) return;
  __syncthreads();
  y[threadIdx.x] = 1;
}
TEST(PlantedBug, return_before_a_barrier) {
  const auto y = floats(40);
  expect_error([&] { launch("early", return_before_barrier_kernel, 1, 64, 0, y.get(), 40); },
               {"kernel early", "divergent", "24 threads returned, the first (40, 0, 0)"});
}

__global__ void two_barriers_kernel() {
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}
TEST(PlantedBug, threads_wait_at_different_barriers) {
  expect_error([] { launch("two", two_barriers_kernel, 1, 64, 0); },
               {"kernel two", "thread", "divergent: thread"});
}

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

__global__ void copy_kernel(const float* x, float* y, int count) {
  if (static_cast<int>(threadIdx.x) < count) y[threadIdx.x] = x[threadIdx.x];
}
TEST(PlantedBugDeathTest, read_past_the_end) {
  const auto x = floats(31), y = floats(32);
  EXPECT_DEATH(launch("copy", copy_kernel, 1, 32, 0, x.get(), y.get(), 32),
               "heap-buffer-overflow(.|\n)*READ of size 4");
}
TEST(PlantedBugDeathTest, write_past_the_end) {
  const auto x = floats(32), y = floats(31);
  EXPECT_DEATH(launch("copy", copy_kernel, 1, 32, 0, x.get(), y.get(), 32),
               "heap-buffer-overflow(.|\n)*WRITE of size 4");
}

// Behind a pointer, where UBSan knows no bounds.
__device__ void store(float* shared, int at) { shared[at] = 1; }
__global__ void past_shared_kernel(float* y, int at) {
  __shared__ float partial[8];
  store(partial, at);
  y[0] = partial[0];
}
TEST(PlantedBugDeathTest, write_past_shared_memory) {
  const auto y = floats(1);
  launch("past", past_shared_kernel, 1, 1, 0, y.get(), 0);
  EXPECT_DEATH(launch("past", past_shared_kernel, 1, 1, 0, y.get(), 8), "insufficient space|global-buffer-overflow");
}

__global__ void dynamic_kernel(float* y) {
  PHOSPHENE_DYNAMIC_SHARED(float, tile);
  tile[threadIdx.x] = 1;
  y[0] = tile[0];
}
TEST(PlantedBugDeathTest, write_past_dynamic_shared_memory) {
  const auto y = floats(1);
  EXPECT_DEATH(launch("dynamic", dynamic_kernel, 1, 32, 31 * sizeof(float), y.get()),
               "heap-buffer-overflow");
}
TEST(PlantedBug, dynamic_shared_memory_not_given) {
  const auto y = floats(1);
  expect_error([&] { launch("dynamic", dynamic_kernel, 1, 32, 0, y.get()); },
               {"kernel dynamic, block (0, 0, 0), thread (0, 0, 0)", "launched with none"});
}

__global__ void pack_kernel(float* y, std::int64_t at) {
  reinterpret_cast<Chunk<float>*>(y + at)->v[0] = 1;
}
TEST(PlantedBugDeathTest, misaligned_pack) {
  const auto y = floats(8);
  launch("pack", pack_kernel, 1, 1, 0, y.get(), std::int64_t{4});
  EXPECT_DEATH(launch("pack", pack_kernel, 1, 1, 0, y.get(), std::int64_t{1}), "misaligned");
}

__global__ void overflow_kernel(float* y, int rows) {
  const int i = static_cast<int>(threadIdx.x) * rows * rows;  // belongs in 64 bits
  if (i == 1) y[0] = 1;
}
TEST(PlantedBugDeathTest, index_overflow) {
  const auto y = floats(1);
  EXPECT_DEATH(launch("overflow", overflow_kernel, 1, 32, 0, y.get(), 46341),
               "signed integer overflow");
}

__global__ void half_warp_kernel(float* y) {
  float v = 1;
  if (threadIdx.x < 16) v += __shfl_down_sync(kFullWarp, v, 8);
  y[threadIdx.x] = v;
}
TEST(PlantedBug, mask_names_lanes_that_never_come) {
  const auto y = floats(32);
  const auto run = [&] { launch("half", half_warp_kernel, 1, 32, 0, y.get()); };
  expect_error(run, {"kernel half, block (0, 0, 0)", "16 threads wait at __shfl_down_sync"});
  options() = {Order::reverse, 1};  // the absent lanes are gone before the first one asks for them
  expect_error(run, {"kernel half", "0xffffffff", "has returned"});
  options() = {};
}

__global__ void ballot_kernel(unsigned mask) { __ballot_sync(mask, 1); }
TEST(PlantedBug, mask_names_lanes_past_the_block) {
  expect_error([] { launch("short", ballot_kernel, 1, 48, 0, kFullWarp); },
               {"kernel short, block (0, 0, 0), thread (32, 0, 0)", "this warp has 16 lanes"});
}
TEST(PlantedBug, mask_leaves_the_caller_out) {
  expect_error([] { launch("absent", ballot_kernel, 1, 32, 0, 0xfffffffeU); },
               {"kernel absent", "thread (0, 0, 0)", "lane 0 is not in its mask 0xfffffffe"});
}

__global__ void read_absent_lane_kernel() {
  if (threadIdx.x < 16) __shfl_sync(0xffffU, 1.0F, 16);
}
TEST(PlantedBug, shuffle_reads_a_lane_outside_its_mask) {
  expect_error([] { launch("reader", read_absent_lane_kernel, 1, 32, 0); },
               {"kernel reader", "lane 0 reads lane 16, which the mask 0x0000ffff leaves out"});
}

__global__ void shuffle_and_barrier_kernel() {
  if (threadIdx.x == 5) {
    __syncthreads();
  } else {
    __shfl_xor_sync(kFullWarp, 1, 1);
  }
}
TEST(PlantedBug, some_lanes_shuffle_while_others_wait) {
  expect_error([] { launch("mixed", shuffle_and_barrier_kernel, 1, 32, 0); },
               {"divergent", "31 threads wait at __shfl_xor_sync",
                "1 threads wait at __syncthreads", "the first (5, 0, 0)"});
}

__global__ void nothing_kernel() {}
__global__ void large_shared_kernel(float* y) {
  __shared__ float tile[96][128];  // 48 KiB, all there is
  tile[threadIdx.x][0] = 1;
  __syncthreads();
  y[0] = tile[31 - threadIdx.x][0];
}
TEST(PlantedBug, launches_over_the_limits) {
  expect_error([] { launch("wide", nothing_kernel, 1, 1025, 0); }, {"kernel wide", "1025 x 1 x 1"});
  expect_error([] { launch("empty", nothing_kernel, 0, 32, 0); }, {"kernel empty", "0 x 1 x 1"});
  expect_error([] { launch("tall", nothing_kernel, {1, 65536}, 32, 0); }, {"1 x 65536 x 1"});
  expect_error([] { launch("shared", nothing_kernel, 1, 32, 49153); }, {"49153 bytes of shared"});
  const auto y = floats(1);
  launch("fits", large_shared_kernel, 1, 32, 0, y.get());
  expect_error([&] { launch("both", large_shared_kernel, 1, 32, 16, y.get()); },
               {"kernel both", "bytes of shared memory"});
}

}  // namespace
}  // namespace phosphene::simt
