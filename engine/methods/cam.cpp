#include "phosphene/methods/cam.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/methods/cam_head.hpp"
#include "engine/methods/target_neuron.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"
#include "phosphene/framing.hpp"
#include "phosphene/models.hpp"
#include "phosphene/session.hpp"

namespace phosphene {
namespace {

constexpr std::array<std::pair<const char*, CamMethod>, 3> kMethods{
    {{"grad-cam", CamMethod::grad_cam},
     {"cam", CamMethod::cam},
     {"guided-grad-cam", CamMethod::guided_grad_cam}}};

/// What is read where, worked out before anything runs.
struct Plan {
  std::string scores;   ///< the node with the class scores; empty with a given gradient elsewhere
  std::string seeded;   ///< where the gradient starts
  std::string layer;    ///< whose feature maps are weighed
  std::string weights;  ///< of CAM's linear layer; empty: the maps are the classes' own
};

Plan make_plan(const Network& network, const Shape& image, const CamOptions& options) {
  const Graph& graph = network.graph();
  Plan plan;
  const GivenGradient* given = options.gradient;
  if (given != nullptr && options.method == CamMethod::cam) {
    throw UsageError("--gradient: CAM weighs by the last layer and reads no gradient");
  }
  if (given != nullptr && !options.classes.empty()) {
    throw UsageError("--gradient takes the place of the classes: give one of the two");
  }
  if (given == nullptr || given->layer.empty()) plan.scores = score_layer(graph);
  plan.seeded = given != nullptr && !given->layer.empty() ? given->layer : plan.scores;
  const int top = graph.find(plan.seeded);
  if (options.method == CamMethod::cam) {
    if (!options.layer.empty()) {
      throw UsageError("--layer: CAM is of the last feature maps; --method grad-cam takes any");
    }
    CamHead head = cam_head(graph, graph.infer_shapes(image), top);
    plan.layer = std::move(head.layer);
    plan.weights = std::move(head.weights);
    return plan;
  }
  // Maps that a gradient was given of are weighed themselves; class scores never are.
  const int last = plan.scores.empty() ? top : graph[top].inputs[0];
  plan.layer = !options.layer.empty() ? options.layer
                                      : last_feature_maps(graph, graph.infer_shapes(image), last);
  if (graph.find(plan.layer) == 0) throw UsageError("'" + plan.layer + "' is the input, no layer");
  return plan;
}

/// The mean over places of each channel's gradient.
std::vector<double> channel_means(const Tensor& gradient, std::int64_t i) {
  const Shape& s = gradient.shape();
  std::vector<double> means;
  for (std::int64_t k = 0; k < s.c; ++k) {
    const float* plane = gradient.data() + (i * s.c + k) * s.pixels();
    double sum = 0;
    for (std::int64_t p = 0; p < s.pixels(); ++p) sum += plane[p];
    means.push_back(sum / static_cast<double>(s.pixels()));
  }
  return means;
}

/// map = sum_k weights[k] A_k of image i, into [1, 1, h, w] at `map`.
void weigh(const Tensor& features, std::int64_t i, const std::vector<double>& weights,
           bool rectified, float* map) {
  const Shape& s = features.shape();
  for (std::int64_t p = 0; p < s.pixels(); ++p) {
    double sum = 0;
    for (std::int64_t k = 0; k < s.c; ++k) {
      sum += weights[static_cast<std::size_t>(k)] * features.data()[(i * s.c + k) * s.pixels() + p];
    }
    map[p] = static_cast<float>(rectified ? std::max(sum, 0.0) : sum);
  }
}

}  // namespace

CamMethod parse_cam_method(const std::string& name) {
  std::string expected;
  for (const auto& [text, method] : kMethods) {
    if (name == text) return method;
    expected += (expected.empty() ? "" : ", ") + std::string(text);
  }
  throw UsageError("--method '" + printable(name) + "': expected " + expected);
}

const std::vector<std::string>& cam_method_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [text, method] : kMethods) all.emplace_back(text);
    return all;
  }();
  return names;
}

