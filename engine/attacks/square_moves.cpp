#include "engine/attacks/square_moves.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace phosphene {
namespace {

/// The proposals after which the squares' area is halved.
constexpr std::array kHalvings{10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000};

/// The words of a draw one after the other.
class Words {
 public:
  Words(const Context& context, const Draw& draw) : context_(context), draw_(draw) {}
  std::uint32_t next() {
    if (taken_ % 4 == 0) words_ = ops::random_words(context_, draw_, taken_ / 4);
    return words_[static_cast<std::size_t>(taken_++ % 4)];
  }
  /// Uniform over 0 .. count - 1, but for count / 2^32.
  std::int32_t below(std::int64_t count) {
    return static_cast<std::int32_t>(next() * static_cast<std::uint64_t>(count) >> 32);
  }

 private:
  const Context& context_;
  Draw draw_;
  std::int64_t taken_ = 0;
  std::array<std::uint32_t, 4> words_{};
};

double inverse_length(const std::vector<double>& v) {
  double squares = 0;
  for (const double e : v) squares += e * e;
  return 1 / std::sqrt(squares);
}

/// Half a bump, h x w.
std::vector<double> half_bump(std::int64_t h, std::int64_t w) {
  const std::int64_t rings = std::max(h, w) / 2 + 1;
  std::vector<double> at(static_cast<std::size_t>(rings) + 1);
  for (std::int64_t m = rings - 1; m >= 0; --m) {
    const auto i = static_cast<std::size_t>(m);
    at[i] = at[i + 1] + 1.0 / static_cast<double>((m + 1) * (m + 1));
  }
  std::vector<double> bump;
  for (std::int64_t row = 0; row < h; ++row) {
    for (std::int64_t col = 0; col < w; ++col) {
      const std::int64_t m = std::max(std::abs(row - h / 2), std::abs(col - w / 2));
      bump.push_back(at[static_cast<std::size_t>(m)]);
    }
  }
  const double scale = inverse_length(bump);
  for (double& v : bump) v *= scale;
  return bump;
}

void stripes(Words& words, float epsilon, Tensor& x) {
  const Shape& s = x.shape();
  for (std::int64_t c = 0; c < s.c; ++c) {
    for (std::int64_t col = 0; col < s.w; ++col) {
      const float sign = (words.next() & 1U) != 0 ? epsilon : -epsilon;
      for (std::int64_t row = 0; row < s.h; ++row) x.data()[(c * s.h + row) * s.w + col] += sign;
    }
  }
}

void tiles(Words& words, float epsilon, Tensor& x) {
  const Shape& s = x.shape();
  const std::int64_t side = std::max<std::int64_t>(1, std::min(s.h, s.w) / 5);
  const std::vector<float> bump = square_bump(static_cast<std::int32_t>(side));
  std::vector<double> d(static_cast<std::size_t>(x.count()));
  for (std::int64_t top = s.h % side / 2; top + side <= s.h; top += side) {
    for (std::int64_t left = s.w % side / 2; left + side <= s.w; left += side) {
      const std::uint32_t bits = words.next();
      for (std::int64_t c = 0; c < s.c; ++c) {
        const double sign = (bits >> c & 1U) != 0 ? 1 : -1;
        for (std::int64_t i = 0; i < side * side; ++i) {
          const std::int64_t row = top + i / side, col = left + i % side;
          const std::int64_t from = bits >> 31 != 0 ? i % side * side + i / side : i;
          d[static_cast<std::size_t>((c * s.h + row) * s.w + col)] =
              sign * bump[static_cast<std::size_t>(from)];
        }
      }
    }
  }
  const double scale = epsilon * inverse_length(d);
  for (std::int64_t i = 0; i < x.count(); ++i) {
    x.data()[i] += static_cast<float>(scale * d[static_cast<std::size_t>(i)]);
  }
}

}  // namespace

double square_fraction(double p_init, int i) {
  double p = p_init;
  for (const int after : kHalvings) {
    if (i > after) p /= 2;
  }
  return p;
}

std::int32_t square_side(Norm norm, double fraction, std::int64_t h, std::int64_t w) {
  // Halves go to the even number.
  auto side = std::lrint(std::sqrt(fraction * static_cast<double>(h * w)));
  side = std::max(side, norm == Norm::linf ? 1L : 3L);
  if (norm == Norm::l2 && side % 2 == 0) ++side;
  return static_cast<std::int32_t>(std::min<std::int64_t>(side, std::min(h, w)));
}

std::vector<float> square_bump(std::int32_t side) {
  std::vector<double> bump = half_bump(side / 2, side);
  for (const double v : half_bump(side - side / 2, side)) bump.push_back(-v);
  const double scale = inverse_length(bump);
  std::vector<float> values;
  for (const double v : bump) values.push_back(static_cast<float>(v * scale));
  return values;
}

SquareBumps::SquareBumps(Norm norm, double p_init, int queries, std::int64_t h, std::int64_t w)
    : offsets_(static_cast<std::size_t>(std::min(h, w)) + 1) {
  std::int32_t last = 0;
  for (int i = 0; norm == Norm::l2 && i < queries && i <= kHalvings.back() + 1; ++i) {
    const std::int32_t side = square_side(norm, square_fraction(p_init, i), h, w);
    if (side == last) continue;
    last = side;
    offsets_[static_cast<std::size_t>(side)] = static_cast<std::int32_t>(table_.size());
    for (const float v : square_bump(side)) table_.push_back(v);
  }
  if (table_.empty()) table_.push_back(0);
}

ops::SquareMove square_move(const Context& context, const Draw& draw, std::int32_t side,
                            std::int32_t bump, std::int64_t h, std::int64_t w) {
  Words words(context, draw);
  ops::SquareMove move{};
  move.top = words.below(h - side + 1);
  move.left = words.below(w - side + 1);
  move.top_two = words.below(h - side + 1);
  move.left_two = words.below(w - side + 1);
  move.side = side;
  move.bump = bump;
  move.signs = words.next();
  move.transposed = static_cast<std::int32_t>(words.next() & 1U);
  return move;
}

Tensor square_start(const Context& context, const Draw& draw, Norm norm, const Tensor& image,
                    float epsilon) {
  Tensor x = Tensor::host(image.shape());
  std::copy_n(image.data(), image.count(), x.data());
  Words words(context, draw);
  norm == Norm::linf ? stripes(words, epsilon, x) : tiles(words, epsilon, x);
  for (std::int64_t i = 0; i < x.count(); ++i) x.data()[i] = std::clamp(x.data()[i], 0.0F, 1.0F);
  return x;
}

}  // namespace phosphene
