// Barriers and warp operations: the last thread to come works out everybody's result.
#include <bit>
#include <cstdio>
#include <cstring>

#include "tests/simt/block.hpp"
#include "tests/simt/race.hpp"

namespace phosphene::simt {
namespace {

const char* name_of(Barrier kind) {
  switch (kind) {
    case Barrier::sync:
      return "__syncthreads";
    case Barrier::sync_or:
      return "__syncthreads_or";
    case Barrier::sync_and:
      return "__syncthreads_and";
    case Barrier::sync_count:
      return "__syncthreads_count";
  }
  return "";
}

const char* name_of(WarpOp op) {
  switch (op) {
    case WarpOp::sync:
      return "__syncwarp";
    case WarpOp::shuffle:
      return "__shfl_sync";
    case WarpOp::shuffle_up:
      return "__shfl_up_sync";
    case WarpOp::shuffle_down:
      return "__shfl_down_sync";
    case WarpOp::shuffle_xor:
      return "__shfl_xor_sync";
    case WarpOp::ballot:
      return "__ballot_sync";
    case WarpOp::any:
      return "__any_sync";
    case WarpOp::all:
      return "__all_sync";
  }
  return "";
}

bool is_shuffle(WarpOp op) { return op >= WarpOp::shuffle && op <= WarpOp::shuffle_xor; }

[[noreturn]] void fail(const Thread& thread, const std::string& what) {
  throw Error(place(thread) + ": " + thread.operation + " in " + text(thread.where) + ": " + what);
}

std::string hex(unsigned mask) {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "0x%08x", mask);
  return buffer;
}

bool same_place(const Thread& a, const Thread& b) {
  return std::strcmp(a.operation, b.operation) == 0 && a.where.line == b.where.line &&
         std::strcmp(a.where.file, b.where.file) == 0;
}

std::string waits(const Thread& thread) {
  return "thread " + text(thread.index) + " waits at " + thread.operation + " in " +
         text(thread.where);
}

// The lane that `lane` reads; its own where the source would lie outside its segment.
int source_lane(WarpOp op, int lane, int parameter, int width) {
  const int segment = lane & ~(width - 1), inside = lane - segment;
  int source = lane;
  if (op == WarpOp::shuffle) source = segment + (parameter & (width - 1));
  if (op == WarpOp::shuffle_up && inside >= parameter) source = lane - parameter;
  if (op == WarpOp::shuffle_down && inside + parameter < width) source = lane + parameter;
  if (op == WarpOp::shuffle_xor && (lane ^ parameter) < segment + width) source = lane ^ parameter;
  return source;
}

// The lanes `mask` of the warp whose first thread is `lanes` have all come.
void complete(WarpOp op, unsigned mask, Thread* lanes) {
  unsigned votes = 0;
  for (unsigned l = 0; l < kLanes; ++l) {
    if (mask >> l & 1U) votes |= static_cast<unsigned>(lanes[l].value & 1U) << l;
  }
  for (unsigned l = 0; l < kLanes; ++l) {
    if (!(mask >> l & 1U)) continue;
    Thread& thread = lanes[l];
    if (op == WarpOp::ballot) thread.result = votes;
    if (op == WarpOp::any) thread.result = votes != 0;
    if (op == WarpOp::all) thread.result = votes == mask;
    if (is_shuffle(op)) {
      const int source = source_lane(op, static_cast<int>(l), thread.lane, thread.width);
      if (source < 0 || source >= static_cast<int>(kLanes) || !(mask >> source & 1U)) {
        fail(thread, "lane " + std::to_string(l) + " reads lane " + std::to_string(source) +
                         ", which the mask " + hex(mask) + " leaves out");
      }
      thread.result = lanes[source].value;
    }
    thread.state = State::ready;
  }
}

// Whether nobody is missing, and everybody waits for the same lanes: one that waits for others may
// still come.
bool all_wait_together(const Thread* lanes, unsigned missing, unsigned mask) {
  for (unsigned l = 0; missing == 0 && l < kLanes; ++l) {
    if ((mask >> l & 1U) && lanes[l].mask != mask) return false;
  }
  return missing == 0;
}

}  // namespace

int barrier(Barrier kind, bool predicate, Where where) {
  const OutsideKernel guard;
  Machine& m = machine();
  Thread& self = *m.current;
  self.operation = name_of(kind);
  self.where = where;
  self.value = predicate ? 1 : 0;
  if (++m.waiting < m.threads.size()) {  // a thread that returned never comes: divergence
    wait(self, State::at_barrier);
    return static_cast<int>(self.result);
  }
  std::uint64_t votes = 0;
  for (const Thread& thread : m.threads) {
    if (!same_place(thread, self)) fail(self, "divergent: " + waits(thread));
    votes += thread.value;
  }
  const std::uint64_t all = m.threads.size();
  for (Thread& thread : m.threads) {
    thread.state = State::ready;
    thread.result = kind == Barrier::sync_or    ? votes > 0
                    : kind == Barrier::sync_and ? votes == all
                                                : votes;
  }
  m.waiting = 0;
  race::barrier();
  return static_cast<int>(self.result);
}

std::uint64_t warp(WarpOp op, unsigned mask, std::uint64_t bits, int lane, int width, Where where) {
  const OutsideKernel guard;
  Machine& m = machine();
  Thread& self = *m.current;
  const unsigned own = self.number % kLanes, first = self.number - own;
  const auto present = static_cast<unsigned>(m.threads.size()) - first;
  self.operation = name_of(op);
  self.where = where;
  self.mask = mask;
  self.value = bits;
  self.lane = lane;
  self.width = width;
  if (!(mask >> own & 1U)) {
    fail(self, "the calling lane " + std::to_string(own) + " is not in its mask " + hex(mask));
  }
  if (present < kLanes && mask >> present != 0) {
    fail(self, "the mask " + hex(mask) + " names lane " + std::to_string(present) +
                   " or above, but this warp has " + std::to_string(present) + " lanes");
  }
  if (width < 1 || width > static_cast<int>(kLanes) ||
      !std::has_single_bit(static_cast<unsigned>(width))) {
    fail(self, "width " + std::to_string(width) + " is not a power of two up to 32");
  }
  Warp& state = m.warps[first / kLanes];
  if (const unsigned gone = state.done & mask; gone != 0) {
    fail(self, "lane " + std::to_string(std::countr_zero(gone)) + " is in the mask " + hex(mask) +
                   " but has returned");
  }
  state.arrived |= 1U << own;
  Thread* lanes = &m.threads[first];
  if (!all_wait_together(lanes, mask & ~state.arrived, mask)) {
    wait(self, State::at_warp_op);
    return self.result;
  }
  for (unsigned l = 0; l < kLanes; ++l) {
    if ((mask >> l & 1U) && !same_place(lanes[l], self)) {
      fail(self, "divergent: " + waits(lanes[l]) + " with mask " + hex(lanes[l].mask));
    }
  }
  state.arrived &= ~mask;
  complete(op, mask, lanes);
  if (op == WarpOp::sync) race::warp_barrier(first / kLanes, mask);
  return self.result;
}

}  // namespace phosphene::simt
