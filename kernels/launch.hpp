// The host side of every .cu: the one place where a kernel is launched. Under nvcc that is a
// checked <<<>>>; under any other compiler the SIMT harness runs the grid, so that the tests
// without a GPU prove the launchers too.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "kernels/simt.hpp"

namespace phosphene::kernels::cuda {

/// Launches kernel(args...) and throws std::runtime_error, naming it, if the device refuses. An
/// error inside the kernel shows at the next synchronisation, or at a later launch.
template <class... Parameters, class... Arguments>
void launch(const char* name, void (*kernel)(Parameters...), dim3 grid, dim3 block,
            std::size_t shared_bytes, [[maybe_unused]] Stream stream, Arguments... arguments) {
#if defined(__CUDACC__)
  kernel<<<grid, block, shared_bytes, stream>>>(static_cast<Parameters>(arguments)...);
  if (const cudaError_t error = cudaGetLastError(); error != cudaSuccess) {
    throw std::runtime_error("kernel " + std::string(name) +
                             ", or one before it, failed: " + cudaGetErrorString(error));
  }
#else
  simt::launch(name, kernel, grid, block, shared_bytes, static_cast<Parameters>(arguments)...);
#endif
}

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Kernels stride over the grid, so a cap does no harm; this one lets a block of 256 threads move
/// 2^28 packs before any thread loops. The harness has one of its own, so that tests reach the
/// second round of such a loop.
#if defined(__CUDACC__)
inline std::int64_t most_blocks() { return 1 << 20; }
#else
inline std::int64_t most_blocks() { return simt::options().most_blocks; }
#endif

/// Blocks for `items` items, `per_block` each.
inline dim3 blocks_for(std::int64_t items, std::int64_t per_block) {
  const std::int64_t wanted = std::max<std::int64_t>(1, ceil_div(items, per_block));
  return {static_cast<unsigned>(std::min(most_blocks(), wanted)), 1, 1};
}

/// Whether every pointer may be read and written in packs of 16 bytes.
template <class... T>
bool aligned_to_pack(const T*... p) {
  return ((reinterpret_cast<std::uintptr_t>(p) % 16 == 0) && ...);
}

}  // namespace phosphene::kernels::cuda
