#pragma once
#include <functional>
#include <utility>

#include "engine/session/lowering.hpp"

namespace phosphene {

/// A step that is no more than one call each way.
class CallStep final : public Step {
 public:
  using Forward = std::function<void(const StepBuffers&)>;
  using Backward = std::function<void(const StepBuffers&, ReluRule)>;

  CallStep(Needs needs, Forward forward, Backward backward)
      : needs_(needs), forward_(std::move(forward)), backward_(std::move(backward)) {}

  Needs needs() const override { return needs_; }
  void bind(const StepBuffers& buffers) override { buffers_ = buffers; }
  void forward() override { forward_(buffers_); }
  void backward(ReluRule rule) override { backward_(buffers_, rule); }

 private:
  Needs needs_;
  Forward forward_;
  Backward backward_;
  StepBuffers buffers_;
};

}  // namespace phosphene
