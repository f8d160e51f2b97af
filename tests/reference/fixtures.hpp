// What the tests of two lowerings share: random networks and images, taps and gradients as plain
// vectors in nchw order, and the distance between two of them.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "phosphene/session.hpp"

namespace phosphene::reference {

/// Values in nchw order, whatever the layout and type of the tensor they came from.
using Values = std::vector<double>;

/// splitmix64 (Steele et al. 2014): the same numbers with every standard library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  /// Uniform in [low, high), rounded to float so that every lowering gets the same number.
  float uniform(float low, float high);
  Values values(std::int64_t count, float low, float high);

 private:
  std::uint64_t state_;
};

/// He-scaled weights for every node of `graph`; a BatchNorm's gains have either sign.
Network random_network(const Graph& graph, const Shape& image, std::uint64_t seed);

Values read(const Tensor& tensor);
/// Into a host tensor of f32 or f64.
void write(const Values& values, Tensor& tensor);
/// A seed that adds `gradient` to its tap; for sessions on the host.
Seed seed_of(std::string tap, Values gradient);

/// |a - b| / |b|, in the Euclidean norm; |a| where b is zero.
double relative_l2(const Values& a, const Values& b);

}  // namespace phosphene::reference
