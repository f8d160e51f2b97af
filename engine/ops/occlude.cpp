#include "engine/ops/occlude.hpp"

#include <vector>

#include "engine/core/backend.hpp"
#include "engine/ops/dispatch.hpp"
#include "kernels/occlusion.hpp"

namespace phosphene::ops {

OccludedViews::OccludedViews(const Context& context, std::span<const OccludedView> views)
    : count_(static_cast<std::int64_t>(views.size())) {
  std::vector<kernels::OccludedView> list;
  for (const OccludedView& v : views) {
    list.push_back({{v.box.top, v.box.left, v.box.height, v.box.width}, v.window, v.top, v.left});
  }
  constexpr auto kWords = static_cast<std::int64_t>(sizeof(kernels::OccludedView) / sizeof(float));
  memory_ = context.empty({1, 1, count_, kWords});
  backend_of(context).copy(list.data(), Device{}, memory_.data<void>(), memory_.device(),
                           memory_.bytes());
}

void occlude(const Context& context, const Tensor& image, const OccludedViews& views,
             std::int64_t first, const OcclusionFill& fill, Tensor& y) {
  const Shape &s = image.shape(), &v = y.shape();
  const auto* list = views.memory().data<kernels::OccludedView>() + first;
  const kernels::OcclusionFill with{fill.picture ? fill.picture->data() : nullptr, context.seed(),
                                    fill.image};
  PHOSPHENE_CALL(context, occlude, image.data(), s.c, s.h, s.w, list, v.n, v.h, v.w, with,
                 y.data());
}

}  // namespace phosphene::ops
