#include "phosphene/session.hpp"

#include <algorithm>

#include "engine/session/session_impl.hpp"
#include "phosphene/error.hpp"

namespace phosphene {

int Session::Impl::value_of(std::string_view name, const char* what) const {
  const int value = fused.value[at(network.graph().find(name))];
  if (value < 0 || !values[at(value)].tapped) {
    throw UsageError(std::string(what) + " '" + std::string(name) +
                     "': the session was made without a tap there");
  }
  return value;
}

void Session::Impl::forward() {
  backend.make_current();
  const Range range(context, "forward");
  for (Stage& stage : stages) {
    const Range step(context, stage.node.name);
    stage.step->forward();
  }
}

const Tensor& Session::Impl::backward(std::span<const Seed> seeds, ReluRule rule,
                                      std::string_view wrt) {
  if (!options.backward) throw UsageError("the session was made without backward");
  const int target = wrt == "image" ? 0 : value_of(wrt, "gradient at");
  has_gradient.assign(values.size(), false);
  std::ranges::fill(seed_of, nullptr);
  for (const Seed& seed : seeds) {
    const Seed*& slot = seed_of[at(value_of(seed.tap, "seed"))];
    if (slot != nullptr) throw UsageError("two seeds for the tap '" + seed.tap + "'");
    slot = &seed;
  }

  backend.make_current();
  const Range range(context, "backward");
  for (int i = static_cast<int>(stages.size()) - 1; i >= 0; --i) {
    Stage& stage = stages[at(i)];
    const int output = stage.node.output;
    const Value& y = values[at(output)];
    const Range step(context, stage.node.name);
    if (const Seed* seed = seed_of[at(output)]) {
      if (!has_gradient[at(output)]) lowering->zero(y.gradient, y.shape.count());
      has_gradient[at(output)] = true;
      Tensor d_tap = tensor(y.gradient, y.shape);
      seed->add(tensor(y.data, y.shape), d_tap);
    }
    const bool run = has_gradient[at(output)] && output != target;
    if (run) stage.step->backward(rule);
    for (std::size_t k = 0; run && k < stage.node.inputs.size(); ++k) {
      const std::size_t x = at(stage.node.inputs[k]);
      if (!stage.first[k]) {
        const std::int64_t count = values[x].shape.count();
        if (!has_gradient[x]) lowering->zero(values[x].gradient, count);
        lowering->add(stage.scratch[k], values[x].gradient, count);
      }
      has_gradient[x] = true;
    }
    if (output == target) break;
  }
  if (!has_gradient[at(target)]) {
    throw UsageError("no seed lies downstream of '" + std::string(wrt) + "'");
  }
  if (target == 0) return d_image;
  const Value& v = values[at(target)];
  result = tensor(v.gradient, v.shape);
  return result;
}

Session::Session(const Context& context, const Network& network, const SessionOptions& options)
    : Session(
          context, network, options,
          context.device().is_cuda() ? make_cuda_lowering(context) : make_cpu_lowering(context)) {}

Session::Session(const Context& context, const Network& network, const SessionOptions& options,
                 std::unique_ptr<Lowering> lowering)
    : impl_(std::make_unique<Impl>(context, network, options, std::move(lowering))) {}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;

Tensor& Session::image() { return impl_->image; }

Tensor& Session::d_image() { return impl_->d_image; }

void Session::forward() { impl_->forward(); }

void Session::forward(const Tensor& images, std::int64_t n) {
  Tensor& image = impl_->image;
  const Shape want{n, image.shape().c, image.shape().h, image.shape().w};
  if (n < 1 || n > image.shape().n || images.shape().n < n ||
      Shape{n, images.shape().c, images.shape().h, images.shape().w} != want ||
      images.layout() != Layout::nchw || images.dtype() != image.dtype()) {
    throw UsageError("forward: got " + std::to_string(n) + " of images " +
                     to_string(images.shape()) + " " + to_string(images.dtype()) +
                     ", the session reads up to " + to_string(image.shape()) + " nchw " +
                     to_string(image.dtype()));
  }
  impl_->backend.copy(images.data<void>(), images.device(), image.data<void>(), image.device(),
                      static_cast<std::size_t>(want.count()) * size_of(image.dtype()));
  impl_->forward();
}

const Tensor& Session::tap(std::string_view name) const {
  const auto it = impl_->taps.find(name);
  if (it == impl_->taps.end()) {
    throw UsageError("tap '" + std::string(name) + "': the session was made without it");
  }
  return it->second;
}

const Tensor& Session::backward(std::span<const Seed> seeds, ReluRule rule, std::string_view wrt) {
  return impl_->backward(seeds, rule, wrt);
}

const SessionOptions& Session::options() const { return impl_->options; }
std::size_t Session::planned_bytes() const { return impl_->plan.bytes; }
std::size_t Session::unshared_bytes() const { return impl_->plan.unshared_bytes; }

std::vector<std::string> Session::steps() const {
  std::vector<std::string> names;
  for (const Stage& stage : impl_->stages) names.push_back(stage.node.name);
  return names;
}

}  // namespace phosphene
