#include "engine/ops/nearest_ops.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "engine/core/backend.hpp"
#include "engine/ops/dispatch.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "kernels/bias.hpp"
#include "kernels/carlini_wagner.hpp"
#include "kernels/deepfool.hpp"
#include "kernels/philox.hpp"

namespace phosphene::ops {
namespace {

std::int64_t per_image(const Tensor& x) { return x.count() / x.shape().n; }

}  // namespace

// The slots of the op are the kernel's, byte by byte.
static_assert(sizeof(CarliniWagnerSlot) == 4 * sizeof(float) &&
              sizeof(CarliniWagnerSlot) == sizeof(kernels::CarliniWagnerSlot) &&
              offsetof(CarliniWagnerSlot, root) == offsetof(kernels::CarliniWagnerSlot, root) &&
              int{CarliniWagnerSlot::step} == int{kernels::CarliniWagnerSlot::step} &&
              std::is_trivially_copyable_v<CarliniWagnerSlot>);

CarliniWagnerState::CarliniWagnerState(const Context& context, const Shape& images)
    : w(context.zeros(images)),
      m(context.zeros(images)),
      v(context.zeros(images)),
      slots(context.zeros({images.n, 4, 1, 1})) {}

void carlini_wagner_step(const Context& context, std::span<const CarliniWagnerSlot> slots,
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

void perturb(const Context& context, const Tensor& x, const Tensor& delta, Tensor& y) {
  copy(context, x, y);
  // One channel a pixel: what is added to each place of a batch is a bias.
  const kernels::Maps places{y.shape().n, 1, 1, delta.count()};
  PHOSPHENE_CALL(context, bias, y.data(), delta.data(), static_cast<const float*>(nullptr), places,
                 false);
  clamp(context, y, 0, 1);
}

std::vector<std::int64_t> shuffled(const Context& context, std::int64_t count,
                                   std::uint32_t sample) {
  std::vector<std::pair<std::uint64_t, std::int64_t>> keys;
  for (std::int64_t i = 0; i < count; ++i) {
    const kernels::PhiloxWords words =
        kernels::noise_words({context.seed(), static_cast<std::uint64_t>(i), sample}, 0);
    keys.emplace_back(std::uint64_t{words.v[0]} << 32 | words.v[1], i);
  }
  std::sort(keys.begin(), keys.end());
  std::vector<std::int64_t> order;
  for (const auto& key : keys) order.push_back(key.second);
  return order;
}

}  // namespace phosphene::ops