struct Cam::Impl {
  const Context& context;
  const Network& network;
  CamMethod method;
  std::vector<std::int64_t> classes;
  bool keep_negative;
  Plan plan;
  Session session;
  Tensor gradient;  // host; empty unless one was given

  Impl(const Context& context_, const Network& network_, std::int64_t height, std::int64_t width,
       std::int64_t batch, const CamOptions& options)
      : context(context_),
        network(network_),
        method(options.method),
        classes(options.classes),
        keep_negative(options.keep_negative),
        plan(make_plan(network_, {batch, channels(network_), height, width}, options)),
        session(context_, network_,
                {height, width, batch, taps(plan), options.method != CamMethod::cam}) {
    const Shape& maps = session.tap(plan.layer).shape();
    if (maps.pixels() == 1) {
      throw UsageError("layer '" + plan.layer + "' has no spatial extent: its output is " +
                       std::to_string(maps.c) + " values an image");
    }
    for (const std::int64_t c : classes) {
      check_target({plan.scores, c, -1, -1}, session.tap(plan.scores).shape(), true);
      if (c < 0) throw UsageError("class " + std::to_string(c) + ": expected at least 0");
    }
    if (options.gradient == nullptr) return;
    const Tensor& given = options.gradient->gradient;
    Shape expected = session.tap(plan.seeded).shape();
    expected.n = given.shape().n;
    if (given.shape() != expected) {
      throw UsageError("--gradient is " + to_string(given.shape()) + ", layer '" + plan.seeded +
                       "' is " + to_string(expected));
    }
    gradient = Tensor::host(given.shape());
    std::copy_n(given.data(), given.count(), gradient.data());
  }

  static std::int64_t channels(const Network& network) {
    return std::get<op::Input>(network.graph()[0].op).channels;
  }

  static std::vector<std::string> taps(const Plan& p) {
    std::vector<std::string> names{p.layer};
    if (p.seeded != p.layer) names.push_back(p.seeded);
    return names;
  }

  /// The maps of the batch that the session has run, first of image `first`, into `result`.
  void add_maps(CamResult& result, std::int64_t first, std::int64_t count) {
    const Tensor features = ops::to_host(context, session.tap(plan.layer));
    const Tensor scores =
        plan.scores.empty() ? Tensor() : ops::to_host(context, session.tap(plan.scores));
    for (std::size_t k = 0; k < result.maps.size(); ++k) {
      std::vector<Neuron> neurons;
      for (std::int64_t i = 0; i < count && gradient.empty(); ++i) {
        const std::int64_t wanted = classes.empty() ? -1 : classes[k];
        neurons.push_back(find_neuron({plan.scores, wanted, -1, -1}, scores, i));
        result.classes[k].push_back(neurons.back().channel);
        result.scores[k].push_back(neurons.back().value);
      }
      for (std::int64_t i = 0; i < count && !gradient.empty(); ++i) {
        result.classes[k].push_back(-1);
        result.scores[k].push_back(0);
      }
      if (method == CamMethod::cam) {
        for (std::int64_t i = 0; i < count; ++i) {
          weigh(features, i, class_weights(neurons[static_cast<std::size_t>(i)].channel), false,
                map_of(result.maps[k], first + i));
        }
      } else {
        add_grad_cam(features, neurons, first, count, result.maps[k]);
      }
    }
  }

  static float* map_of(Tensor& maps, std::int64_t i) {
    return maps.data() + i * maps.shape().c * maps.shape().pixels();
  }

  std::vector<double> class_weights(std::int64_t c) const {
    const std::int64_t channels = session.tap(plan.layer).shape().c;
    std::vector<double> weights(static_cast<std::size_t>(channels));
    if (plan.weights.empty()) {
      weights[static_cast<std::size_t>(c)] = 1;
      return weights;
    }
    const HostArray& array = network.weights().at(plan.weights + ".weight");
    std::copy_n(array.values.begin() + c * channels, channels, weights.begin());
    return weights;
  }

