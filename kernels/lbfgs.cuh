// Five kernels a step. The two that read the stored rows own the time: `lbfgs_dots_kernel` gives a
// block one slice of the elements and kLbfgsSlotsPerBlock slots, so that each thread has that many
// s and y to load at once for one load of g and of the previous g; `lbfgs_combine_kernel` gives a
// thread one element of every row, which it may therefore overwrite: it stores the accepted pair
// and reads it back with the rest. Neighbouring threads hold neighbouring elements in both.
// Between them one warp adds up each dot product's slices, and one block runs the recursion on
// scalars: each thread owns slots, the pivot passes through shared memory, and two cells for it
// in turn make one barrier a pair enough.
#pragma once
#include "kernels/lbfgs.hpp"
#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

/// What `state` and `scratch` hold, by name.
struct LbfgsMemory {
  double *pairs, *oldest, *started, *accepted, *sy, *yy;
  double *weights, *s_y, *s_g, *y_y, *y_g, *newest, *partials;

  PHOSPHENE_HOST_DEVICE LbfgsMemory(LbfgsBuffers b, std::int64_t m)
      : pairs(b.state),
        oldest(b.state + 1),
        started(b.state + 2),
        accepted(b.state + 3),
        sy(b.state + kLbfgsHeader),
        yy(sy + m * m),
        weights(b.scratch),
        s_y(weights + 2 * m + 1),
        s_g(s_y + m),
        y_y(s_g + m),
        y_g(y_y + m),
        newest(y_g + m),
        partials(newest + 5) {}
};

/// The elements of slice blockIdx.x of gridDim.x.
struct LbfgsSlice {
  std::int64_t from, to;
};
__device__ inline LbfgsSlice lbfgs_slice(std::int64_t count) {
  const std::int64_t size = (count + gridDim.x - 1) / gridDim.x;
  const std::int64_t from = blockIdx.x * size, to = from + size;
  return {from, to < count ? to : count};
}

/// s.y, y.y, s.g, y.g and |g|_1 of the newest s, y and g: the partial sums of one slice.
__global__ void lbfgs_newest_kernel(const float* g, LbfgsBuffers b, std::int64_t m,
                                    std::int64_t count) {
  __shared__ double warps[5][kWarp];
  const LbfgsMemory memory(b, m);
  const bool started = *memory.started != 0;  // until then there is no s and no y
  const LbfgsSlice slice = lbfgs_slice(count);
  double sums[5] = {};
  for (std::int64_t k = slice.from + threadIdx.x; k < slice.to; k += blockDim.x) {
    const double now = g[k];
    const double s = started ? b.direction[k] : 0.0F;
    const double y = started ? g[k] - b.previous_g[k] : 0.0F;
    sums[0] += s * y;
    sums[1] += y * y;
    sums[2] += s * now;
    sums[3] += y * now;
    sums[4] += fabs(now);
  }
#pragma unroll
  for (int q = 0; q < 5; ++q) {
    const double sum = block_sum(sums[q], warps[q]);
    if (threadIdx.x == 0) {
      memory.partials[blockIdx.x * lbfgs_dots(m) + 4 * m + q] = sum;
    }
  }
}

/// s_i.y, s_i.g, y_i.y and y_i.g of the slots of group blockIdx.y: the partial sums of one slice.
__global__ void lbfgs_dots_kernel(const float* g, LbfgsBuffers b, std::int64_t m,
                                  std::int64_t count) {
  constexpr int kSlots = static_cast<int>(kLbfgsSlotsPerBlock);
  __shared__ double warps[kSlots][4][kWarp];
  const LbfgsMemory memory(b, m);
  const std::int64_t first = blockIdx.y * kLbfgsSlotsPerBlock;
  const std::int64_t slots = static_cast<std::int64_t>(*memory.pairs) - first;
  const LbfgsSlice slice = lbfgs_slice(slots > 0 ? count : 0);
  const float *s_rows = b.pairs + first * count, *y_rows = s_rows + m * count;
  double sums[kSlots][4] = {};
  for (std::int64_t k = slice.from + threadIdx.x; k < slice.to; k += blockDim.x) {
    const double now = g[k], y = g[k] - b.previous_g[k];
#pragma unroll
    for (int i = 0; i < kSlots; ++i) {
      if (i >= slots) continue;
      const double s_i = s_rows[i * count + k], y_i = y_rows[i * count + k];
      sums[i][0] += s_i * y;
      sums[i][1] += s_i * now;
      sums[i][2] += y_i * y;
      sums[i][3] += y_i * now;
    }
  }
#pragma unroll
  for (int i = 0; i < kSlots; ++i) {
#pragma unroll
    for (int q = 0; q < 4; ++q) {
      const double sum = block_sum(sums[i][q], warps[i][q]);
      if (threadIdx.x == 0 && i < slots) {
        memory.partials[blockIdx.x * lbfgs_dots(m) + q * m + first + i] = sum;
      }
    }
  }
}

/// The dot products out of their slices, a warp each. Those of unused slots are never read.
__global__ void lbfgs_sum_kernel(LbfgsBuffers b, std::int64_t m, std::int64_t slices) {
  const LbfgsMemory memory(b, m);
  const std::int64_t lane = grid_thread() % kWarp, dots = lbfgs_dots(m);
  for (std::int64_t i = grid_thread() / kWarp; i < dots; i += grid_threads() / kWarp) {
    double sum = 0;
    for (std::int64_t slice = lane; slice < slices; slice += kWarp) {
      sum += memory.partials[slice * dots + i];
    }
    sum = warp_sum(sum);
    if (lane == 0) memory.s_y[i] = sum;
  }
}

