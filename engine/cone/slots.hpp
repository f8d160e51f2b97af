#pragma once
#include <cstddef>
#include <utility>
#include <vector>

#include "engine/session/memory_plan.hpp"

namespace phosphene::cone {

/// Buffers by the time that they are needed, and the pointers to them, until there is memory.
class Slots {
 public:
  void add(std::size_t bytes, int first, int last, std::vector<void**> users) {
    intervals_.push_back({bytes, first, last});
    users_.push_back(std::move(users));
  }
  void plan() { plan_ = plan_memory(intervals_); }
  std::size_t bytes() const { return plan_.bytes; }
  void place(void* memory) const {
    for (std::size_t i = 0; i < users_.size(); ++i) {
      for (void** user : users_[i]) *user = static_cast<std::byte*>(memory) + plan_.offsets[i];
    }
  }

 private:
  std::vector<Interval> intervals_;
  std::vector<std::vector<void**>> users_;
  MemoryPlan plan_;
};

}  // namespace phosphene::cone
