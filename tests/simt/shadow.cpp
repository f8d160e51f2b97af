#include "tests/simt/shadow.hpp"

namespace phosphene::simt::race {

void Shadow::trim() {
  constexpr std::size_t kMostPages = 2048;  // 192 MiB of cells by words
  if (pages_.size() <= kMostPages) return;
  pages_.clear();
  for (Recent& recent : recent_) recent = {};
}

void Shadow::refine(Page& page) {
  std::vector<Cell> bytes(kPageBytes);
  for (std::size_t i = 0; i < kPageBytes; ++i) bytes[i] = page.cells[i / kWord];
  page.cells.swap(bytes);
  page.grain = 1;
}

}  // namespace phosphene::simt::race