/// Takes the newest pair in, in the place of the oldest once the ring is full. One thread calls it.
__device__ inline void lbfgs_accept(const LbfgsMemory& memory, std::int64_t m) {
  const auto pairs = static_cast<std::int64_t>(*memory.pairs);
  const auto oldest = static_cast<std::int64_t>(*memory.oldest);
  *memory.accepted = -1;
  if (*memory.started == 0 || !(memory.newest[0] > 1e-10)) return;
  *memory.accepted = static_cast<double>((oldest + pairs) % m);
  if (pairs == m) {
    *memory.oldest = static_cast<double>((oldest + 1) % m);
  } else {
    *memory.pairs += 1;
  }
}

/// One block. s_g[i] turns into s_i.q and y_g[i] into y_i.q, then y_i.r, as q and r change.
__global__ void lbfgs_two_loop_kernel(LbfgsBuffers b, std::int64_t m, float full_rate) {
  __shared__ double pivot[2];
  const LbfgsMemory memory(b, m);
  const double size = memory.newest[4];  // |g|_1
  const bool started = *memory.started != 0;
  __syncthreads();  // thread 0 changes the state that all have read
  if (threadIdx.x == 0) {
    lbfgs_accept(memory, m);
    if (size > 0) *memory.started = 1;
  }
  __syncthreads();
  const auto pairs = static_cast<std::int64_t>(*memory.pairs);
  const auto oldest = static_cast<std::int64_t>(*memory.oldest);
  const auto accepted = static_cast<std::int64_t>(*memory.accepted);
  for (std::int64_t i = threadIdx.x; accepted >= 0 && i < m; i += blockDim.x) {
    const bool newest = i == accepted;
    memory.sy[i * m + accepted] = newest ? memory.newest[0] : memory.s_y[i];
    const double y_y = newest ? memory.newest[1] : memory.y_y[i];
    memory.yy[i * m + accepted] = y_y;
    memory.yy[accepted * m + i] = y_y;
    if (newest) memory.s_g[i] = memory.newest[2];
    if (newest) memory.y_g[i] = memory.newest[3];
  }
  __syncthreads();

  const auto age_of = [&](std::int64_t slot) { return (slot - oldest + m) % m; };
  for (std::int64_t age = pairs - 1; age >= 0; --age) {
    const std::int64_t j = (oldest + age) % m;
    if (j % blockDim.x == threadIdx.x) {
      const double alpha = memory.s_g[j] / memory.sy[j * m + j];
      memory.weights[m + j] = alpha;
      pivot[age % 2] = alpha;
    }
    __syncthreads();
    for (std::int64_t i = threadIdx.x; i < m; i += blockDim.x) {
      if (age_of(i) < age) memory.s_g[i] -= pivot[age % 2] * memory.sy[i * m + j];
      if (age_of(i) < pairs) memory.y_g[i] -= pivot[age % 2] * memory.yy[i * m + j];
    }
  }
  __syncthreads();

  const std::int64_t last = (oldest + pairs - 1 + m) % m;
  const double h0 = pairs == 0 ? 1.0 : memory.sy[last * m + last] / memory.yy[last * m + last];
  const double first_rate = size > 1 ? full_rate / size : full_rate;
  const double rate = started ? full_rate : first_rate;
  for (std::int64_t i = threadIdx.x; i < m; i += blockDim.x) memory.y_g[i] *= h0;
  for (std::int64_t age = 0; age < pairs; ++age) {
    const std::int64_t j = (oldest + age) % m;
    if (j % blockDim.x == threadIdx.x) {
      const double alpha = memory.weights[m + j];
      const double delta = alpha - memory.y_g[j] / memory.sy[j * m + j];
      memory.weights[j] = -rate * delta;
      memory.weights[m + j] = rate * h0 * alpha;
      pivot[age % 2] = delta;
    }
    __syncthreads();
    for (std::int64_t i = threadIdx.x; i < m; i += blockDim.x) {
      if (age_of(i) > age) memory.y_g[i] += pivot[age % 2] * memory.sy[j * m + i];
    }
  }
  if (threadIdx.x == 0) memory.weights[2 * m] = -rate * h0;
}

/// Stores the accepted pair, adds the rows up and moves x.
__global__ void lbfgs_combine_kernel(float* x, const float* g, LbfgsBuffers b, std::int64_t m,
                                     std::int64_t count) {
  const LbfgsMemory memory(b, m);
  const auto pairs = static_cast<std::int64_t>(*memory.pairs);
  const auto accepted = static_cast<std::int64_t>(*memory.accepted);
  for (std::int64_t k = grid_thread(); k < count; k += grid_threads()) {
    const float now = g[k];
    if (accepted >= 0) {
      b.pairs[accepted * count + k] = b.direction[k];
      b.pairs[(m + accepted) * count + k] = now - b.previous_g[k];
    }
    double sum = memory.weights[2 * m] * now;
#pragma unroll 4
    for (std::int64_t i = 0; i < pairs; ++i) {
      sum += memory.weights[i] * b.pairs[i * count + k];
      sum += memory.weights[m + i] * b.pairs[(m + i) * count + k];
    }
    const auto step = static_cast<float>(sum);
    b.direction[k] = step;
    b.previous_g[k] = now;
    x[k] += step;
  }
}

}  // namespace phosphene::kernels::cuda
