#include "engine/bounds/interval_network.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "engine/bounds/absolute.hpp"
#include "engine/bounds/rounding.hpp"
#include "engine/cone/plan.hpp"
#include "engine/cone/slots.hpp"
#include "engine/ops/dispatch.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "engine/session/lowering.hpp"
#include "kernels/interval.hpp"
#include "phosphene/error.hpp"

namespace phosphene::bounds {
namespace {

/// The two ends of a map, or the middle and radius that a step reads.
struct Pair {
  void* first = nullptr;
  void* second = nullptr;
};

/// One step of the network on intervals.
struct IntervalStep {
  Kind kind = Kind::affine;
  StepSpec spec;  ///< of the whole batch
  Rounding rounding;
  std::unique_ptr<Step> first, second;  ///< of the low ends or middles, of the high ends or radii
  std::vector<Pair> scratch;            ///< of an affine step: its inputs as middles and radii
};

float* floats(void* memory) { return static_cast<float*>(memory); }

std::size_t bytes_of(const Shape& shape) {
  return static_cast<std::size_t>(shape.count()) * sizeof(float);
}

/// Weights [classes, c, h, w] of a convolution as large as its map, in the map's own order: nhwc.
std::vector<float> in_map_order(const std::vector<float>& weight, std::int64_t classes,
                                const Shape& map) {
  std::vector<float> result(weight.size());
  for (std::int64_t k = 0; k < classes; ++k) {
    for (std::int64_t c = 0; c < map.c; ++c) {
      for (std::int64_t p = 0; p < map.pixels(); ++p) {
        result[static_cast<std::size_t>((k * map.pixels() + p) * map.c + c)] =
            weight[static_cast<std::size_t>((k * map.c + c) * map.pixels() + p)];
      }
    }
  }
  return result;
}

bool is_matrix(const StepSpec& spec) {
  if (std::holds_alternative<op::Linear>(spec.op)) return true;
  const auto* conv = std::get_if<op::Conv>(&spec.op);
  if (!conv || spec.relu || spec.residual || conv->groups != 1) return false;
  const Shape& in = spec.inputs[0];
  const Window& w = conv->window;
  return spec.output.pixels() == 1 && !w.pad.any() && w.kernel.h == in.h && w.kernel.w == in.w;
}

}  // namespace

struct IntervalNetwork::Impl {
  Impl(const Context& context_, const Network& network, std::int64_t height, std::int64_t width,
       std::int64_t batch_, const std::string& tap)
      : context(context_), batch(batch_), plan(network, height, width, tap) {
    if (context.precision() != Precision::fp32) {
      throw UsageError("--precision " + to_string(context.precision()) +
                       ": the roundings that interval bounds cover are those of fp32");
    }
    lowering =
        context.device().is_cuda() ? make_cuda_lowering(context) : make_cpu_lowering(context);
    lower();
    plan_memory();
    bind();
    if (is_matrix(plan.specs.back())) make_matrix();
  }

  Shape map_shape(int map) const {
    Shape shape = plan.maps[static_cast<std::size_t>(map)];
    shape.n = batch;
    return shape;
  }

  void lower() {
    std::vector<StepSpec> radii;
    Weights weights;
    for (StepSpec spec : plan.specs) {
      for (Shape& input : spec.inputs) input.n = batch;
      spec.output.n = batch;
      spec.direct = true;  // what rounding.hpp says holds of sums alone
      IntervalStep& step = steps.emplace_back();
      step.kind = kind_of(spec);
      step.spec = spec;
      if (step.kind == Kind::affine) {
        step.rounding = rounding_of(terms_of(spec), spec.name);
        spec.relu = false;
        radii.push_back(absolute(spec, step.rounding.middle, weights));
      } else {
        radii.push_back(spec);
      }
      step.first = lowering->lower(spec);
    }
    absolutes.emplace(Graph(), std::move(weights));
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (steps[i].kind == Kind::affine) radii[i].network = &*absolutes;
      steps[i].second = lowering->lower(radii[i]);
    }
  }

  /// Moment 0 is the ball, moment s + 1 step s.
  void plan_memory() {
    const int end = plan.count() + 1;
    maps.resize(plan.maps.size());
    std::vector<int> last_read(maps.size(), 0);
    std::size_t workspace = 0;
    for (int s = 0; s < plan.count(); ++s) {
      IntervalStep& step = steps[static_cast<std::size_t>(s)];
      for (int map : plan.inputs[static_cast<std::size_t>(s)]) {
        // The input of the last step is what callers of matrix() read.
        last_read[static_cast<std::size_t>(map)] = s + 1 == plan.count() ? end : s + 1;
      }
      if (step.kind == Kind::affine) {
        step.scratch.resize(step.spec.inputs.size());
        for (std::size_t i = 0; i < step.scratch.size(); ++i) {
          add(bytes_of(step.spec.inputs[i]), s + 1, s + 1, step.scratch[i]);
        }
      }
      workspace =
          std::max({workspace, step.first->needs().workspace, step.second->needs().workspace});
    }
    for (int map = 0; map <= plan.count(); ++map) {
      const int last = map == plan.count() ? end : last_read[static_cast<std::size_t>(map)];
      add(bytes_of(map_shape(map)), map, std::max(last, map), maps[static_cast<std::size_t>(map)]);
    }
    slots.add(workspace, 0, end, {&shared_workspace});
    slots.plan();
    memory = context.zeros({1, 1, 1, static_cast<std::int64_t>(slots.bytes() / sizeof(float) + 1)});
    slots.place(memory.data<void>());
  }

