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
#if defined(PHOSPHENE_TEST_RACE)
  constexpr simt::Options kOrders[] = {{simt::Order::forward, 1}};  // races show in any
#else
  constexpr simt::Options kOrders[] = {
      {simt::Order::forward, 1}, {simt::Order::reverse, 1}, {simt::Order::shuffled, 1}};
#endif
  for (const simt::Options& order : kOrders) {
    SCOPED_TRACE("thread order " + std::to_string(static_cast<int>(order.order)));
    simt::options() = order;
    body();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace phosphene::kernels::testing
