#include "engine/ops/nearest_ops.hpp"

#include "engine/core/backend.hpp"
#include "engine/ops/dispatch.hpp"
#include "kernels/deepfool.hpp"

namespace phosphene::ops {
namespace {

std::int64_t per_image(const Tensor& x) { return x.count() / x.shape().n; }

}  // namespace

static_assert(sizeof(kernels::CarliniWagnerSlot) == 4 * sizeof(float));

CarliniWagnerState::CarliniWagnerState(const Context& context, const Shape& images)
    : w(context.zeros(images)),
      m(context.zeros(images)),
      v(context.zeros(images)),
      slots(context.zeros({images.n, 4, 1, 1})) {}

void carlini_wagner_step(const Context& context, std::span<const kernels::CarliniWagnerSlot> slots,
                         const Tensor& clean, const Tensor& gradient, CarliniWagnerState& state,
                         Tensor& x) {
  backend_of(context).copy(slots.data(), Device{}, state.slots.data<void>(), state.slots.device(),
                           slots.size_bytes());
  PHOSPHENE_CALL(context, carlini_wagner, state.slots.data<kernels::CarliniWagnerSlot>(),
                 clean.data(), gradient.data(), state.w.data(), state.m.data(), state.v.data(),
                 x.data(), x.shape().n, per_image(x));
}

void deepfool_choose(const Context& context, const Tensor& logits, const Tensor& from,
                     const Tensor& to, const Tensor& lengths, Norm norm, Tensor& distance,
                     Tensor& scale, Tensor& chosen) {
  PHOSPHENE_CALL(context, deepfool_choose, logits.data(), from.data<std::int32_t>(),
                 to.data<std::int32_t>(), lengths.data(), norm == Norm::linf, distance.data(),
                 scale.data(), chosen.data(), logits.shape().n, per_image(logits));
}

void deepfool_step(const Context& context, const Tensor& active, const Tensor& scale, Norm norm,
                   float overshoot, const Tensor& x0, const Tensor& gradient, Tensor& total,
                   Tensor& x) {
  PHOSPHENE_CALL(context, deepfool_step, active.data(), scale.data(), norm == Norm::linf, overshoot,
                 x0.data(), gradient.data(), total.data(), x.data(), x.shape().n, per_image(x));
}

}  // namespace phosphene::ops
