// Barriers that not every thread reaches.
#include "tests/simt/planted.hpp"

namespace phosphene::simt {
namespace {

__global__ void barrier_in_branch_kernel() {
  if (threadIdx.x < 16) __syncthreads();
}
TEST(PlantedBug, barrier_in_a_divergent_branch) {
  expect_error(
      [] {
        launch("branchy", barrier_in_branch_kernel, {1, 3}, 64, 0);
      },
      {"kernel branchy, block (0, 0, 0)", "divergent", "16 threads wait at __syncthreads",
       "48 threads returned, the first (16, 0, 0)", "planted_barriers_test.cpp:"});
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

__global__ void uneven_loop_kernel() {
  for (unsigned i = 0; i < 2 + threadIdx.x / 32; ++i) __syncthreads();
}
TEST(PlantedBug, one_warp_goes_round_a_loop_with_a_barrier_once_more) {
  expect_error([] { launch("uneven", uneven_loop_kernel, 1, 64, 0); },
               {"kernel uneven", "32 threads returned", "32 threads wait at __syncthreads",
                "the first (32, 0, 0)"});
}

__global__ void two_kinds_kernel() {
  if (threadIdx.x < 32 ? __syncthreads_or(1) : __syncthreads_and(1)) return;
}
TEST(PlantedBug, barriers_of_two_kinds_meet) {
  expect_error([] { launch("kinds", two_kinds_kernel, 1, 64, 0); },
               {"kernel kinds", "divergent", "__syncthreads_or", "__syncthreads_and"});
}

}  // namespace
}  // namespace phosphene::simt
