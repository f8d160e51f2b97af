#pragma once
#include <functional>
#include <string>
#include <vector>

#include "phosphene/session.hpp"
#include "tests/reference/fixtures.hpp"

namespace phosphene::reference {

/// A session of the lowering under test.
using MakeSession = std::function<Session(const Network&, const SessionOptions&)>;

/// How far a lowering may be from the double-precision reference, by relative L2.
struct Tolerance {
  double forward, backward;
};

/// Runs `network` on one image batch through `make` and through the reference in double, and
/// expects (GoogleTest) the same at every tap, and the same gradient under each ReLU rule: at the
/// image, and at every tap but the last, from a seed at the last tap and from seeds at all taps.
void expect_same(const MakeSession& make, const Context& context, const Network& network,
                 const Shape& image, const std::vector<std::string>& taps, Tolerance tolerance,
                 std::uint64_t seed = 1);

/// The least |x| before any ReLU, and the least lead of a MaxPool's winner, over the root mean
/// square of that node's input: how far `network` on this batch is from a place where rounding
/// would switch a unit, after which two right answers differ by that unit's whole share.
double switching_margin(const Context& context, const Network& network, const Shape& image,
                        const Values& pixels);

/// The first batch of uniform noise, by its seed, with a switching_margin of at least `margin`.
std::uint64_t steady_seed(const Context& context, const Network& network, const Shape& image,
                          double margin);

/// The batch that expect_same draws for `seed`.
Values pixels_of(const Shape& image, std::uint64_t seed);

}  // namespace phosphene::reference
