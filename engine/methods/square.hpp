#pragma once
#include <cstdint>

#include "phosphene/tensor.hpp"

namespace phosphene {

/// A photograph resized to h x w, and where the square in the middle lies in that.
struct Square {
  std::int64_t h, w, top, left;
};

/// The short side becomes `size`, the long one is rounded down.
Square square_of(std::int64_t h, std::int64_t w, std::int64_t size);
/// The same of a photograph that is to be resized: throws Error where it is a thread of pixels.
Square square_to_frame(const Shape& photo, std::int64_t size);

/// Throws UsageError below 1.
void check_size(std::int64_t size);

}  // namespace phosphene
