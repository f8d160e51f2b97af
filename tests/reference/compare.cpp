#include "tests/reference/compare.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "phosphene/error.hpp"
#include "tests/reference/reference_lowering.hpp"

namespace phosphene::reference {
namespace {

SessionOptions options_for(const Shape& image, std::vector<std::string> taps) {
  return {.height = image.h, .width = image.w, .batch = image.n, .taps = std::move(taps)};
}

void run(Session& session, const Values& pixels) {
  write(pixels, session.image());
  session.forward();
}

/// Least |x| over the root mean square.
double least_magnitude(const Values& x) {
  double least = std::numeric_limits<double>::infinity(), squares = 0;
  for (const double v : x) {
    least = std::min(least, std::abs(v));
    squares += v * v;
  }
  return squares > 0 ? least / std::sqrt(squares / static_cast<double>(x.size())) : 0;
}

/// Least distance from a window's largest value to the next different one, over the root mean
/// square. Equal values (zeros after a ReLU, as a rule) stay equal in every lowering.
double least_lead(const Values& x, const Shape& in, const Shape& out, const Window& window) {
  double least = std::numeric_limits<double>::infinity(), squares = 0;
  for (const double v : x) squares += v * v;
  for (std::int64_t plane = 0; plane < out.n * out.c; ++plane) {
    for (std::int64_t place = 0; place < out.pixels(); ++place) {
      std::vector<double> seen;
      for (int r = 0; r < window.kernel.h; ++r) {
        for (int s = 0; s < window.kernel.w; ++s) {
          const std::int64_t i = place / out.w * window.stride.h - window.pad.top + r;
          const std::int64_t j = place % out.w * window.stride.w - window.pad.left + s;
          if (i < 0 || i >= in.h || j < 0 || j >= in.w) continue;
          seen.push_back(x[static_cast<std::size_t>((plane * in.h + i) * in.w + j)]);
        }
      }
      std::ranges::sort(seen, std::greater<>());
      const auto next = std::ranges::find_if(seen, [&](double v) { return v != seen[0]; });
      if (next != seen.end()) least = std::min(least, seen[0] - *next);
    }
  }
  return squares > 0 ? least / std::sqrt(squares / static_cast<double>(x.size())) : 0;
}

}  // namespace

Values pixels_of(const Shape& image, std::uint64_t seed) {
  return Random(seed).values(image.count(), 0, 1);
}

double switching_margin(const Context& context, const Network& network, const Shape& image,
                        const Values& pixels) {
  const Graph& graph = network.graph();
  const std::vector<Shape> shapes = graph.infer_shapes(image);
  std::vector<int> switches;
  std::vector<std::string> taps;
  for (int i = 0; i < graph.size(); ++i) {
    if (!std::holds_alternative<op::Relu>(graph[i].op) &&
        !std::holds_alternative<op::LeakyRelu>(graph[i].op) &&
        !std::holds_alternative<op::MaxPool>(graph[i].op)) {
      continue;
    }
    switches.push_back(i);
    const std::string& from = graph[graph[i].inputs[0]].name;
    if (std::ranges::find(taps, from) == taps.end()) taps.push_back(from);
  }
  double margin = std::numeric_limits<double>::infinity();
  if (taps.empty()) return margin;
  SessionOptions options = options_for(image, taps);
  options.backward = false;
  Session session(context, network, options, make_reference_lowering<double>());
  run(session, pixels);
  for (const int i : switches) {
    const auto from = static_cast<std::size_t>(graph[i].inputs[0]);
    const Values x = read(session.tap(graph[static_cast<int>(from)].name));
    const auto* pool = std::get_if<op::MaxPool>(&graph[i].op);
    margin = std::min(margin, pool == nullptr
                                  ? least_magnitude(x)
                                  : least_lead(x, shapes[from], shapes[static_cast<std::size_t>(i)],
                                               pool->window));
  }
  return margin;
}

std::uint64_t steady_seed(const Context& context, const Network& network, const Shape& image,
                          double margin) {
  constexpr std::uint64_t kTries = 200;
  for (std::uint64_t seed = 1; seed <= kTries; ++seed) {
    if (switching_margin(context, network, image, pixels_of(image, seed)) >= margin) return seed;
  }
  throw Error("reference fixtures: no batch of " + std::to_string(kTries) +
              " keeps every unit away from its switching point");
}

void expect_same(const MakeSession& make, const Context& context, const Network& network,
                 const Shape& image, const std::vector<std::string>& taps, Tolerance tolerance,
                 std::uint64_t seed) {
  const SessionOptions options = options_for(image, taps);
  Session tested = make(network, options);
  Session judge(context, network, options, make_reference_lowering<double>());
  const Values pixels = pixels_of(image, seed);
  run(tested, pixels);
  run(judge, pixels);

  Random random(seed + 1000);
  std::vector<Seed> all;
  for (const std::string& tap : taps) {
    ASSERT_EQ(tested.tap(tap).shape(), judge.tap(tap).shape()) << tap;
    EXPECT_LE(relative_l2(read(tested.tap(tap)), read(judge.tap(tap))), tolerance.forward) << tap;
    all.push_back(seed_of(tap, random.values(judge.tap(tap).count(), -1, 1)));
  }
  const std::array last{all.back()};

  std::vector<std::string> places{"image"};
  places.insert(places.end(), taps.begin(), taps.end() - 1);
  for (const std::string& place : places) {
    for (const ReluRule rule : {ReluRule::standard, ReluRule::deconvnet, ReluRule::guided}) {
      for (const std::span<const Seed> seeds : {std::span<const Seed>(last), {all}}) {
        const Values want = read(judge.backward(seeds, rule, place));
        EXPECT_LE(relative_l2(read(tested.backward(seeds, rule, place)), want), tolerance.backward)
            << "gradient at " << place << ", rule " << static_cast<int>(rule) << ", "
            << seeds.size() << " seeds";
      }
    }
  }
}

}  // namespace phosphene::reference
