// One running block: its threads, the fibers that carry them, and who waits for what.
#pragma once
#include <cstdint>
#include <exception>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/simt/fiber.hpp"
#include "tests/simt/shared_memory.hpp"
#include "tests/simt/simt.hpp"

namespace phosphene::simt {

constexpr unsigned kMostThreads = 1024;
constexpr std::size_t kMostShared = 48 * 1024;
constexpr unsigned kLanes = 32;

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
  void* argument = nullptr;
  const std::vector<SharedVariable>* shared = nullptr;
  char* dynamic = nullptr;
  std::size_t dynamic_bytes = 0;
  bool running = false;
};
Machine& machine();

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
