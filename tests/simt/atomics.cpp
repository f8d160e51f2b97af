#include "tests/simt/atomics.hpp"

#include <cstdint>
#include <cstring>

#include "tests/simt/block.hpp"
#include "tests/simt/race.hpp"

namespace phosphene::simt {

void atomic_read(const void* address, void* value, std::size_t bytes) {
  race::access(address, bytes, race::Kind::atomic, __builtin_return_address(0));
  const OutsideKernel guard;
  if (reinterpret_cast<std::uintptr_t>(address) % bytes != 0) {
    throw Error(place(*machine().current) + ": an atomic on " + std::to_string(bytes) +
                " bytes at an address that is no multiple of them");
  }
  std::memcpy(value, address, bytes);
}

void atomic_write(void* address, const void* value, std::size_t bytes) {
  std::memcpy(address, value, bytes);
}

}  // namespace phosphene::simt
