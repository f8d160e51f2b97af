#include "phosphene/methods/saliency.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "engine/methods/target_neuron.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"
#include "phosphene/session.hpp"

namespace phosphene {
namespace {

constexpr std::array<std::pair<const char*, SaliencyMethod>, 6> kMethods{
    {{"gradient", SaliencyMethod::gradient},
     {"gradient-x-input", SaliencyMethod::gradient_x_input},
     {"smoothgrad", SaliencyMethod::smoothgrad},
     {"integrated-gradients", SaliencyMethod::integrated_gradients},
     {"guided-backprop", SaliencyMethod::guided_backprop},
     {"deconvnet", SaliencyMethod::deconvnet}}};

ReluRule rule_of(SaliencyMethod method) {
  if (method == SaliencyMethod::guided_backprop) return ReluRule::guided;
  if (method == SaliencyMethod::deconvnet) return ReluRule::deconvnet;
  return ReluRule::standard;
}

/// Where a gradient is taken, and what it counts.
struct Sample {
  float at = 1, weight = 1;
};

/// The n nodes and weights of Gauss and Legendre over [0,1]: the roots x of P_n by Newton's method
/// from Tricomi's estimate, w = 2 / ((1 - x^2) P_n'(x)^2), both halved.
std::vector<Sample> gauss_legendre(int n) {
  std::vector<Sample> samples;
  for (int k = n; k >= 1; --k) {  // the largest root is the first of Tricomi's
    double x = std::cos(std::numbers::pi * (k - 0.25) / (n + 0.5)), slope = 0;
    constexpr int kSteps = 8;  // quadratic: five are enough for double precision up to n = 1000
    for (int step = 0; step < kSteps; ++step) {
      double before = 1, value = x;  // P_0, P_1
      for (int j = 2; j <= n; ++j) {
        before = std::exchange(value, ((2 * j - 1) * x * value - (j - 1) * before) / j);
      }
      slope = n * (x * value - before) / (x * x - 1);
      x -= value / slope;
    }
    samples.push_back(
        {static_cast<float>(0.5 * (1 + x)), static_cast<float>(1 / ((1 - x * x) * slope * slope))});
  }
  return samples;
}

std::vector<Sample> samples_of(const SaliencyOptions& options) {
  const int n = sample_count(options);
  if (!(options.sigma >= 0) || !std::isfinite(options.sigma)) {
    throw UsageError("--sigma " + std::to_string(options.sigma) + ": expected at least 0");
  }
  if (options.method == SaliencyMethod::smoothgrad) {
    return {static_cast<std::size_t>(n), {1, 1 / static_cast<float>(n)}};
  }
  if (options.method == SaliencyMethod::integrated_gradients) return gauss_legendre(n);
  return {{}};
}

}  // namespace

SaliencyMethod parse_saliency_method(const std::string& name) {
  std::string expected;
  for (const auto& [text, method] : kMethods) {
    if (name == text) return method;
    expected += (expected.empty() ? "" : ", ") + std::string(text);
  }
  throw UsageError("--method '" + printable(name) + "': expected " + expected);
}

const std::vector<std::string>& saliency_method_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [text, method] : kMethods) all.emplace_back(text);
    return all;
  }();
  return names;
}

int sample_count(const SaliencyOptions& options) {
  constexpr int kNoisy = 25, kNodes = 50, kMost = 1'000'000;
  if (options.samples < 0 || options.samples > kMost) {
    throw UsageError("--samples " + std::to_string(options.samples) +
                     ": expected 1 to 1000000, or 0 for the method's own");
  }
  const bool noisy = options.method == SaliencyMethod::smoothgrad;
  if (!noisy && options.method != SaliencyMethod::integrated_gradients) return 1;
  const int usual = noisy ? kNoisy : kNodes;
  return options.samples > 0 ? options.samples : usual;
}

