// What the race build remembers of every byte that the running launch touched.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace phosphene::simt::race {

/// One read or write.
struct Access {
  std::uint32_t clock = 0;  // the checker's time; 0: there was none
  std::uint32_t block = 0;  // counted over the grid
  std::uint32_t code = 0;   // the instruction after it, from the executable's load address
  std::uint16_t thread = 0;
};

/// Two accesses that nothing orders, of two warps if there are two: whoever comes later and is
/// ordered after both is ordered after all that were forgotten, unless some lanes of one warp
/// synchronise without the others.
struct History {
  Access first, second;
};

struct Cell {
  History reads, writes, atomics;
};

/// Cells by address: one for each aligned word of four bytes, or for each byte in the pages where
/// anything narrower was touched.
class Shadow {
 public:
  /// Calls visit(cell, byte) for every cell of the range, `byte` counted from its start.
  template <class Visit>
  void for_each_cell(std::uintptr_t address, std::size_t bytes, Visit visit) {
    for (std::size_t i = 0; i < bytes;) {
      Page& page = page_of(address + i);
      const std::size_t offset = (address + i) % kPageBytes;
      if (page.grain == kWord && (offset % kWord != 0 || bytes - i < kWord)) refine(page);
      visit(page.cells[offset / page.grain], i);
      i += page.grain;
    }
  }

  /// Forgets everything if it has grown large; called between launches.
  void trim();

 private:
  static constexpr std::size_t kPageBytes = 4096, kWord = 4, kRecent = 64;

  struct Page {
    std::size_t grain = kWord;
    std::vector<Cell> cells = std::vector<Cell>(kPageBytes / kWord);
  };
  struct Recent {
    std::uintptr_t number = 0;
    Page* page = nullptr;
  };

  Page& page_of(std::uintptr_t address) {
    const std::uintptr_t number = address / kPageBytes;
    Recent& recent = recent_[number % kRecent];
    if (!recent.page || recent.number != number) recent = {number, &pages_[number]};
    return *recent.page;
  }
  static void refine(Page& page);

  std::unordered_map<std::uintptr_t, Page> pages_;
  Recent recent_[kRecent];
};

}  // namespace phosphene::simt::race
