// Images of an attack along the decision boundary: one to a slot, each with its original x0, a
// point x at the boundary, a candidate z, a direction v and the best that was found
// (kernels/boundary.hpp has the formulas). All stay on the device; what is asked of several slots
// is one launch.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::ops {

enum class BoundaryKind : std::uint8_t {
  original,   ///< x0
  candidate,  ///< z
  noise,      ///< x0 + amount (u - x0), u uniform
  blend,      ///< L2: x0 + amount (z - x0); L-infinity: z within amount of x0
  step,       ///< x + amount v
  direction,  ///< x + amount r, r a random direction of length 1
};

struct BoundaryQuery {
  BoundaryKind kind = BoundaryKind::original;
  float amount = 0;
  std::int64_t slot = 0;
  Draw draw{};  ///< of noise and direction
};

/// Neighbouring rows of a batch that are directions of one slot.
struct BoundaryRows {
  std::int64_t slot = 0, first = 0, count = 0;
  bool begins = false;  ///< a new direction: the sums of the last one are dropped
};

struct BoundaryTurn {
  std::int64_t slot = 0;
  float mean = 0;  ///< of the phi of all its rows
};

class BoundarySlots {
 public:
  enum class Place : std::uint8_t { original, point, candidate, best };

  /// `image` is [1, c, h, w]; at most `most_rows` queries at once.
  BoundarySlots(const Context& context, Norm norm, const Shape& image, std::int64_t slots,
                std::int64_t most_rows);

  void put(Place place, std::int64_t slot, const Tensor& host_image);
  Tensor take(Place place, std::int64_t slot) const;  ///< on the host

  /// y [rows, c, h, w]: row i is queries[i].
  void images(std::span<const BoundaryQuery> queries, Tensor& y);
  /// Each query's image becomes its slot's; their distances to the originals. One query a slot.
  std::vector<float> keep(std::span<const BoundaryQuery> queries, Place place);
  /// Of images()' rows, with the phi of each row of y.
  void add_directions(const Tensor& y, std::span<const float> phi,
                      std::span<const BoundaryRows> rows);
  /// v = what the sums say: of length 1 in L2, of signs in L-infinity.
  void turn(std::span<const BoundaryTurn> turns);

 private:
  Tensor& at(Place place);
  const Tensor& at(Place place) const;
  void make(std::span<const BoundaryQuery> queries, bool rows, float* y, float* distances);

  const Context& context_;
  Norm norm_;
  Shape image_;
  Tensor original_, point_, candidate_, best_, direction_, plus_, all_;
  Tensor list_, phi_, distances_;  ///< what the host sends, and reads
};

}  // namespace phosphene::ops