struct Saliency::Impl {
  const Context& context;
  SaliencyMethod method;
  float sigma;
  Target target;
  std::vector<Sample> samples;
  Session session;
  Tensor baseline;  // [1, c, h, w] on the device; empty: black

  Impl(const Context& context_, const Network& network, std::int64_t height, std::int64_t width,
       std::int64_t batch, const SaliencyOptions& options)
      : context(context_),
        method(options.method),
        sigma(options.sigma),
        target(options.target),
        samples(samples_of(options)),
        session(context, network,
                {height, width, batch, {tap_of(network.graph(), options.target)}, true}) {
    target.layer = session.options().taps[0];
    check_target(target, session.tap(target.layer).shape(), options.target.layer.empty());
    if (options.baseline == nullptr) return;
    Shape expected = session.image().shape();
    expected.n = 1;
    if (options.baseline->shape() != expected) {
      throw UsageError("--baseline: a picture of " + to_string(options.baseline->shape()) +
                       ", expected " + to_string(expected));
    }
    baseline = ops::to_device(context, *options.baseline);
  }

  static std::string tap_of(const Graph& graph, const Target& target) {
    return target.layer.empty() ? score_layer(graph) : target.layer;
  }

  std::int64_t batch() const { return session.options().batch; }

  /// Gradients of the target neurons at what the session saw last.
  const Tensor& gradients(std::vector<Neuron> neurons) {
    const Seed seeds[] = {seed_at(context, target.layer, std::move(neurons))};
    return session.backward(seeds, rule_of(method));
  }

  /// Runs on the images themselves, batch by batch, and finds the neurons; `then` sees every
  /// batch's first image and its neurons.
  template <class Then>
  std::vector<Neuron> find_neurons(const Tensor& images, Then then) {
    std::vector<Neuron> all;
    const std::int64_t n = images.shape().n;
    for (std::int64_t first = 0; first < n; first += batch()) {
      std::vector<Neuron> neurons;
      const std::int64_t count = std::min(batch(), n - first);
      load(images, first, count);
      const Tensor maps = ops::to_host(context, session.tap(target.layer));
      for (std::int64_t i = 0; i < count; ++i) neurons.push_back(find_neuron(target, maps, i));
      all.insert(all.end(), neurons.begin(), neurons.end());
      then(first, std::move(neurons));
    }
    return all;
  }

