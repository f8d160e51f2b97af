#include <algorithm>
#include <cstdlib>
#include <memory>
#include <numeric>

#include "tests/simt/block.hpp"
#include "tests/simt/race.hpp"

namespace phosphene::simt {
namespace {

std::string shape(dim3 d) {
  return std::to_string(d.x) + " x " + std::to_string(d.y) + " x " + std::to_string(d.z);
}

// The limits of every GPU since compute capability 3.0.
void check_limits(const std::string& name, dim3 grid, dim3 block, std::size_t shared_bytes,
                  unsigned launch_bound) {
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  if (threads == 0 || threads > kMostThreads || block.z > 64) {
    throw Error("kernel " + name + ": a block of " + shape(block) + " threads; 1 to " +
                std::to_string(kMostThreads) + " expected, at most 64 in z");
  }
  if (launch_bound > 0 && threads > launch_bound) {
    throw Error("kernel " + name + ": a block of " + shape(block) +
                " threads; its __launch_bounds__ say at most " + std::to_string(launch_bound));
  }
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffffU || grid.y > 65535 ||
      grid.z > 65535) {
    throw Error("kernel " + name + ": a grid of " + shape(grid) +
                " blocks; 1 to 2147483647 x 65535 x 65535 expected");
  }
  if (shared_bytes > kMostShared) {
    throw Error("kernel " + name + ": " + std::to_string(shared_bytes) +
                " bytes of shared memory; at most " + std::to_string(kMostShared) + " expected");
  }
}

void run_grid(dim3 grid) {
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = {x, y, z};
        run_block();
      }
    }
  }
}

}  // namespace

void* dynamic_shared() {
  const OutsideKernel guard;
  Machine& m = machine();
  if (!m.dynamic)
    throw Error(place(*m.current) + ": uses dynamic shared memory, launched with none");
  return m.dynamic;
}

void run(const char* name, const void* kernel, dim3 grid, dim3 block, std::size_t shared_bytes,
         const std::vector<Argument>& arguments, void (*body)(void*), void* state) {
  Machine& m = machine();
  if (m.running) throw Error(std::string("kernel ") + name + ": launched from inside a kernel");
  const KernelSymbols& symbols = kernel_symbols(name, kernel);
  std::size_t all_shared = shared_bytes;
  for (const SharedVariable& variable : symbols.shared) all_shared += variable.bytes;
  check_limits(name, grid, block, all_shared, symbols.launch_bound);

  // Of exactly that size, so that ASan's redzone begins at the next byte.
  const std::unique_ptr<char, void (*)(void*)> dynamic(
      shared_bytes ? static_cast<char*>(std::malloc(shared_bytes)) : nullptr, std::free);
  m.kernel = name;
  m.body = body;
  m.state = state;
  m.arguments = &arguments;
  m.shared = &symbols.shared;
  m.dynamic = dynamic.get();
  m.dynamic_bytes = shared_bytes;
  m.threads.assign(std::size_t{block.x} * block.y * block.z, {});
  m.order.resize(m.threads.size());
  std::iota(m.order.begin(), m.order.end(), 0U);
  if (m.options.order == Order::reverse) std::reverse(m.order.begin(), m.order.end());
  m.random.seed(m.options.seed);
  blockDim = block;
  gridDim = grid;
  m.running = true;
  race::begin_launch();
  try {
    run_grid(grid);
    if (const std::string found = race::findings(); !found.empty()) {
      throw Error("kernel " + std::string(name) + ":" + found);
    }
  } catch (...) {
    abandon_block();
    m.running = false;
    throw;
  }
  m.running = false;
}

}  // namespace phosphene::simt
