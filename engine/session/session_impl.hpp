#pragma once
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/backend.hpp"
#include "engine/session/fuse.hpp"
#include "engine/session/lowering.hpp"
#include "engine/session/memory_plan.hpp"
#include "phosphene/session.hpp"

namespace phosphene {

inline std::size_t at(int index) { return static_cast<std::size_t>(index); }

/// A fused step, and where its gradients go.
struct Stage {
  FusedNode node;
  std::unique_ptr<Step> step;
  Step::Needs needs;
  /// For each input: is it the first in the order of the backward pass to reach that value? Then
  /// it writes the gradient itself; others write to `scratch` and are added.
  std::vector<bool> first;
  std::vector<void*> scratch;
};

/// What a node's output is at run time.
struct Value {
  Shape shape;
  bool used = false, tapped = false;
  void* data = nullptr;
  void* gradient = nullptr;
};

struct Session::Impl {
  Impl(const Context& context_, const Network& network_, const SessionOptions& options_,
       std::unique_ptr<Lowering> lowering_)
      : context(context_),
        backend(backend_of(context_)),
        network(network_),
        options(options_),
        lowering(std::move(lowering_)) {
    lower();
    place();
  }

  /// Fuses, then lowers every step.
  void lower();
  /// Plans the memory and binds every step to it.
  void place();
  void bind(Stage& stage, StepBuffers& buffers) const;
  int value_of(std::string_view name, const char* what) const;
  Tensor tensor(void* data, const Shape& shape) const {
    return Tensor::view(data, context.device(), shape, lowering->storage(), Layout::nhwc);
  }
  void forward();
  const Tensor& backward(std::span<const Seed> seeds, ReluRule rule, std::string_view wrt);

  const Context& context;
  Backend& backend;
  const Network& network;
  SessionOptions options;
  std::unique_ptr<Lowering> lowering;
  FusedGraph fused;
  std::vector<Stage> stages;
  std::vector<Value> values;  // by node; those of fused-away nodes stay unused
  MemoryPlan plan;
  Tensor arena, image, d_image, result;
  std::map<std::string, Tensor, std::less<>> taps;
  std::vector<bool> has_gradient;  // scratch of backward(), so that it allocates nothing
  std::vector<const Seed*> seed_of;
};

}  // namespace phosphene
