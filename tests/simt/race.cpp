// Time is a count of barriers: an access is ordered before another if a barrier that both its
// thread and the other's took part in came after it.
#include "tests/simt/race.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tests/simt/block.hpp"
#include "tests/simt/race_report.hpp"
#include "tests/simt/shadow.hpp"

namespace phosphene::simt::race {
namespace {

struct Checker {
  Shadow shadow;
  std::uint32_t now = 1;
  // When the launch and its running block began, and the block's latest barrier was.
  std::uint32_t launch = 0, block = 0, barrier = 0;
  std::uint32_t block_number = 0;
  // When each lane's warp barriers last told this thread of the other lane.
  std::vector<std::uint32_t> heard = std::vector<std::uint32_t>(kMostThreads * kLanes);
  std::vector<Finding> found;
};

Checker& checker() {
  static Checker instance;
  return instance;
}

bool is_within(std::uintptr_t address, const void* begin, std::size_t bytes) {
  return address - reinterpret_cast<std::uintptr_t>(begin) < bytes;
}

bool is_shared(std::uintptr_t address) {
  const Machine& m = machine();
  if (m.dynamic && is_within(address, m.dynamic, m.dynamic_bytes)) return true;
  return std::any_of(m.shared->begin(), m.shared->end(), [&](const SharedVariable& variable) {
    return is_within(address, variable.address, variable.bytes);
  });
}

// A thread's own locals, and CUDA's variables that the scheduler sets.
bool is_private(std::uintptr_t address) {
  return is_within(address, machine().current->fiber->stack, kStack) ||
         is_within(address, &threadIdx, sizeof threadIdx) ||
         is_within(address, &blockIdx, sizeof blockIdx) ||
         is_within(address, &blockDim, sizeof blockDim) ||
         is_within(address, &gridDim, sizeof gridDim);
}

bool same_warp(const Access& a, const Access& b) {
  return a.block == b.block && a.thread / kLanes == b.thread / kLanes;
}

class Check {
 public:
  Check(std::uintptr_t address, Kind kind, const void* code)
      : address_(address), kind_(kind), shared_(is_shared(address)) {
    now_.clock = checker().now;
    now_.block = checker().block_number;
    now_.code = code_offset(code);
    now_.thread = static_cast<std::uint16_t>(machine().current->number);
  }

  void operator()(Cell& cell, std::size_t byte) {
    const bool written =
        std::max(cell.writes.first.clock, cell.atomics.first.clock) > checker().block;
    if (shared_ && kind_ == Kind::read && !written) {
      note({Access{}, now_, Kind::write, kind_, address_ + byte});
    }
    expect_ordered(cell.writes, Kind::write, byte);
    if (kind_ != Kind::atomic) expect_ordered(cell.atomics, Kind::atomic, byte);
    if (kind_ != Kind::read) expect_ordered(cell.reads, Kind::read, byte);
    keep(kind_ == Kind::read ? cell.reads : kind_ == Kind::write ? cell.writes : cell.atomics);
  }

 private:
  bool is_ordered(const Access& before) const {
    const Checker& c = checker();
    if (before.clock <= c.launch || (shared_ && before.clock <= c.block)) return true;
    if (before.block != now_.block) return false;
    if (before.thread == now_.thread || before.clock <= c.barrier) return true;
    return same_warp(before, now_) &&
           before.clock <= c.heard[now_.thread * kLanes + before.thread % kLanes];
  }

  void expect_ordered(const History& history, Kind kind, std::size_t byte) {
    for (const Access* before : {&history.first, &history.second}) {
      if (is_ordered(*before)) continue;
      note({*before, now_, kind, kind_, address_ + byte});
      return;
    }
  }

  // Forgets what `now` comes after: whoever is ordered after `now` is ordered after that too.
  void keep(History& history) const {
    if (is_ordered(history.first)) {
      history.first = is_ordered(history.second) ? Access{} : history.second;
      history.second = {};
    }
    if (is_ordered(history.second)) history.second = {};
    if (history.first.clock == 0) {
      history.first = now_;
    } else if (history.second.clock == 0 || same_warp(history.first, history.second)) {
      history.second = now_;
    }
  }

  // A pair of instructions once.
  static void note(const Finding& finding) {
    std::vector<Finding>& found = checker().found;
    const bool known = std::any_of(found.begin(), found.end(), [&](const Finding& other) {
      return other.before.code == finding.before.code && other.now.code == finding.now.code;
    });
    if (!known) found.push_back(finding);
  }

  std::uintptr_t address_;
  Kind kind_;
  bool shared_;
  Access now_;
};

}  // namespace

void begin_launch() {
  Checker& c = checker();
  c.launch = c.now++;
  c.found.clear();
  c.shadow.trim();
}

void begin_block() {
  Checker& c = checker();
  c.block = c.barrier = c.now++;
  c.block_number = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
}

void barrier() { checker().barrier = checker().now++; }

void warp_barrier(unsigned warp, unsigned mask) {
  Checker& c = checker();
  std::uint32_t* const rows = &c.heard[std::size_t{warp} * kLanes * kLanes];
  std::uint32_t joined[kLanes] = {};
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!(mask >> lane & 1U)) continue;
    for (unsigned k = 0; k < kLanes; ++k) joined[k] = std::max(joined[k], rows[lane * kLanes + k]);
  }
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (mask >> lane & 1U) joined[lane] = c.now;
  }
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (mask >> lane & 1U) std::copy_n(joined, kLanes, rows + lane * kLanes);
  }
  ++c.now;
}

void access(const void* pointer, std::size_t bytes, Kind kind, const void* code) {
  if (!machine().in_kernel) return;
  const OutsideKernel guard;  // what is called here may be compiled like a kernel
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (is_private(address)) return;
  checker().shadow.for_each_cell(address, bytes, Check(address, kind, code));
}

std::string findings() { return describe(checker().found); }

}  // namespace phosphene::simt::race