  void add(std::size_t bytes, int first, int last, Pair& pair) {
    slots.add(bytes, first, last, {&pair.first});
    slots.add(bytes, first, last, {&pair.second});
  }

  void bind() {
    for (std::size_t s = 0; s < steps.size(); ++s) {
      IntervalStep& step = steps[s];
      StepBuffers first, second;
      for (std::size_t i = 0; i < plan.inputs[s].size(); ++i) {
        const Pair& in = step.kind == Kind::affine
                             ? step.scratch[i]
                             : maps[static_cast<std::size_t>(plan.inputs[s][i])];
        first.x.push_back(in.first);
        second.x.push_back(in.second);
      }
      first.d_x.resize(first.x.size());
      second.d_x.resize(second.x.size());
      first.y = maps[s + 1].first;
      second.y = maps[s + 1].second;
      first.workspace = second.workspace = shared_workspace;
      step.first->bind(first);
      step.second->bind(second);
    }
    const Shape shape = map_shape(plan.count());
    const auto view = [&](void* data) {
      return Tensor::view(data, context.device(), shape, DType::f32, Layout::nhwc);
    };
    low = view(maps.back().first);
    high = view(maps.back().second);
  }

  void make_matrix() {
    const StepSpec& spec = plan.specs.back();
    const Shape& map = spec.inputs[0];
    StepWeights own = step_weights(spec);
    const std::int64_t classes = spec.output.c, features = map.c * map.pixels();
    if (map.pixels() > 1) own.weight = in_map_order(own.weight, classes, map);
    const auto on_device = [&](std::vector<float>& values, const Shape& shape) {
      return ops::to_device(context, Tensor::view(values.data(), Device{}, shape));
    };
    const Pair& in = maps[static_cast<std::size_t>(plan.inputs.back()[0])];
    const auto input = [&](void* data) {
      return Tensor::view(data, context.device(), {batch, 1, 1, features});
    };
    matrix.emplace();
    matrix->weights = on_device(own.weight, {1, 1, classes, features});
    matrix->bias = on_device(own.bias, {1, 1, 1, classes});
    matrix->low = input(in.first);
    matrix->high = input(in.second);
    matrix->terms = features + 1;
  }

  void run(std::size_t s) {
    IntervalStep& step = steps[s];
    if (step.kind == Kind::monotone) {
      step.first->forward();
      step.second->forward();
      return;
    }
    for (std::size_t i = 0; i < step.scratch.size(); ++i) {
      const Pair& in = maps[static_cast<std::size_t>(plan.inputs[s][i])];
      PHOSPHENE_CALL(context, interval_middle, floats(in.first), floats(in.second),
                     floats(step.scratch[i].first), floats(step.scratch[i].second),
                     step.rounding.radius, step.rounding.middle, step.spec.inputs[i].count());
    }
    step.first->forward();
    step.second->forward();
    PHOSPHENE_CALL(context, interval_ends, floats(maps[s + 1].first), floats(maps[s + 1].second),
                   step.spec.relu, step.spec.output.count());
  }

  const Context& context;
  std::int64_t batch;
  cone::Steps plan;
  std::unique_ptr<Lowering> lowering;
  std::optional<Network> absolutes;  ///< the radii's weights
  std::vector<IntervalStep> steps;
  std::vector<Pair> maps;
  void* shared_workspace = nullptr;
  cone::Slots slots;
  Tensor memory, low, high;
  std::optional<Matrix> matrix;
};

IntervalNetwork::IntervalNetwork(const Context& context, const Network& network,
                                 std::int64_t height, std::int64_t width, std::int64_t batch,
                                 const std::string& tap)
    : impl_(std::make_unique<Impl>(context, network, height, width, batch, tap)) {}
IntervalNetwork::~IntervalNetwork() = default;
IntervalNetwork::IntervalNetwork(IntervalNetwork&&) noexcept = default;

void IntervalNetwork::forward(const Tensor& images, const Tensor& epsilons, bool last) {
  Impl& self = *impl_;
  const Shape expected = self.map_shape(0);
  if (images.shape() != expected || epsilons.count() != self.batch) {
    throw Error("interval bounds of images " + to_string(images.shape()) + " and " +
                std::to_string(epsilons.count()) + " epsilons, expected " + to_string(expected));
  }
  PHOSPHENE_CALL(self.context, interval_ball, images.data(), epsilons.data(),
                 floats(self.maps[0].first), floats(self.maps[0].second), self.batch,
                 expected.count() / self.batch);
  const std::size_t steps = self.steps.size() - (last ? 0 : 1);
  for (std::size_t s = 0; s < steps; ++s) self.run(s);
}

const Tensor& IntervalNetwork::low() const { return impl_->low; }
const Tensor& IntervalNetwork::high() const { return impl_->high; }
const IntervalNetwork::Matrix* IntervalNetwork::matrix() const {
  return impl_->matrix ? &*impl_->matrix : nullptr;
}

}  // namespace phosphene::bounds
