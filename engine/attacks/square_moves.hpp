// The random part of the Square attack (Andriushchenko et al. 2020): how large the squares are,
// where they lie, what is in them.
#pragma once
#include <cstdint>
#include <vector>

#include "engine/ops/attack_steps.hpp"
#include "phosphene/attacks/attack.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

/// The fraction p of the image's area in proposal `i` (from 0): p_init, halved after proposals 10,
/// 50, 200, 500, 1000, 2000, 4000, 6000 and 8000.
double square_fraction(double p_init, int i);

/// The side of a square of that area, at least 1 and at most the image's; in L2 at least 3 and odd
/// where the image allows it.
std::int32_t square_side(Norm norm, double fraction, std::int64_t h, std::int64_t w);

/// The bump of L2, side x side and of length 1: the upper half rises, the lower one falls, towards
/// their middles, as sum over k >= m of 1 / (k + 1)^2 at the distance m (the larger of rows and
/// columns).
std::vector<float> square_bump(std::int32_t side);

/// The bumps of all sides that a search can come to, one after the other.
class SquareBumps {
 public:
  SquareBumps(Norm norm, double p_init, int queries, std::int64_t h, std::int64_t w);
  std::int32_t offset(std::int32_t side) const { return offsets_[static_cast<std::size_t>(side)]; }
  const std::vector<float>& table() const { return table_; }

 private:
  std::vector<std::int32_t> offsets_;
  std::vector<float> table_;
};

/// The squares and signs of a draw: both squares uniform over all places in the image.
ops::SquareMove square_move(const Context& context, const Draw& draw, std::int32_t side,
                            std::int32_t bump, std::int64_t h, std::int64_t w);

/// The first point, on the host, in the ball and in [0,1]: stripes of one column, a sign a channel
/// and column; or tiles of a fifth of the height, a bump of either orientation each and a sign a
/// channel, of length eps in all.
Tensor square_start(const Context& context, const Draw& draw, Norm norm, const Tensor& image,
                    float epsilon);

}  // namespace phosphene
