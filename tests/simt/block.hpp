// One running block: its threads, the fibers that carry them, and who waits for what.
#pragma once
#include <cstdint>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/simt/fiber.hpp"
#include "tests/simt/simt.hpp"
#include "tests/simt/symbols.hpp"

namespace phosphene::simt {

constexpr unsigned kMostThreads = 1024;
constexpr std::size_t kMostShared = 48 * 1024;
constexpr unsigned kLanes = 32;
constexpr std::size_t kStack = 256 * 1024;  // of a fiber; ASan's frames are large

enum class State : unsigned char { fresh, ready, at_barrier, at_warp_op, done };

struct Fiber;

struct Thread {
  State state = State::fresh;
  unsigned number = 0;  // within the block
  uint3 index{};
  Fiber* fiber = nullptr;
  // What it waits at:
  const char* operation = "";
  Where where{};
  unsigned mask = 0;
  std::uint64_t value = 0, result = 0;
  int lane = 0, width = kLanes;
};

struct Fiber {
  Context context;
  char* stack = nullptr;
  Thread* thread = nullptr;
};

struct Warp {
  unsigned arrived = 0, done = 0;  // one bit a lane
};

/// The whole state of the harness. A thread that never waits hands its fiber to the next fresh
/// one, so that a kernel without barriers runs on a single fiber.
struct Machine {
  Context scheduler;
  std::vector<std::unique_ptr<Fiber>> fibers;
  std::vector<Fiber*> idle;
  std::vector<Thread> threads;
  std::vector<unsigned> order;
  std::size_t next_fresh = 0;  // place in `order`
  Warp warps[kMostThreads / kLanes];
  Thread* current = nullptr;
  unsigned waiting = 0, done = 0;  // threads at the barrier; threads that have returned
  std::exception_ptr error;
  Options options;
  std::mt19937_64 random;

  const char* kernel = "";
  void (*body)(void*) = nullptr;
  void* state = nullptr;
  const std::vector<Argument>* arguments = nullptr;
  const std::vector<SharedVariable>* shared = nullptr;
  char* dynamic = nullptr;
  std::size_t dynamic_bytes = 0;
  bool running = false;
  bool in_kernel = false;  // the kernel's own code runs now, not the harness
};
Machine& machine();

/// Held while the harness does something for the kernel that called it.
struct OutsideKernel {
  OutsideKernel() { machine().in_kernel = false; }
  ~OutsideKernel() { machine().in_kernel = true; }
  OutsideKernel(const OutsideKernel&) = delete;
  OutsideKernel& operator=(const OutsideKernel&) = delete;
};

/// Runs the block at blockIdx to its end; throws Error, or what the kernel threw.
void run_block();
/// Gives all fibers back after an error.
void abandon_block();
/// Called on a fiber: back to the scheduler until this thread is ready again.
void wait(Thread& thread, State state);

/// "kernel NAME, block (x, y, z), thread (x, y, z)".
std::string place(const Thread& thread);
std::string text(uint3 index);
std::string text(Where where);

}  // namespace phosphene::simt
