// What -fsanitize=thread makes the compiler call at every access, for the race build: the
// sanitizer's own library, which knows nothing of barriers, is not linked.
#include <cstddef>
#include <cstring>

#include "tests/simt/race.hpp"

using phosphene::simt::race::access;
using phosphene::simt::race::Kind;

#define PHOSPHENE_NEXT __builtin_return_address(0)
#define PHOSPHENE_ACCESSES(prefix, bytes)                                                      \
  void __tsan_##prefix##read##bytes(void* p) { access(p, bytes, Kind::read, PHOSPHENE_NEXT); } \
  void __tsan_##prefix##write##bytes(void* p) { access(p, bytes, Kind::write, PHOSPHENE_NEXT); }
extern "C" {
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_read(void**) {}
void __tsan_vptr_update(void**, void*) {}

PHOSPHENE_ACCESSES(, 1)
PHOSPHENE_ACCESSES(, 2)
PHOSPHENE_ACCESSES(, 4)
PHOSPHENE_ACCESSES(, 8)
PHOSPHENE_ACCESSES(, 16)
PHOSPHENE_ACCESSES(unaligned_, 2)
PHOSPHENE_ACCESSES(unaligned_, 4)
PHOSPHENE_ACCESSES(unaligned_, 8)
PHOSPHENE_ACCESSES(unaligned_, 16)
PHOSPHENE_ACCESSES(volatile_, 1)
PHOSPHENE_ACCESSES(volatile_, 2)
PHOSPHENE_ACCESSES(volatile_, 4)
PHOSPHENE_ACCESSES(volatile_, 8)
PHOSPHENE_ACCESSES(volatile_, 16)

void __tsan_read_range(void* p, std::size_t bytes) { access(p, bytes, Kind::read, PHOSPHENE_NEXT); }
void __tsan_write_range(void* p, std::size_t bytes) {
  access(p, bytes, Kind::write, PHOSPHENE_NEXT);
}

// The host code of a test has static locals and shared pointers.
unsigned char __tsan_atomic8_load(const volatile unsigned char* p, int) { return *p; }
int __tsan_atomic32_fetch_add(volatile int* p, int value, int) {
  return __atomic_fetch_add(p, value, __ATOMIC_SEQ_CST);
}
}
