#include "tests/reference/fixtures.hpp"

#include <cmath>
#include <utility>

#include "phosphene/error.hpp"

namespace phosphene::reference {
namespace {

/// Calls visit(index in nchw order, index in memory) for every element.
template <class Visit>
void for_each_element(const Tensor& tensor, Visit visit) {
  const Shape& s = tensor.shape();
  std::int64_t index = 0;
  for (std::int64_t n = 0; n < s.n; ++n) {
    for (std::int64_t c = 0; c < s.c; ++c) {
      for (std::int64_t p = 0; p < s.pixels(); ++p, ++index) {
        const bool nhwc = tensor.layout() == Layout::nhwc;
        visit(static_cast<std::size_t>(index),
              nhwc ? (n * s.pixels() + p) * s.c + c : (n * s.c + c) * s.pixels() + p);
      }
    }
  }
}

void require_host(const Tensor& tensor) {
  if (tensor.device().is_cuda() || tensor.dtype() == DType::bf16) {
    throw Error("reference fixtures: a " + to_string(tensor.dtype()) + " tensor on " +
                to_string(tensor.device()) + "; expected f32 or f64 on the host");
  }
}

HostArray random_array(Random& random, std::vector<std::int64_t> shape, float low, float high) {
  HostArray array{std::move(shape), {}};
  std::int64_t count = 1;
  for (const std::int64_t extent : array.shape) count *= extent;
  for (std::int64_t i = 0; i < count; ++i) array.values.push_back(random.uniform(low, high));
  return array;
}

/// Uniform with the variance 2 / fan_in, so that activations keep their size (He et al. 2015).
HostArray he_array(Random& random, std::vector<std::int64_t> shape, std::int64_t fan_in) {
  const float bound = std::sqrt(6.0F / static_cast<float>(fan_in));
  return random_array(random, std::move(shape), -bound, bound);
}

}  // namespace

float Random::uniform(float low, float high) {
  state_ += 0x9E3779B97F4A7C15U;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  z ^= z >> 31;
  const double unit = static_cast<double>(z >> 40) / static_cast<double>(1U << 24);
  return static_cast<float>(low + (high - low) * unit);
}

Values Random::values(std::int64_t count, float low, float high) {
  Values values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(uniform(low, high));
  return values;
}

Network random_network(const Graph& graph, const Shape& image, std::uint64_t seed) {
  Random random(seed);
  Weights weights;
  const std::vector<Shape> shapes = graph.infer_shapes(image);
  for (int i = 0; i < graph.size(); ++i) {
    const Node& node = graph[i];
    const std::int64_t out = shapes[static_cast<std::size_t>(i)].c;
    if (node.inputs.empty()) continue;
    const std::int64_t in = shapes[static_cast<std::size_t>(node.inputs[0])].c;
    if (const auto* conv = std::get_if<op::Conv>(&node.op)) {
      const Extent k = conv->window.kernel;
      const std::int64_t per_group = in / conv->groups;
      weights.set(node.weights + ".weight",
                  he_array(random, {out, per_group, k.h, k.w}, per_group * k.h * k.w));
      if (conv->bias) weights.set(node.weights + ".bias", random_array(random, {out}, -.2F, .2F));
    } else if (const auto* linear = std::get_if<op::Linear>(&node.op)) {
      weights.set(node.weights + ".weight", he_array(random, {out, in}, in));
      if (linear->bias) weights.set(node.weights + ".bias", random_array(random, {out}, -.2F, .2F));
    } else if (std::holds_alternative<op::BatchNorm>(node.op)) {
      HostArray gain = random_array(random, {out}, .5F, 1.5F);
      for (float& g : gain.values) g = random.uniform(0, 1) < .3F ? -g : g;
      weights.set(node.weights + ".weight", std::move(gain));
      weights.set(node.weights + ".bias", random_array(random, {out}, -.5F, .5F));
      weights.set(node.weights + ".running_mean", random_array(random, {out}, -.5F, .5F));
      weights.set(node.weights + ".running_var", random_array(random, {out}, .5F, 2));
    }
  }
  return {graph, std::move(weights)};
}

Values read(const Tensor& tensor) {
  require_host(tensor);
  Values values(static_cast<std::size_t>(tensor.count()));
  for_each_element(tensor, [&](std::size_t i, std::int64_t at) {
    values[i] = tensor.dtype() == DType::f64 ? tensor.data<double>()[at] : tensor.data<float>()[at];
  });
  return values;
}

void write(const Values& values, Tensor& tensor) {
  require_host(tensor);
  for_each_element(tensor, [&](std::size_t i, std::int64_t at) {
    if (tensor.dtype() == DType::f64) {
      tensor.data<double>()[at] = values.at(i);
    } else {
      tensor.data<float>()[at] = static_cast<float>(values.at(i));
    }
  });
}

Seed seed_of(std::string tap, Values gradient) {
  return {std::move(tap), [gradient = std::move(gradient)](const Tensor&, Tensor& d_tap) {
            Values sum = read(d_tap);
            for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += gradient.at(i);
            write(sum, d_tap);
          }};
}

double relative_l2(const Values& a, const Values& b) {
  if (a.size() != b.size()) {
    throw Error("reference fixtures: " + std::to_string(a.size()) + " values against " +
                std::to_string(b.size()));
  }
  double distance = 0, norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    distance += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return norm > 0 ? std::sqrt(distance / norm) : std::sqrt(distance);
}

}  // namespace phosphene::reference