  Seed seed(const std::vector<Neuron>& neurons, std::int64_t first) const {
    if (gradient.empty()) return seed_at(context, plan.seeded, neurons);
    Tensor whole = Tensor::host(session.tap(plan.seeded).shape());
    const Shape& s = whole.shape();
    for (std::int64_t i = 0; i < s.n; ++i) {
      const std::int64_t from = gradient.shape().n == 1 ? 0 : first + i;
      float* to = whole.data() + i * s.c * s.pixels();
      if (from < gradient.shape().n) {
        std::copy_n(gradient.data() + from * s.c * s.pixels(), s.c * s.pixels(), to);
      } else {
        std::fill_n(to, s.c * s.pixels(), 0.0F);
      }
    }
    return seed_with(context, plan.seeded, whole);
  }

  void add_grad_cam(const Tensor& features, const std::vector<Neuron>& neurons, std::int64_t first,
                    std::int64_t count, Tensor& maps) {
    const Seed seeds[] = {seed(neurons, first)};
    const Tensor d_features =
        ops::to_host(context, session.backward(seeds, ReluRule::standard, plan.layer));
    Tensor weighed = Tensor::host({count, 1, features.shape().h, features.shape().w});
    for (std::int64_t i = 0; i < count; ++i) {
      weigh(features, i, channel_means(d_features, i), !keep_negative, map_of(weighed, i));
    }
    if (method == CamMethod::grad_cam) {
      std::copy_n(weighed.data(), weighed.count(), map_of(maps, first));
      return;
    }
    const Tensor guided = ops::to_host(context, session.backward(seeds, ReluRule::guided));
    const Tensor large = upsample(weighed, maps.shape().h, maps.shape().w);
    const std::int64_t pixels = maps.shape().pixels(), c = maps.shape().c;
    for (std::int64_t j = 0; j < count * c * pixels; ++j) {
      map_of(maps, first)[j] =
          guided.data()[j] * large.data()[j / (c * pixels) * pixels + j % pixels];
    }
  }

  CamResult run(const Tensor& images) {
    const Shape& s = images.shape();
    Shape expected = session.image().shape();
    const std::int64_t batch = expected.n;
    expected.n = s.n;
    if (s.n < 1 || s != expected) {
      throw UsageError("CAM: images of " + to_string(s) + ", expected " + to_string(expected));
    }
    if (!gradient.empty() && gradient.shape().n != 1 && gradient.shape().n != s.n) {
      throw UsageError("--gradient is of " + std::to_string(gradient.shape().n) + " images, got " +
                       std::to_string(s.n));
    }
    const Range range(context, "cam");
    CamResult result;
    result.layer = plan.layer;
    const std::size_t kinds = std::max<std::size_t>(1, classes.size());
    const Shape& features = session.tap(plan.layer).shape();
    for (std::size_t k = 0; k < kinds; ++k) {
      result.maps.push_back(Tensor::host(
          method == CamMethod::guided_grad_cam ? s : Shape{s.n, 1, features.h, features.w}));
    }
    result.classes.resize(kinds);
    result.scores.resize(kinds);
    for (std::int64_t first = 0; first < s.n; first += batch) {
      const std::int64_t count = std::min(batch, s.n - first);
      for (std::int64_t i = 0; i < count; ++i) {
        Tensor to = ops::slot(session.image(), i);
        ops::copy(context, ops::slot(images, first + i), to);
      }
      session.forward();
      add_maps(result, first, count);
    }
    return result;
  }
};

Cam::Cam(const Context& context, const Network& network, std::int64_t height, std::int64_t width,
         std::int64_t batch, const CamOptions& options)
    : impl_(std::make_unique<Impl>(context, network, height, width, batch, options)) {}

Cam::~Cam() = default;
Cam::Cam(Cam&&) noexcept = default;

CamResult Cam::operator()(const Tensor& images) { return impl_->run(images); }

CamResult class_activation(const Context& context, const Network& network, const Tensor& images,
                           const CamOptions& options) {
  const Shape& s = images.shape();
  return Cam(context, network, s.h, s.w, s.n, options)(images);
}

}  // namespace phosphene
