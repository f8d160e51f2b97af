// The SIMT harness: CUDA's keywords and built-ins for an ordinary compiler, so that the kernels
// run without a GPU, one block at a time, each CUDA thread a fiber of one OS thread. Under ASan
// and UBSan it finds what a GPU would let pass: reads and writes past a buffer, misaligned packs,
// barriers that not every thread reaches, shuffles whose mask lies. A second build, race.hpp,
// finds data races. Neither shows anything of speed or of coalescing, nor global memory that is
// read before anybody wrote it.
//
// __shared__ is a static of the kernel, which must itself be static for ASan to guard it: the
// harness finds it in the executable's symbol table and fills it with NaN before each block.
#pragma once
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <vector>

#include "tests/simt/atomics.hpp"

#undef __global__
#undef __device__
#undef __host__
#undef __shared__
#define __global__ [[maybe_unused]] static
#define __device__
#define __host__
#define __shared__ static
// Where the number of threads is found again from the kernel's address: as the number of warps
// that stands before it in no-operations (symbols.cpp).
#define __launch_bounds__(threads, ...) \
  __attribute__((patchable_function_entry((threads) / 32, (threads) / 32)))
#define PHOSPHENE_DYNAMIC_SHARED(T, name) \
  T* const name = static_cast<T*>(::phosphene::simt::dynamic_shared())

struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};

// Those of the thread that runs now. Not constant: the scheduler sets them at every switch.
extern uint3 threadIdx, blockIdx;
extern dim3 blockDim, gridDim;

namespace phosphene::simt {

/// What the harness found, naming kernel, block and thread.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The order in which the threads of a block are resumed; a race shows as a result that depends
/// on it.
enum class Order { forward, reverse, shuffled };
struct Options {
  Order order = Order::forward;
  std::uint64_t seed = 1;
  std::int64_t most_blocks = 1 << 20;  // what launchers cap their grids at
};
Options& options();

/// Where in the kernel's text a barrier or a warp operation stands.
struct Where {
  const char* file;
  int line;
  static constexpr Where here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

/// The bytes of one argument of a kernel.
struct Argument {
  const void* address;
  std::size_t bytes;
};

/// Calls body(state) once a thread.
void run(const char* name, const void* kernel, dim3 grid, dim3 block, std::size_t shared_bytes,
         const std::vector<Argument>& arguments, void (*body)(void*), void* state);

/// Runs the whole grid. Throws Error; after one the harness takes the next launch as usual.
template <class... Parameters, class... Arguments>
void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block,
            std::size_t shared_bytes, Arguments... arguments) {
  std::tuple<Parameters...> values(arguments...);
  auto body = [&] { std::apply(kernel, values); };
  const auto views = std::apply(
      [](const auto&... value) {
        return std::vector<Argument>{{&value, sizeof value}...};
      },
      values);
  run(
      name, reinterpret_cast<const void*>(kernel), grid, block, shared_bytes, views,
      [](void* p) { (*static_cast<decltype(body)*>(p))(); }, &body);
}

void* dynamic_shared();

enum class Barrier { sync, sync_or, sync_and, sync_count };
int barrier(Barrier kind, bool predicate, Where where);

enum class WarpOp { sync, shuffle, shuffle_up, shuffle_down, shuffle_xor, ballot, any, all };
/// `bits` is this lane's value or predicate, `lane` the source lane, distance or lane mask.
std::uint64_t warp(WarpOp op, unsigned mask, std::uint64_t bits, int lane, int width, Where where);

template <class T>
T shuffle(WarpOp op, unsigned mask, T value, int lane, int width, Where where) {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = warp(op, mask, bits, lane, width, where);
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

}  // namespace phosphene::simt

#define PHOSPHENE_HERE ::phosphene::simt::Where where = ::phosphene::simt::Where::here()
inline void __syncthreads(PHOSPHENE_HERE) {
  phosphene::simt::barrier(phosphene::simt::Barrier::sync, false, where);
}
inline int __syncthreads_or(int predicate, PHOSPHENE_HERE) {
  return phosphene::simt::barrier(phosphene::simt::Barrier::sync_or, predicate != 0, where);
}
inline int __syncthreads_and(int predicate, PHOSPHENE_HERE) {
  return phosphene::simt::barrier(phosphene::simt::Barrier::sync_and, predicate != 0, where);
}
inline int __syncthreads_count(int predicate, PHOSPHENE_HERE) {
  return phosphene::simt::barrier(phosphene::simt::Barrier::sync_count, predicate != 0, where);
}
inline void __syncwarp(unsigned mask = 0xffffffffU, PHOSPHENE_HERE) {
  phosphene::simt::warp(phosphene::simt::WarpOp::sync, mask, 0, 0, 32, where);
}
template <class T>
T __shfl_sync(unsigned mask, T value, int lane, int width = 32, PHOSPHENE_HERE) {
  return phosphene::simt::shuffle(phosphene::simt::WarpOp::shuffle, mask, value, lane, width,
                                  where);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, PHOSPHENE_HERE) {
  return phosphene::simt::shuffle(phosphene::simt::WarpOp::shuffle_up, mask, value,
                                  static_cast<int>(delta), width, where);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, PHOSPHENE_HERE) {
  return phosphene::simt::shuffle(phosphene::simt::WarpOp::shuffle_down, mask, value,
                                  static_cast<int>(delta), width, where);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32, PHOSPHENE_HERE) {
  return phosphene::simt::shuffle(phosphene::simt::WarpOp::shuffle_xor, mask, value, lanes, width,
                                  where);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, PHOSPHENE_HERE) {
  return static_cast<unsigned>(
      phosphene::simt::warp(phosphene::simt::WarpOp::ballot, mask, predicate != 0, 0, 32, where));
}
inline int __any_sync(unsigned mask, int predicate, PHOSPHENE_HERE) {
  return static_cast<int>(
      phosphene::simt::warp(phosphene::simt::WarpOp::any, mask, predicate != 0, 0, 32, where));
}
inline int __all_sync(unsigned mask, int predicate, PHOSPHENE_HERE) {
  return static_cast<int>(
      phosphene::simt::warp(phosphene::simt::WarpOp::all, mask, predicate != 0, 0, 32, where));
}
#undef PHOSPHENE_HERE

template <class T>
T __ldg(const T* p) {
  return *p;
}
inline float rsqrtf(float x) { return 1.0F / std::sqrt(x); }
inline float __int_as_float(int x) { return std::bit_cast<float>(x); }
inline int __float_as_int(float x) { return std::bit_cast<int>(x); }
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<std::uint64_t>(a) * b) >> 32);
}
inline int __popc(unsigned x) { return std::popcount(x); }
inline int __clz(int x) { return std::countl_zero(static_cast<unsigned>(x)); }
inline int __ffs(int x) { return x == 0 ? 0 : std::countr_zero(static_cast<unsigned>(x)) + 1; }
// Nothing runs at the same time: where a kernel needs a fence, the race build finds a race.
inline void __threadfence_block() {}
inline void __threadfence() {}
