// Indices and addresses, which ASan and UBSan watch.
#include "tests/simt/planted.hpp"

namespace phosphene::simt {
namespace {

using kernels::cuda::Chunk;

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
  EXPECT_DEATH(launch("past", past_shared_kernel, 1, 1, 0, y.get(), 8),
               "insufficient space|global-buffer-overflow");
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

__global__ void shared_index_kernel(const float* x, float* y) {
  __shared__ float tile[8][9];
  tile[threadIdx.x / 8][threadIdx.x % 8 + 2] = x[threadIdx.x];  // a border on the left alone
  __syncthreads();
  y[threadIdx.x] = tile[threadIdx.x / 8][threadIdx.x % 8];
}
TEST(PlantedBugDeathTest, shared_index_leaves_its_row_within_the_array) {
  const auto x = floats(64), y = floats(64);
  EXPECT_DEATH(launch("row", shared_index_kernel, 1, 64, 0, x.get(), y.get()),
               "index 9 out of bounds for type");
}

__global__ void partials_kernel(float* y) {
  __shared__ float partials[8];
  if (threadIdx.x % 32 == 0) partials[threadIdx.x / 32] = 1;
  __syncthreads();
  if (threadIdx.x > 0) return;
  for (int i = 0; i < 16; ++i) y[0] += partials[i];
}
TEST(PlantedBugDeathTest, reads_twice_the_partial_sums_there_are) {
  const auto y = floats(1);
  EXPECT_DEATH(launch("partials", partials_kernel, 1, 256, 0, y.get()), "index 8 out of bounds");
}

__global__ void packs_kernel(const float* x, float* y, int count) {
  const int packs = (count + 3) / 4;  // rounded up
  const int pack = static_cast<int>(threadIdx.x);
  if (pack < packs) {
    kernels::cuda::store_pack<float, 4>(y, pack, kernels::cuda::load_pack<float, 4>(x, pack));
  }
}
TEST(PlantedBugDeathTest, the_last_pack_is_not_whole) {
  const auto x = floats(30), y = floats(30);
  EXPECT_DEATH(launch("packs", packs_kernel, 1, 32, 0, x.get(), y.get(), 30),
               "heap-buffer-overflow");
}

__global__ void difference_kernel(const float* x, float* y, int h, int w) {
  const int i = static_cast<int>(threadIdx.y), j = static_cast<int>(threadIdx.x);
  if (i < h && j < w) y[i * w + j] = x[(i + 1) * w + j] - x[i * w + j];  // i + 1 < h, it should be
}
TEST(PlantedBugDeathTest, the_last_row_reads_the_row_below) {
  const auto x = floats(35), y = floats(35);
  EXPECT_DEATH(launch("difference", difference_kernel, 1, {8, 8}, 0, x.get(), y.get(), 5, 7),
               "heap-buffer-overflow(.|\n)*READ of size 4");
}

__global__ void tile_store_kernel(float* y, int rows, int columns) {
  const int i = static_cast<int>(threadIdx.y), j = static_cast<int>(threadIdx.x);
  if (i < rows) y[i * columns + j] = 1;  // and j < columns, it should be
}
TEST(PlantedBugDeathTest, a_tile_is_stored_past_the_last_column) {
  const auto y = floats(21);
  EXPECT_DEATH(launch("tile", tile_store_kernel, 1, {8, 8}, 0, y.get(), 3, 7),
               "heap-buffer-overflow(.|\n)*WRITE of size 4");
}

__global__ void lane_mask_kernel(unsigned* y, int lanes) { y[0] = (1U << lanes) - 1; }
TEST(PlantedBugDeathTest, the_mask_of_all_lanes_is_shifted_out) {
  unsigned y = 0;
  launch("mask", lane_mask_kernel, 1, 1, 0, &y, 31);
  EXPECT_DEATH(launch("mask", lane_mask_kernel, 1, 1, 0, &y, 32), "shift exponent 32 is too large");
}

__global__ void empty_extent_kernel(int* y, int pixels) {
  y[0] = static_cast<int>(threadIdx.x) / pixels;
}
TEST(PlantedBugDeathTest, an_empty_extent_divides) {
  int y = 0;
  EXPECT_DEATH(launch("none", empty_extent_kernel, 1, 1, 0, &y, 0), "division by zero");
}

}  // namespace
}  // namespace phosphene::simt
