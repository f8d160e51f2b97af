#include "tests/simt/race_report.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>

#include "tests/simt/block.hpp"

namespace phosphene::simt::race {
namespace {

// "FILE:LINE" of the access before that instruction: in the kernel's text, or in a function that
// was inlined there. The debugging information is read by addr2line, which comes with every
// compiler.
std::string source_line(std::uint32_t code) {
  static std::map<std::uint32_t, std::string> known;
  if (const auto line = known.find(code); line != known.end()) return line->second;
  char command[128];
  std::snprintf(command, sizeof command, "addr2line -i -e /proc/%d/exe 0x%x 2>&1", getpid(),
                code - 1);
  FILE* const lines = popen(command, "r");
  char line[1024];
  std::string found = "an unknown line";
  while (lines && std::fgets(line, sizeof line, lines)) {
    found.assign(line, std::strcspn(line, " \n"));
    if (found.find("tests/simt/atomics.hpp") == std::string::npos) break;
  }
  if (lines) pclose(lines);
  return known[code] = found.substr(found.find_last_of('/') + 1);
}

std::string offset(const std::string& name, std::uintptr_t bytes) {
  return name + " + " + std::to_string(bytes) + " bytes";
}

// Global memory has no names here; the parameter whose pointer lies closest below tells as much.
std::string global_memory(std::uintptr_t address) {
  constexpr std::uintptr_t kFarthest = std::uintptr_t{1} << 32;
  const std::vector<Argument>& arguments = *machine().arguments;
  std::uintptr_t nearest = kFarthest;
  std::size_t number = 0;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    for (std::size_t at = 0; at + sizeof nearest <= arguments[i].bytes; at += sizeof nearest) {
      std::uintptr_t word;
      std::memcpy(&word, static_cast<const char*>(arguments[i].address) + at, sizeof word);
      if (address - word >= nearest) continue;
      nearest = address - word;
      number = i + 1;
    }
  }
  if (number == 0) return "global memory";
  return offset("global memory, argument " + std::to_string(number), nearest);
}

std::string memory(std::uintptr_t address) {
  const Machine& m = machine();
  for (const SharedVariable& variable : *m.shared) {
    const auto begin = reinterpret_cast<std::uintptr_t>(variable.address);
    if (address - begin < variable.bytes) return offset("shared " + variable.name, address - begin);
  }
  const auto dynamic = reinterpret_cast<std::uintptr_t>(m.dynamic);
  if (m.dynamic && address - dynamic < m.dynamic_bytes) {
    return offset("dynamic shared memory", address - dynamic);
  }
  return global_memory(address);
}

std::string thread(const Access& access) {
  const unsigned b = access.block, t = access.thread;
  return "block " +
         text(uint3{b % gridDim.x, b / gridDim.x % gridDim.y, b / gridDim.x / gridDim.y}) +
         ", thread " +
         text(uint3{t % blockDim.x, t / blockDim.x % blockDim.y, t / blockDim.x / blockDim.y});
}

std::string act(const Access& access, Kind kind) {
  const char* const verb = kind == Kind::read    ? " reads it in "
                           : kind == Kind::write ? " writes it in "
                                                 : " updates it in ";
  return thread(access) + verb + source_line(access.code);
}

std::string describe(const Finding& f) {
  const std::string name = memory(f.address), now = act(f.now, f.now_kind);
  if (f.before.clock == 0) return name + ": " + now + ", but nobody in this block has written it";
  return name + ": race: " + act(f.before, f.before_kind) + "; " + now + "; no barrier orders them";
}

}  // namespace

std::string describe(const std::vector<Finding>& found) {
  constexpr std::size_t kMost = 4;
  std::string all;
  for (std::size_t i = 0; i < std::min(found.size(), kMost); ++i) {
    all += "\n  " + describe(found[i]);
  }
  if (found.size() > kMost) {
    all += "\n  and " + std::to_string(found.size() - kMost) + " more pairs of lines";
  }
  return all;
}

std::uint32_t code_offset(const void* code) {
  static const std::uintptr_t base = load_address();
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(code) - base);
}

}  // namespace phosphene::simt::race
