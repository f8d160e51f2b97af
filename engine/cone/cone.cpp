#include "engine/cone/cone.hpp"

#include <algorithm>

#include "engine/cone/rectangles.hpp"
#include "engine/cone/whole_maps.hpp"
#include "engine/core/backend.hpp"
#include "engine/ops/dispatch.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "kernels/layout.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

using cone::Plan;
using cone::Steps;

Plan plan_of(const Context& context, const Steps& steps, std::span<const ops::Box> boxes,
             const ConeOptions& options) {
  if (boxes.empty()) throw UsageError("a cone needs at least one box");
  // Large enough that weights are read seldom.
  constexpr std::size_t kCpuBytes = std::size_t{64} << 20, kCudaBytes = std::size_t{512} << 20;
  const std::size_t bytes = context.device().is_cuda() ? kCudaBytes : kCpuBytes;
  cone::PlanOptions plan;
  plan.costs = cone::costs_of(context);
  plan.batch_bytes = options.batch_bytes ? options.batch_bytes : bytes;
  if (options.plan) {
    plan.cut = std::clamp(options.plan->cut, 1, steps.count());
    plan.most_groups = options.plan->groups;
    plan.whole_from = options.plan->whole_from;
    plan.forced = true;
  }
  return make_plan(steps, boxes, plan);
}

ConeEstimate estimate_of(const Steps& steps, const Plan& plan) {
  return {plan.flops,
          plan.dense_flops,
          plan.seconds,
          plan.dense_seconds,
          static_cast<std::int64_t>(plan.groups.size()),
          plan.cut < steps.count() ? steps.specs[static_cast<std::size_t>(plan.cut)].name : ""};
}

std::unique_ptr<Lowering> lowering_for(const Context& context) {
  return context.device().is_cuda() ? make_cuda_lowering(context) : make_cpu_lowering(context);
}

}  // namespace

struct ConeForward::Impl {
  Impl(const Context& context_, const Network& network, std::int64_t height, std::int64_t width,
       const std::string& tap, std::span<const ops::Box> boxes, const ConeOptions& options)
      : context(context_),
        steps(network, height, width, tap),
        plan(plan_of(context, steps, boxes, options)),
        estimate(estimate_of(steps, plan)),
        lowering(lowering_for(context)),
        clean(steps, *lowering, 0, plan.cut, 1, true),
        tail(steps, *lowering, plan.cut, steps.count(), plan.tail_batch, false) {
    for (const cone::Group& group : plan.groups) {
      groups.push_back(
          std::make_unique<cone::Rectangles>(context, steps, plan, group, boxes, *lowering));
      order.insert(order.end(), group.windows.begin(), group.windows.end());
    }
    bind();
  }

  Tensor memory_of(std::size_t bytes) const {
    return context.zeros({1, 1, 1, static_cast<std::int64_t>(bytes / sizeof(float) + 1)});
  }

  void bind() {
    image = context.zeros(steps.maps[0]);
    clean_memory = memory_of(clean.bytes());
    clean.bind(clean_memory.data<void>(), 0, image.data<void>());
    std::vector<const void*> maps;
    for (int map = 0; map <= plan.cut; ++map) maps.push_back(clean.map(map));

    const auto batched = [&](Shape shape) {
      shape.n = plan.tail_batch;
      return shape;
    };
    at_cut = context.zeros(batched(steps.maps[static_cast<std::size_t>(plan.cut)]),
                           lowering->storage(), Layout::nhwc);
    // A tail may run while a group's batch still waits: only groups take turns.
    tail_memory = memory_of(tail.bytes());
    tail.bind(tail_memory.data<void>(), plan.cut, at_cut.data<void>());
    std::size_t bytes = 0;
    for (const auto& group : groups) bytes = std::max(bytes, group->bytes());
    group_memory = memory_of(bytes);
    for (const auto& group : groups) group->bind(group_memory.data<void>(), maps);

    Shape all = steps.maps.back();
    all.n = static_cast<std::int64_t>(order.size());
    values = context.zeros(all);
  }

