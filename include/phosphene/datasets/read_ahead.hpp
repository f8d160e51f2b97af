#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "phosphene/tensor.hpp"

namespace phosphene {

/// Reads images in threads of its own while the caller computes, a bounded number ahead, and hands
/// them out in order.
class ReadAhead {
 public:
  struct Loaded {
    std::int64_t index = 0;
    Tensor image;
    std::string error;  ///< why there is no image: what the Error said
  };

  /// `load` (Dataset::load, load_image, ...) is called for each of `indices` once, from `threads`
  /// threads at a time; 0: one to four, after the machine. At most `ahead` images wait.
  ReadAhead(std::vector<std::int64_t> indices, std::function<Tensor(std::int64_t)> load,
            std::int64_t ahead, int threads = 0);
  /// Waits for what is being read; the rest is not.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// The next one; nothing at the end. Throws whatever `load` threw that is no Error, and every
  /// UsageError.
  std::optional<Loaded> next();

 private:
  struct Threads;
  std::unique_ptr<Threads> threads_;
};

}  // namespace phosphene
