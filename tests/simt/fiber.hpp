// Stacks that are switched by hand: twenty instructions on x86-64, ucontext elsewhere. ASan is
// told of each switch, so that it knows which stack it looks at.
#pragma once
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define PHOSPHENE_FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PHOSPHENE_FIBER_ASAN 1
#endif
#endif

#if !defined(__x86_64__)
#define PHOSPHENE_FIBER_UCONTEXT 1
#include <ucontext.h>
#endif

namespace phosphene::simt {

/// A suspended flow of control: that of the scheduler, or of a fiber with a stack of its own.
struct Context {
#if defined(PHOSPHENE_FIBER_UCONTEXT)
  ucontext_t registers{};
#else
  void* stack_pointer = nullptr;
#endif
  void* fake_stack = nullptr;  // ASan's
  const void* stack = nullptr;
  std::size_t stack_bytes = 0;
};

/// `entry` will run on that stack at the first switch; it must call arrived() first and never
/// return.
void prepare(Context& context, char* stack, std::size_t bytes, void (*entry)());

/// The first call of an entry: `from` is who switched here.
void arrived(Context& self, Context& from);

/// Suspends `from`, which must be the running one, and resumes `to`.
void switch_to(Context& from, Context& to);

}  // namespace phosphene::simt