  /// The tail over the `count` windows at the cut; their values go behind the `done` before.
  void finish(std::int64_t done, std::int64_t count) {
    tail.forward();
    const Shape& s = steps.maps.back();
    ops::on_storage(lowering->storage(), [&]<class T>(T*) {
      PHOSPHENE_CALL(context, to_nchw, static_cast<const T*>(tail.map(steps.count())),
                     values.data() + done * s.count(), kernels::Maps{count, s.h, s.w, s.c});
    });
  }

  bool run_groups(const ops::OcclusionFill& fill, const Progress& progress) {
    std::int64_t done = 0, waiting = 0;
    const auto all = static_cast<std::int64_t>(order.size());
    const std::size_t bytes = static_cast<std::size_t>(at_cut.shape().count() / plan.tail_batch) *
                              size_of(at_cut.dtype());
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const auto windows = static_cast<std::int64_t>(plan.groups[g].windows.size());
      const std::int64_t batch = plan.groups[g].batch;
      for (std::int64_t first = 0; first < windows; first += batch) {
        groups[g]->forward(image, fill, first);
        for (std::int64_t next = first; next < std::min(first + batch, windows);) {
          const std::int64_t count =
              std::min({plan.tail_batch - waiting, first + batch - next, windows - next});
          groups[g]->whole_map(
              next, count, at_cut.data<std::byte>() + static_cast<std::size_t>(waiting) * bytes);
          next += count;
          waiting += count;
          if (waiting < plan.tail_batch && done + waiting < all) continue;
          finish(done, waiting);
          done += waiting;
          waiting = 0;
        }
        if (progress && !progress(done + waiting)) return false;
      }
    }
    return true;
  }

  const Context& context;
  Steps steps;
  Plan plan;
  ConeEstimate estimate;
  std::unique_ptr<Lowering> lowering;
  cone::WholeMaps clean, tail;
  std::vector<std::unique_ptr<cone::Rectangles>> groups;
  std::vector<int> order;  ///< the windows as the groups take them
  Tensor image, clean_memory, tail_memory, group_memory, at_cut, values;
};

ConeEstimate estimate_cone(const Context& context, const Network& network, std::int64_t height,
                           std::int64_t width, const std::string& tap,
                           std::span<const ops::Box> boxes, const ConeOptions& options) {
  const Steps steps(network, height, width, tap);
  return estimate_of(steps, plan_of(context, steps, boxes, options));
}

ConeForward::ConeForward(const Context& context, const Network& network, std::int64_t height,
                         std::int64_t width, const std::string& tap,
                         std::span<const ops::Box> boxes, const ConeOptions& options)
    : impl_(std::make_unique<Impl>(context, network, height, width, tap, boxes, options)) {}

ConeForward::~ConeForward() = default;
ConeForward::ConeForward(ConeForward&&) noexcept = default;

const ConeEstimate& ConeForward::estimate() const { return impl_->estimate; }

Tensor ConeForward::run(const Tensor& image, const ops::OcclusionFill& fill,
                        const Progress& progress) {
  Impl& impl = *impl_;
  if (image.shape() != impl.image.shape() || image.layout() != Layout::nchw ||
      image.dtype() != DType::f32) {
    throw UsageError("the cone reads an image " + to_string(impl.image.shape()) +
                     " nchw f32, got " + to_string(image.shape()));
  }
  backend_of(impl.context).make_current();
  ops::copy(impl.context, image, impl.image);
  impl.clean.forward();
  if (!impl.run_groups(fill, progress)) return {};
  const Tensor values = ops::to_host(impl.context, impl.values);
  Tensor result = Tensor::host(values.shape());
  const std::int64_t size = values.count() / values.shape().n;
  for (std::size_t i = 0; i < impl.order.size(); ++i) {
    std::copy_n(values.data() + static_cast<std::int64_t>(i) * size, size,
                result.data() + impl.order[i] * size);
  }
  return result;
}

}  // namespace phosphene
