// Warp operations whose masks, widths or lanes do not fit.
#include "tests/simt/planted.hpp"

namespace phosphene::simt {
namespace {

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

__global__ void width_kernel() { __shfl_sync(kFullWarp, 1, 0, 12); }
TEST(PlantedBug, shuffle_over_a_width_that_is_no_power_of_two) {
  expect_error([] { launch("dozen", width_kernel, 1, 32, 0); },
               {"kernel dozen", "__shfl_sync", "width 12 is not a power of two"});
}

__global__ void two_masks_kernel() {
  __shfl_sync(threadIdx.x < 16 ? kFullWarp : 0xffff0000U, 1, 20);
}
TEST(PlantedBug, lanes_of_one_shuffle_name_different_masks) {
  expect_error([] { launch("masks", two_masks_kernel, 1, 32, 0); }, {"kernel masks", "divergent"});
}

__global__ void warp_barrier_in_branch_kernel() {
  if (threadIdx.x % 2 == 0) __syncwarp();
}
TEST(PlantedBug, syncwarp_in_a_divergent_branch) {
  expect_error([] { launch("odd", warp_barrier_in_branch_kernel, 1, 32, 0); },
               {"kernel odd", "__syncwarp", "lane 1 is in the mask 0xffffffff but has returned"});
}

}  // namespace
}  // namespace phosphene::simt
