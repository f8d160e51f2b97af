#include "kernels/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

constexpr std::int64_t kBlock = 1024;  // elements at a time: what the rows share stays in L1

// What `state` and `scratch` hold, by name.
struct Memory {
  Memory(LbfgsBuffers buffers, std::int64_t m)
      : pairs(buffers.state[0]),
        oldest(buffers.state[1]),
        started(buffers.state[2]),
        accepted(buffers.state[3]),
        sy(buffers.state + kLbfgsHeader),
        yy(sy + m * m),
        weights(buffers.scratch),
        dots(weights + 2 * m + 1),
        partials(dots + lbfgs_dots(m)) {}

  double &pairs, &oldest, &started, &accepted;
  double *sy, *yy, *weights, *dots, *partials;
};

// One block of the newest y and g, widened once for all rows.
struct Block {
  double y[kBlock], g[kBlock];
  std::int64_t length;

  void add_dots(const float* row, double& row_y, double& row_g) const {
    double with_y = 0, with_g = 0;
#pragma omp simd reduction(+ : with_y, with_g)
    for (std::int64_t k = 0; k < length; ++k) {
      with_y += row[k] * y[k];
      with_g += row[k] * g[k];
    }
    row_y += with_y;
    row_g += with_g;
  }
};

// The dot products of one slice of the vectors, into `sums` (lbfgs_dots of them, zeroed).
void slice_dots(const float* g, const LbfgsBuffers& b, const Memory& memory, std::int64_t m,
                std::int64_t count, std::int64_t from, std::int64_t to, double* sums) {
  Block block;
  float y[kBlock];
  double* newest = sums + 4 * m;
  for (std::int64_t at = from; at < to; at += kBlock) {
    block.length = std::min(kBlock, to - at);
    for (std::int64_t k = at; k < at + block.length; ++k) newest[4] += std::fabs(g[k]);
    if (memory.started == 0) continue;  // there is no s and no y yet
    for (std::int64_t k = 0; k < block.length; ++k) {
      y[k] = g[at + k] - b.previous_g[at + k];
      block.y[k] = y[k];
      block.g[k] = g[at + k];
    }
    block.add_dots(b.direction + at, newest[0], newest[2]);
    block.add_dots(y, newest[1], newest[3]);
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(memory.pairs); ++i) {
      block.add_dots(b.pairs + i * count + at, sums[i], sums[m + i]);
      block.add_dots(b.pairs + (m + i) * count + at, sums[2 * m + i], sums[3 * m + i]);
    }
  }
}

// Takes the newest pair in, in the place of the oldest once the ring is full.
void accept(Memory& memory, std::int64_t m) {
  const auto pairs = static_cast<std::int64_t>(memory.pairs);
  const auto oldest = static_cast<std::int64_t>(memory.oldest);
  double *s_y = memory.dots, *s_g = s_y + m, *y_y = s_g + m, *y_g = y_y + m, *newest = y_g + m;
  memory.accepted = -1;
  if (memory.started == 0 || !(newest[0] > 1e-10)) return;
  const std::int64_t slot = (oldest + pairs) % m;
  if (pairs == m) {
    memory.oldest = static_cast<double>((oldest + 1) % m);
  } else {
    memory.pairs += 1;
  }
  memory.accepted = static_cast<double>(slot);
  s_y[slot] = newest[0];
  y_y[slot] = newest[1];
  s_g[slot] = newest[2];
  y_g[slot] = newest[3];
  for (std::int64_t i = 0; i < m; ++i) {
    memory.sy[i * m + slot] = s_y[i];
    memory.yy[i * m + slot] = memory.yy[slot * m + i] = y_y[i];
  }
}

