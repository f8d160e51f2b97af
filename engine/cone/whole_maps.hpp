#pragma once
#include <memory>
#include <vector>

#include "engine/cone/plan.hpp"
#include "engine/cone/slots.hpp"

namespace phosphene::cone {

/// Steps [first, last) on whole maps, as a session runs them.
class WholeMaps {
 public:
  /// `keep`: every map keeps its memory of its own, so that all can be read afterwards.
  WholeMaps(const Steps& steps, Lowering& lowering, int first, int last, std::int64_t batch,
            bool keep);
  WholeMaps(const WholeMaps&) = delete;
  WholeMaps& operator=(const WholeMaps&) = delete;

  std::size_t bytes() const { return slots_.bytes(); }
  /// `input` is where the map that is read from before `first` lies.
  void bind(void* memory, int input_map, void* input);
  void forward();
  void* map(int index) const { return maps_[static_cast<std::size_t>(index)]; }

 private:
  const Steps& steps_;
  int first_;
  std::vector<std::unique_ptr<Step>> list_;
  std::vector<void*> maps_;
  void* workspace_ = nullptr;
  Slots slots_;
};

}  // namespace phosphene::cone
