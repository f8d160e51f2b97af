#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/kernels/device.hpp"
#include "tests/simt/simt.hpp"

namespace phosphene::kernels::testing {

void* device_allocate(std::size_t bytes) {
  void* memory = nullptr;
  if (posix_memalign(&memory, 256, bytes) != 0) throw std::bad_alloc();
  return memory;
}
void device_release(void* memory, std::size_t) { std::free(memory); }
void copy_to_device(const void* host, void* device, std::size_t bytes) {
  if (bytes > 0) std::memcpy(device, host, bytes);
}
void copy_to_host(const void* device, void* host, std::size_t bytes) {
  if (bytes > 0) std::memcpy(host, device, bytes);
}

void on_device(void (*body)()) {
  constexpr std::int64_t kFewBlocks = 2;  // so that their threads loop over the rest
#if defined(PHOSPHENE_TEST_RACE)
  // Races show in any order.
  const simt::Options runs[] = {{}, {simt::Order::forward, 1, kFewBlocks}};
#else
  const simt::Options runs[] = {
      {}, {simt::Order::reverse, 1, kFewBlocks}, {simt::Order::shuffled, 1}};
#endif
  for (const simt::Options& run : runs) {
    SCOPED_TRACE("thread order " + std::to_string(static_cast<int>(run.order)) + ", at most " +
                 std::to_string(run.most_blocks) + " blocks");
    simt::options() = run;
    body();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace phosphene::kernels::testing
