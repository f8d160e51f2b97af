#include "phosphene/attacks/victim.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"
#include "phosphene/session.hpp"

namespace phosphene {
namespace {

/// A session whose logits and their gradient lie as nchw fp32. A row of scores is the same bytes in
/// either layout, so that in fp32 nothing is copied on the way out.
class SessionVictim : public Victim {
 public:
  SessionVictim(const Context& context, const Network& network, const SessionOptions& options)
      : context_(context), session_(context, network, options), tap_(options.taps[0]) {
    const Tensor& scores = session_.tap(tap_);
    const Shape& s = scores.shape();
    if (s.pixels() != 1) {
      throw UsageError("images of " + std::to_string(options.width) + "x" +
                       std::to_string(options.height) + " pixels have class scores at " +
                       std::to_string(s.w) + "x" + std::to_string(s.h) + " places ('" + tap_ +
                       "'): expected images of the network's own size");
    }
    if (s.c < 2) {
      throw UsageError("the network has " + std::to_string(s.c) + " class score ('" + tap_ +
                       "'): an attack needs at least 2");
    }
    const Shape shape{s.n, s.c, 1, 1};
    if (scores.dtype() == DType::f32) {
      logits_ = Tensor::view(const_cast<float*>(scores.data()), scores.device(), shape);
    } else {
      logits_ = context.empty(shape);
      rounded_ = context.empty(shape, scores.dtype(), Layout::nhwc);
    }
    seeds_.push_back({tap_, [this](const Tensor&, Tensor& d_tap) { seed(d_tap); }});
  }

  Shape images() const override { return shape_; }
  std::int64_t classes() const override { return logits_.shape().c; }

  const Tensor& forward(const Tensor& images, std::span<const Draw>) override {
    session_.forward(images, images.shape().n);
    if (!rounded_.empty()) ops::to_nchw(context_, session_.tap(tap_), logits_);
    return logits_;
  }

  const Tensor& backward(const Tensor& d_logits) override {
    d_logits_ = &d_logits;
    return session_.backward(seeds_);
  }

 private:
  void seed(Tensor& d_tap) {
    if (rounded_.empty()) {
      ops::add(context_, *d_logits_, d_tap);
    } else {
      ops::to_storage(context_, *d_logits_, rounded_);
      ops::add(context_, rounded_, d_tap);
    }
  }

  const Context& context_;
  Session session_;
  Shape shape_ = session_.image().shape();
  std::string tap_;
  Tensor logits_, rounded_;
  const Tensor* d_logits_ = nullptr;
  std::vector<Seed> seeds_;
};

}  // namespace

std::unique_ptr<Victim> make_victim(const Context& context, const Network& network,
                                    std::int64_t height, std::int64_t width, std::int64_t batch) {
  return std::make_unique<SessionVictim>(context, network,
                                         SessionOptions{.height = height,
                                                        .width = width,
                                                        .batch = batch,
                                                        .taps = {score_layer(network.graph())}});
}

Classifier as_classifier(const Context& context, Victim& victim) {
  auto batch = std::make_shared<Tensor>(context.zeros(victim.images()));
  auto seen = std::make_shared<std::int64_t>(0);
  return [&context, &victim, batch, seen](const Tensor& images) {
    const Shape& s = images.shape();
    const Shape want = victim.images();
    if (Shape{want.n, s.c, s.h, s.w} != want) {
      throw UsageError("the classifier takes images of " + to_string(want) + ", got " +
                       to_string(s));
    }
    const std::int64_t each = want.count() / want.n, classes = victim.classes();
    Tensor logits = Tensor::host({s.n, classes, 1, 1});
    std::vector<Draw> draws(static_cast<std::size_t>(want.n));
    for (std::int64_t from = 0; from < s.n; from += want.n) {
      const std::int64_t n = std::min(want.n, s.n - from);
      // Tensor::view is of memory that may be written; it is only read here.
      auto* data = const_cast<float*>(images.data()) + from * each;
      Tensor part = Tensor::view(batch->data(), batch->device(), {n, s.c, s.h, s.w});
      ops::copy(context, Tensor::view(data, images.device(), part.shape()), part);
      for (Draw& draw : draws) draw = {*seen + (&draw - draws.data()), 0};
      *seen += n;
      const Tensor scores = ops::to_host(context, victim.forward(*batch, draws));
      std::copy_n(scores.data(), n * classes, logits.data() + from * classes);
    }
    return logits;
  };
}

}  // namespace phosphene
