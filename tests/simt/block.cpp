#include "tests/simt/block.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <map>
#include <utility>

#include "tests/simt/race.hpp"

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

namespace phosphene::simt {
namespace {

constexpr std::size_t kPage = 4096;

// A stack with an unmapped page below it, so that an overflow faults.
char* new_stack() {
  void* memory = mmap(nullptr, kStack + kPage, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw Error("the SIMT harness could not map a fiber's stack");
  mprotect(memory, kPage, PROT_NONE);
  return static_cast<char*>(memory) + kPage;
}

Thread* take_fresh() {
  Machine& m = machine();
  while (m.next_fresh < m.order.size()) {
    Thread& thread = m.threads[m.order[m.next_fresh++]];
    if (thread.state == State::fresh) return &thread;
  }
  return nullptr;
}

void make_current(Thread& thread) {
  machine().current = &thread;
  threadIdx = thread.index;
}

void run_thread(Thread& thread) {
  Machine& m = machine();
  make_current(thread);
  try {
    m.in_kernel = true;
    m.body(m.state);
  } catch (...) {
    m.error = std::current_exception();
  }
  m.in_kernel = false;
  thread.state = State::done;
  thread.fiber = nullptr;
  m.warps[thread.number / kLanes].done |= 1U << thread.number % kLanes;
  ++m.done;
}

void fiber_main() {
  Machine& m = machine();
  Fiber& self = *m.current->fiber;
  arrived(self.context, m.scheduler);
  for (;;) {
    while (self.thread) {
      run_thread(*self.thread);
      self.thread = m.error ? nullptr : take_fresh();
      if (self.thread) self.thread->fiber = &self;
    }
    m.idle.push_back(&self);
    switch_to(self.context, m.scheduler);
  }
}

Fiber& idle_fiber() {
  Machine& m = machine();
  if (m.idle.empty()) {
    auto& fiber = m.fibers.emplace_back(std::make_unique<Fiber>());
    fiber->stack = new_stack();
    prepare(fiber->context, fiber->stack, kStack, fiber_main);
    return *fiber;
  }
  Fiber& fiber = *m.idle.back();
  m.idle.pop_back();
  return fiber;
}

void resume(Thread& thread) {
  Machine& m = machine();
  if (!thread.fiber) {
    thread.fiber = &idle_fiber();
    thread.fiber->thread = &thread;
  }
  make_current(thread);
  switch_to(m.scheduler, thread.fiber->context);
  if (m.error) std::rethrow_exception(std::exchange(m.error, nullptr));
}

// Nobody can run and not everybody is done.
[[noreturn]] void report_divergence() {
  Machine& m = machine();
  std::map<std::string, std::pair<unsigned, const Thread*>> groups;
  for (const Thread& thread : m.threads) {
    const std::string what =
        thread.state == State::done
            ? "returned"
            : std::string("wait at ") + thread.operation + " in " + text(thread.where);
    auto [group, is_new] = groups.try_emplace(what, 0U, &thread);
    ++group->second.first;
  }
  std::string message =
      "kernel " + std::string(m.kernel) + ", block " + text(blockIdx) + ": divergent:";
  for (const auto& [what, group] : groups) {
    message += " " + std::to_string(group.first) + " threads " + what + ", the first " +
               text(group.second->index) + ";";
  }
  throw Error(message);
}

void reset_block() {
  Machine& m = machine();
  m.waiting = m.done = 0;
  m.next_fresh = 0;
  for (unsigned i = 0; i < m.threads.size(); ++i) {
    m.threads[i] = Thread{};
    m.threads[i].number = i;
    m.threads[i].index = {i % blockDim.x, i / blockDim.x % blockDim.y,
                          i / (blockDim.x * blockDim.y)};
  }
  for (Warp& warp : m.warps) warp = {};
  for (const SharedVariable& variable : *m.shared) fill_with_nan(variable.address, variable.bytes);
  if (m.dynamic) fill_with_nan(m.dynamic, m.dynamic_bytes);
  race::begin_block();
}

}  // namespace

Machine& machine() {
  static Machine instance;
  return instance;
}

Options& options() { return machine().options; }

std::string text(uint3 index) {
  return "(" + std::to_string(index.x) + ", " + std::to_string(index.y) + ", " +
         std::to_string(index.z) + ")";
}

std::string text(Where where) {
  const std::string file = where.file;
  return file.substr(file.find_last_of('/') + 1) + ":" + std::to_string(where.line);
}

std::string place(const Thread& thread) {
  return "kernel " + std::string(machine().kernel) + ", block " + text(blockIdx) + ", thread " +
         text(thread.index);
}

void wait(Thread& thread, State state) {
  thread.state = state;
  switch_to(thread.fiber->context, machine().scheduler);
}

void run_block() {
  Machine& m = machine();
  reset_block();
  while (m.done < m.threads.size()) {
    if (m.options.order == Order::shuffled) std::shuffle(m.order.begin(), m.order.end(), m.random);
    m.next_fresh = 0;
    bool progress = false;
    for (const unsigned number : m.order) {
      Thread& thread = m.threads[number];
      if (thread.state != State::fresh && thread.state != State::ready) continue;
      progress = true;
      resume(thread);
    }
    if (!progress) report_divergence();
  }
}

void abandon_block() {
  Machine& m = machine();
  m.idle.clear();
  for (auto& fiber : m.fibers) {
    fiber->thread = nullptr;
    prepare(fiber->context, fiber->stack, kStack, fiber_main);
    m.idle.push_back(fiber.get());
  }
  m.error = nullptr;
}

}  // namespace phosphene::simt
