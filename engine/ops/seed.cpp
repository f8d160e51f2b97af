#include <memory>

#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"
#include "phosphene/session.hpp"

namespace phosphene {

Seed seed_with(const Context& context, std::string tap, const Tensor& gradient) {
  Tensor on_device =
      gradient.device() == context.device() ? gradient.view() : ops::to_device(context, gradient);
  auto nhwc = std::make_shared<Tensor>(ops::to_storage(context, on_device));
  context.synchronize();  // before what was brought to the device goes
  return {tap, [&context, nhwc, tap](const Tensor&, Tensor& d_tap) {
            if (nhwc->shape() != d_tap.shape()) {
              throw UsageError("seed for '" + tap + "' has shape " + to_string(nhwc->shape()) +
                               ", the tap has " + to_string(d_tap.shape()));
            }
            ops::add(context, *nhwc, d_tap);
          }};
}

}  // namespace phosphene
