#include "tests/simt/fiber.hpp"

#include <cstdint>

#if defined(PHOSPHENE_FIBER_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if !defined(PHOSPHENE_FIBER_UCONTEXT)
// Saves what the System V ABI lets a callee keep, stores the stack pointer where the first
// argument says, takes the second as the new one and returns on that stack.
asm(R"(
.text
.globl phosphene_simt_switch
.type phosphene_simt_switch, @function
phosphene_simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size phosphene_simt_switch, .-phosphene_simt_switch
)");
extern "C" void phosphene_simt_switch(void** save, void* load);
#endif

namespace phosphene::simt {

void prepare(Context& context, char* stack, std::size_t bytes, void (*entry)()) {
  context = Context{};
  context.stack = stack;
  context.stack_bytes = bytes;
#if defined(PHOSPHENE_FIBER_ASAN)
  __asan_unpoison_memory_region(stack, bytes);  // frames abandoned there left their redzones
#endif
#if defined(PHOSPHENE_FIBER_UCONTEXT)
  getcontext(&context.registers);
  context.registers.uc_stack.ss_sp = stack;
  context.registers.uc_stack.ss_size = bytes;
  context.registers.uc_link = nullptr;
  makecontext(&context.registers, entry, 0);
#else
  const auto top = (reinterpret_cast<std::uintptr_t>(stack) + bytes) & ~std::uintptr_t{15};
  auto* words = reinterpret_cast<std::uintptr_t*>(top);
  *--words = 0;  // a return address, so that the stack stands as the ABI wants it on entry
  *--words = reinterpret_cast<std::uintptr_t>(entry);
  for (int i = 0; i < 6; ++i) *--words = 0;  // the six registers
  context.stack_pointer = words;
#endif
}

void arrived([[maybe_unused]] Context& self, [[maybe_unused]] Context& from) {
#if defined(PHOSPHENE_FIBER_ASAN)
  __sanitizer_finish_switch_fiber(self.fake_stack, &from.stack, &from.stack_bytes);
#endif
}

void switch_to(Context& from, Context& to) {
#if defined(PHOSPHENE_FIBER_ASAN)
  __sanitizer_start_switch_fiber(&from.fake_stack, to.stack, to.stack_bytes);
#endif
#if defined(PHOSPHENE_FIBER_UCONTEXT)
  swapcontext(&from.registers, &to.registers);
#else
  phosphene_simt_switch(&from.stack_pointer, to.stack_pointer);
#endif
#if defined(PHOSPHENE_FIBER_ASAN)
  __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

}  // namespace phosphene::simt
