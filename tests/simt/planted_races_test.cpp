// Data races, in the race build. Every message names both threads and both lines.
#include <cstdint>

#include "tests/simt/planted.hpp"

namespace phosphene::simt {
namespace {

// As a message names it.
std::string line(int number) { return "planted_races_test.cpp:" + std::to_string(number); }

__global__ void read_early_kernel(float* y) {
  __shared__ float values[64];
  values[threadIdx.x] = 1;
  y[threadIdx.x] = values[(threadIdx.x + 1) % 64];
}
constexpr int kReadEarly = __LINE__ - 2;
TEST(PlantedRace, no_barrier_before_shared_memory_is_read) {
  const auto y = floats(128);
  const auto run = [&] { launch("early", read_early_kernel, 1, 64, 0, y.get()); };
  expect_error(run,
               {"kernel early", "shared values + 4 bytes", "block (0, 0, 0), thread (0, 0, 0)",
                "reads it in " + line(kReadEarly),
                "thread (1, 0, 0) writes it in " + line(kReadEarly - 1), "no barrier orders them"});
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    options() = {Order::shuffled, seed};
    expect_error(run, {"race", line(kReadEarly), line(kReadEarly - 1)});
  }
  options() = {};
}

__global__ void write_early_kernel(float* y) {
  __shared__ float values[64];
  for (unsigned round = 0; round < 2; ++round) {
    values[threadIdx.x] = static_cast<float>(round);
    __syncthreads();
    y[threadIdx.x] += values[63 - threadIdx.x];
  }
}
constexpr int kWriteEarly = __LINE__ - 5;
TEST(PlantedRace, no_barrier_before_the_next_round_writes) {
  const auto y = floats(64);
  expect_error([&] { launch("rounds", write_early_kernel, 1, 64, 0, y.get()); },
               {"kernel rounds", "shared values", line(kWriteEarly), line(kWriteEarly + 2)});
}

__global__ void two_writers_kernel(int* y) {
  __shared__ int last;
  if (threadIdx.x % 32 == 0) last = static_cast<int>(threadIdx.x);
  __syncthreads();
  y[threadIdx.x] = last;
}
constexpr int kTwoWriters = __LINE__ - 4;
TEST(PlantedRace, two_warps_write_one_variable) {
  int y[64];
  expect_error([&] { launch("writers", two_writers_kernel, 1, 64, 0, &y[0]); },
               {"kernel writers", "shared last", "thread (0, 0, 0) writes",
                "thread (32, 0, 0) writes", line(kTwoWriters)});
}

__global__ void no_syncwarp_kernel(int* y) {
  __shared__ int values[32];
  values[threadIdx.x] = 1;
  y[threadIdx.x] = values[31 - threadIdx.x];
}
TEST(PlantedRace, no_syncwarp_between_the_lanes) {
  int y[32];
  expect_error([&] { launch("lanes", no_syncwarp_kernel, 1, 32, 0, &y[0]); },
               {"kernel lanes", "shared values", "race"});
}

__global__ void shuffle_as_barrier_kernel(int* y) {
  __shared__ int values[32];
  values[threadIdx.x] = 1;
  __shfl_xor_sync(kFullWarp, 1, 1);
  y[threadIdx.x] = values[31 - threadIdx.x];
}
TEST(PlantedRace, a_shuffle_is_taken_for_a_syncwarp) {
  int y[32];
  expect_error([&] { launch("shuffled", shuffle_as_barrier_kernel, 1, 32, 0, &y[0]); },
               {"kernel shuffled", "shared values", "race"});
}

__global__ void half_syncwarp_kernel(int* y) {
  __shared__ int values[32];
  values[threadIdx.x] = 1;
  __syncwarp(threadIdx.x < 16 ? 0xffffU : 0xffff0000U);
  y[threadIdx.x] = values[31 - threadIdx.x];
}
TEST(PlantedRace, a_syncwarp_of_half_the_lanes) {
  int y[32];
  expect_error([&] { launch("halves", half_syncwarp_kernel, 1, 32, 0, &y[0]); },
               {"kernel halves", "shared values", "race"});
}

__global__ void syncwarp_for_block_kernel(int* y) {
  __shared__ int values[64];
  values[threadIdx.x] = 1;
  __syncwarp();
  y[threadIdx.x] = values[63 - threadIdx.x];
}
TEST(PlantedRace, a_syncwarp_where_two_warps_exchange) {
  int y[64];
  expect_error([&] { launch("warps", syncwarp_for_block_kernel, 1, 64, 0, &y[0]); },
               {"kernel warps", "shared values", "race"});
}

__global__ void dynamic_race_kernel(int* y) {
  PHOSPHENE_DYNAMIC_SHARED(int, values);
  values[threadIdx.x] = 1;
  y[threadIdx.x] = values[threadIdx.x ^ 1U];
}
TEST(PlantedRace, no_barrier_before_dynamic_shared_memory_is_read) {
  int y[64];
  expect_error([&] { launch("dynamic", dynamic_race_kernel, 1, 64, 256, &y[0]); },
               {"kernel dynamic", "dynamic shared memory + ", "race"});
}

__global__ void across_blocks_kernel(const float* x, float* loss) {
  if (threadIdx.x == 0) *loss += x[blockIdx.x];
}
constexpr int kAcrossBlocks = __LINE__ - 2;
TEST(PlantedRace, blocks_add_to_one_sum) {
  const auto x = floats(3), loss = floats(1);
  expect_error(
      [&] { launch("sum", across_blocks_kernel, 3, 32, 0, x.get(), loss.get()); },
      {"kernel sum", "global memory, argument 2 + 0 bytes", "block (0, 0, 0), thread (0, 0, 0)",
       "block (1, 0, 0), thread (0, 0, 0)", line(kAcrossBlocks)});
}

struct Rows {
  float *unused, *rows;
};
__global__ void overlapping_rows_kernel(Rows rows, int width) {
  for (int i = 0; i <= width; ++i) {  // one too far: into the next block's row
    rows.rows[static_cast<int>(blockIdx.x + blockIdx.y) * width + i] = 1;
  }
}
TEST(PlantedRace, blocks_of_a_grid_overlap_by_one_element) {
  const auto y = floats(4 * 8);
  expect_error(
      [&] {
        launch("rows", overlapping_rows_kernel, {1, 3}, 1, 0, Rows{nullptr, y.get()}, 8);
      },
      {"kernel rows", "global memory, argument 1 + 32 bytes", "block (0, 0, 0)",
       "block (0, 1, 0)"});
}

__global__ void global_in_block_kernel(float* x) {
  x[threadIdx.x] = 1;
  x[64 + threadIdx.x] = x[63 - threadIdx.x];
}
TEST(PlantedRace, no_barrier_before_a_block_reads_its_own_global_memory) {
  const auto x = floats(128);
  expect_error([&] { launch("own", global_in_block_kernel, 1, 64, 0, x.get()); },
               {"kernel own", "global memory, argument 1 + ", "race"});
}

__global__ void in_place_kernel(float* x, int count) {
  const int i = static_cast<int>(threadIdx.x);
  if (i + 1 < count) x[i] = x[i + 1];
}
TEST(PlantedRace, neighbours_shift_in_place) {
  const auto x = floats(32);
  expect_error([&] { launch("shift", in_place_kernel, 1, 32, 0, x.get(), 32); },
               {"kernel shift", "global memory, argument 1 + 4 bytes", "thread (0, 0, 0) reads",
                "thread (1, 0, 0) writes"});
}

__global__ void overlapping_packs_kernel(float* x) {
  kernels::cuda::Pack<float, 4> ones{};
  kernels::cuda::store_pack<float, 4>(x + 4 * (threadIdx.x / 2), 0, ones);
}
TEST(PlantedRace, two_threads_store_one_pack) {
  const auto x = floats(64);
  expect_error([&] { launch("packs", overlapping_packs_kernel, 1, 32, 0, x.get()); },
               {"kernel packs", "thread (0, 0, 0) writes", "thread (1, 0, 0) writes"});
}

__global__ void shared_byte_kernel(std::uint8_t* x) {
  x[threadIdx.x / 2] = static_cast<std::uint8_t>(threadIdx.x);
}
TEST(PlantedRace, two_threads_store_one_byte) {
  std::uint8_t x[16];
  expect_error([&] { launch("bytes", shared_byte_kernel, 1, 32, 0, &x[0]); },
               {"kernel bytes", "global memory, argument 1 + 0 bytes", "race"});
}

__global__ void plain_read_kernel(int* count, int* y) {
  atomicAdd(count, 1);
  y[threadIdx.x] = *count;  // some of the others have added, some have not
}
constexpr int kPlainRead = __LINE__ - 2;
TEST(PlantedRace, a_plain_read_beside_atomics) {
  int count = 0, y[64];
  for (const Order order : {Order::forward, Order::reverse}) {
    options() = {order, 1};
    expect_error([&] { launch("count", plain_read_kernel, 1, 64, 0, &count, &y[0]); },
                 {"kernel count", "argument 1 + 0 bytes", "updates it in " + line(kPlainRead - 1),
                  "reads it in " + line(kPlainRead)});
  }
  options() = {};
}

__global__ void reset_kernel(unsigned* y) {
  __shared__ unsigned largest;
  if (threadIdx.x == 0) largest = 0;  // and a barrier, it should be
  atomicMax(&largest, threadIdx.x);
  __syncthreads();
  if (threadIdx.x == 0) *y = largest;
}
constexpr int kReset = __LINE__ - 5;
TEST(PlantedRace, a_variable_is_reset_while_others_update_it) {
  unsigned y = 0;
  expect_error([&] { launch("reset", reset_kernel, 1, 64, 0, &y); },
               {"kernel reset", "shared largest", "writes it in " + line(kReset),
                "updates it in " + line(kReset + 1)});
}

__global__ void unwritten_kernel(float* y) {
  __shared__ float partials[16];
  if (threadIdx.x % 32 == 0) partials[threadIdx.x / 32] = 1;
  __syncthreads();
  if (threadIdx.x > 0) return;
  for (int i = 0; i < 16; ++i) y[blockIdx.x] += partials[i];  // only 8 warps wrote
}
constexpr int kUnwritten = __LINE__ - 2;
TEST(PlantedRace, shared_memory_that_nobody_wrote) {
  const auto y = floats(2);
  expect_error(
      [&] { launch("partials", unwritten_kernel, 2, 256, 0, y.get()); },
      {"kernel partials", "shared partials + 32 bytes", "block (0, 0, 0), thread (0, 0, 0)",
       "reads it in " + line(kUnwritten), "nobody in this block has written it"});
}

__global__ void last_blocks_values_kernel(int* y) {
  PHOSPHENE_DYNAMIC_SHARED(int, value);
  if (blockIdx.x == 0) value[0] = 1;
  if (threadIdx.x == 0) y[blockIdx.x] = value[0];
}
TEST(PlantedRace, shared_memory_as_the_block_before_left_it) {
  int y[2];
  expect_error([&] { launch("left", last_blocks_values_kernel, 2, 1, 4, &y[0]); },
               {"kernel left", "dynamic shared memory + 0 bytes", "block (1, 0, 0)",
                "nobody in this block has written it"});
}

// The rules of kernels/simt.hpp: the harness knows shared memory by the kernel that declares it.
__device__ int* hidden_shared() {
  __shared__ int value;
  return &value;
}
__global__ void hidden_shared_kernel(int* y) {
  if (threadIdx.x == 0) *hidden_shared() = 1;
  __syncthreads();
  y[blockIdx.x * blockDim.x + threadIdx.x] = *hidden_shared();
}
TEST(PlantedRace, shared_memory_declared_outside_the_kernel) {
  int y[64];
  expect_error([&] { launch("hidden", hidden_shared_kernel, 2, 32, 0, &y[0]); },
               {"kernel hidden", "race", "block (1, 0, 0), thread (0, 0, 0) writes"});
}

__global__ void last_block_kernel(float* partials, unsigned* finished, float* y) {
  partials[blockIdx.x] = 1;
  __threadfence();
  if (atomicAdd(finished, 1) + 1 < gridDim.x) return;
  for (unsigned i = 0; i < gridDim.x; ++i) *y += partials[i];
}
TEST(PlantedRace, the_last_block_adds_up) {
  const auto partials = floats(4), y = floats(1);
  unsigned finished = 0;
  expect_error(
      [&] { launch("last", last_block_kernel, 4, 1, 0, partials.get(), &finished, y.get()); },
      {"kernel last", "argument 1 + 0 bytes", "race"});
}

}  // namespace
}  // namespace phosphene::simt
