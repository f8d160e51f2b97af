// The words for what the race build found.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tests/simt/race.hpp"
#include "tests/simt/shadow.hpp"

namespace phosphene::simt::race {

/// Two accesses that race. Without a first one, `now` reads shared memory that nobody has written.
struct Finding {
  Access before, now;
  Kind before_kind, now_kind;
  std::uintptr_t address;
};

/// A line for each of the first few; empty if there are none.
std::string describe(const std::vector<Finding>& found);

/// The address of an instruction as the executable's file counts it.
std::uint32_t code_offset(const void* code);

}  // namespace phosphene::simt::race