// The two-loop recursion, every vector in it written as weights of the stored ones.
void two_loop(Memory& memory, std::int64_t m, double rate) {
  const auto pairs = static_cast<std::int64_t>(memory.pairs);
  const auto oldest = static_cast<std::int64_t>(memory.oldest);
  const double *s_g = memory.dots + m, *y_g = memory.dots + 3 * m;
  const auto slot = [&](std::int64_t age) { return (oldest + age) % m; };
  const auto sy = [&](std::int64_t i, std::int64_t j) { return memory.sy[slot(i) * m + slot(j)]; };
  const auto yy = [&](std::int64_t i, std::int64_t j) { return memory.yy[slot(i) * m + slot(j)]; };

  std::vector<double> alpha(static_cast<std::size_t>(pairs)), delta(alpha);
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  for (std::int64_t i = pairs - 1; i >= 0; --i) {
    double s_q = s_g[slot(i)];  // q = g - sum of alpha_j y_j
    for (std::int64_t j = i + 1; j < pairs; ++j) s_q -= alpha[at(j)] * sy(i, j);
    alpha[at(i)] = s_q / sy(i, i);
  }
  const double h0 = pairs == 0 ? 1 : sy(pairs - 1, pairs - 1) / yy(pairs - 1, pairs - 1);
  for (std::int64_t i = 0; i < pairs; ++i) {
    double y_q = y_g[slot(i)];
    for (std::int64_t j = 0; j < pairs; ++j) y_q -= alpha[at(j)] * yy(i, j);
    double y_r = h0 * y_q;  // r = h0 q + sum of (alpha_j - beta_j) s_j
    for (std::int64_t j = 0; j < i; ++j) y_r += delta[at(j)] * sy(j, i);
    delta[at(i)] = alpha[at(i)] - y_r / sy(i, i);
  }
  for (std::int64_t i = 0; i < pairs; ++i) {
    memory.weights[slot(i)] = -rate * delta[at(i)];
    memory.weights[m + slot(i)] = rate * h0 * alpha[at(i)];
  }
  memory.weights[2 * m] = -rate * h0;
}

// sum += a x + b y: two rows at a time, to halve the traffic of `sum`.
void add_rows(const float* x, double a, const float* y, double b, std::int64_t count, double* sum) {
#pragma omp simd
  for (std::int64_t k = 0; k < count; ++k) sum[k] += a * x[k] + b * y[k];
}

// Stores the accepted pair, adds the rows up and moves x, for one block of elements.
void combine(float* x, const float* g, const LbfgsBuffers& b, const Memory& memory, std::int64_t m,
             std::int64_t count, std::int64_t at) {
  const std::int64_t length = std::min(kBlock, count - at);
  if (memory.accepted >= 0) {
    const auto slot = static_cast<std::int64_t>(memory.accepted);
    std::copy_n(b.direction + at, length, b.pairs + slot * count + at);
    float* y = b.pairs + (m + slot) * count;
    for (std::int64_t k = at; k < at + length; ++k) y[k] = g[k] - b.previous_g[k];
  }
  double sum[kBlock];
  for (std::int64_t k = 0; k < length; ++k) sum[k] = memory.weights[2 * m] * g[at + k];
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(memory.pairs); ++i) {
    add_rows(b.pairs + i * count + at, memory.weights[i], b.pairs + (m + i) * count + at,
             memory.weights[m + i], length, sum);
  }
  for (std::int64_t k = 0; k < length; ++k) {
    b.direction[at + k] = static_cast<float>(sum[k]);
    x[at + k] += b.direction[at + k];
    b.previous_g[at + k] = g[at + k];
  }
}

}  // namespace

void lbfgs(float* x, const float* g, LbfgsBuffers buffers, std::int64_t capacity,
           std::int64_t count, float rate) {
  if (count == 0) return;
  const std::int64_t m = capacity, slices = lbfgs_slices(m, count), dots = lbfgs_dots(m);
  Memory memory(buffers, m);

  const std::int64_t per_slice = (count + slices - 1) / slices;
#pragma omp parallel for if (count > kParallelFrom)
  for (std::int64_t slice = 0; slice < slices; ++slice) {
    double* sums = memory.partials + slice * dots;
    std::fill_n(sums, dots, 0.0);
    slice_dots(g, buffers, memory, m, count, slice * per_slice,
               std::min(count, (slice + 1) * per_slice), sums);
  }
  std::fill_n(memory.dots, dots, 0.0);
  for (std::int64_t slice = 0; slice < slices; ++slice) {
    for (std::int64_t i = 0; i < dots; ++i) memory.dots[i] += memory.partials[slice * dots + i];
  }

  accept(memory, m);
  const double size = memory.dots[4 * m + 4];  // |g|_1
  two_loop(memory, m, memory.started != 0 ? rate : std::min(1.0, 1.0 / size) * rate);
  if (size > 0) memory.started = 1;

#pragma omp parallel for if (count > kParallelFrom)
  for (std::int64_t at = 0; at < count; at += kBlock) {
    combine(x, g, buffers, memory, m, count, at);
  }
}

}  // namespace phosphene::kernels::cpu