  void load(const Tensor& images, std::int64_t first, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      Tensor to = ops::slot(session.image(), i);
      ops::copy(context, ops::slot(images, first + i), to);
    }
    session.forward();
  }

  /// Sample `s` of an image: with noise, or on the way from the baseline.
  void write_sample(const Tensor& image, std::int64_t index, std::size_t s, Tensor to) {
    if (method == SaliencyMethod::smoothgrad) {
      ops::add_normal_noise(context, image, sigma, index, static_cast<int>(s), to);
      return;
    }
    ops::copy(context, image, to);
    ops::scale(context, samples[s].at, to);
    if (!baseline.empty()) ops::axpy(context, 1 - samples[s].at, baseline, to);
  }

  /// sum[i] += sum over s of weight_s dS/dx at sample s of image i. The samples of all images are
  /// one list, cut into full batches; an image's are added in their order.
  void add_samples(const Tensor& images, std::span<const std::int64_t> indices,
                   const std::vector<Neuron>& neurons, Tensor& sum) {
    struct Item {
      std::int64_t image;
      std::size_t sample;
    };
    std::vector<Item> items;
    for (std::int64_t i = 0; i < images.shape().n; ++i) {
      for (std::size_t s = 0; s < samples.size(); ++s) items.push_back({i, s});
    }
    const auto most = static_cast<std::size_t>(batch());
    for (std::size_t first = 0; first < items.size(); first += most) {
      const std::span<const Item> now =
          std::span(items).subspan(first, std::min(most, items.size() - first));
      std::vector<Neuron> at;
      for (std::size_t k = 0; k < now.size(); ++k) {
        const std::int64_t i = now[k].image;
        write_sample(ops::slot(images, i),
                     indices.empty() ? i : indices[static_cast<std::size_t>(i)], now[k].sample,
                     ops::slot(session.image(), static_cast<std::int64_t>(k)));
        at.push_back(neurons[static_cast<std::size_t>(i)]);
      }
      session.forward();
      const Tensor& d_images = gradients(std::move(at));
      for (std::size_t k = 0; k < now.size(); ++k) {
        Tensor to = ops::slot(sum, now[k].image);
        ops::axpy(context, samples[now[k].sample].weight,
                  ops::slot(d_images, static_cast<std::int64_t>(k)), to);
      }
    }
  }

  SaliencyResult run(const Tensor& images, std::span<const std::int64_t> indices) {
    const Shape& s = images.shape();
    Shape expected = session.image().shape();
    expected.n = s.n;
    if (s.n < 1 || s != expected) {
      throw UsageError("saliency: images of " + to_string(s) + ", expected " + to_string(expected));
    }
    if (!indices.empty() && static_cast<std::int64_t>(indices.size()) != s.n) {
      throw UsageError("saliency: " + std::to_string(indices.size()) + " indices for " +
                       std::to_string(s.n) + " images");
    }
    const Range range(context, "saliency");
    const Tensor on_device =
        images.device() == context.device() ? images.view() : ops::to_device(context, images);
    Tensor sum = context.zeros(s);
    SaliencyResult result;
    if (method == SaliencyMethod::smoothgrad || method == SaliencyMethod::integrated_gradients) {
      result.neurons = find_neurons(on_device, [](std::int64_t, const std::vector<Neuron>&) {});
      add_samples(on_device, indices, result.neurons, sum);
    } else {
      result.neurons = find_neurons(on_device, [&](std::int64_t first, std::vector<Neuron> at) {
        const auto count = static_cast<std::int64_t>(at.size());
        const Tensor& d_images = gradients(std::move(at));
        for (std::int64_t i = 0; i < count; ++i) {
          Tensor to = ops::slot(sum, first + i);
          ops::copy(context, ops::slot(d_images, i), to);
        }
      });
    }
    if (method == SaliencyMethod::gradient_x_input ||
        method == SaliencyMethod::integrated_gradients) {
      Tensor way = ops::clone(context, on_device);  // from the baseline
      for (std::int64_t i = 0; i < s.n && !baseline.empty(); ++i) {
        Tensor one = ops::slot(way, i);
        ops::axpy(context, -1, baseline, one);
      }
      ops::multiply(context, way, sum);
      context.synchronize();  // before `way` goes
    }
    result.attribution = ops::to_host(context, sum);
    return result;
  }
};

Saliency::Saliency(const Context& context, const Network& network, std::int64_t height,
                   std::int64_t width, std::int64_t batch, const SaliencyOptions& options)
    : impl_(std::make_unique<Impl>(context, network, height, width, batch, options)) {}

Saliency::~Saliency() = default;
Saliency::Saliency(Saliency&&) noexcept = default;

SaliencyResult Saliency::operator()(const Tensor& images, std::span<const std::int64_t> indices) {
  return impl_->run(images, indices);
}

SaliencyResult saliency(const Context& context, const Network& network, const Tensor& images,
                        const SaliencyOptions& options) {
  const Shape& s = images.shape();
  return Saliency(context, network, s.h, s.w, s.n, options)(images);
}

Tensor max_abs(const Tensor& attribution) {
  const Shape& s = attribution.shape();
  Tensor map = Tensor::host({s.n, 1, s.h, s.w});
  for (std::int64_t n = 0; n < s.n; ++n) {
    for (std::int64_t p = 0; p < s.pixels(); ++p) {
      float most = 0;
      for (std::int64_t c = 0; c < s.c; ++c) {
        most = std::max(most, std::abs(attribution.data()[(n * s.c + c) * s.pixels() + p]));
      }
      map.data()[n * s.pixels() + p] = most;
    }
  }
  return map;
}

}  // namespace phosphene
