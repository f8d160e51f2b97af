#include "engine/cone/rectangles.hpp"

#include <algorithm>
#include <utility>

#include "engine/core/backend.hpp"
#include "engine/ops/dispatch.hpp"

namespace phosphene::cone {
namespace {

std::size_t at(int index) { return static_cast<std::size_t>(index); }

std::vector<int> padded_to_batches(const Group& group) {
  std::vector<int> windows = group.windows;
  while (static_cast<std::int64_t>(windows.size()) % group.batch != 0) {
    windows.push_back(windows.back());
  }
  return windows;
}

std::vector<ops::OccludedView> views_of(const std::vector<int>& windows, const Plan& plan,
                                        std::span<const ops::Box> boxes) {
  std::vector<ops::OccludedView> views;
  for (int window : windows) {
    const auto [top, left] = plan.origins[0][at(window)];
    views.push_back({boxes[at(window)], window, static_cast<int>(top), static_cast<int>(left)});
  }
  return views;
}

}  // namespace

Rectangles::Rectangles(const Context& context, const Steps& steps, const Plan& plan,
                       const Group& group, std::span<const ops::Box> boxes, Lowering& lowering)
    : context_(context),
      steps_(steps),
      group_(group),
      windows_(padded_to_batches(group)),
      storage_(lowering.storage()),
      views_(context, views_of(windows_, plan, boxes)),
      stages_(at(plan.cut)),
      maps_(at(plan.cut + 1)) {
  const auto bytes = [&](std::int64_t channels, Extents e) {
    return static_cast<std::size_t>(group.batch * channels * e.pixels()) * size_of(storage_);
  };
  const auto whole = [&](int map, Extents e) {
    return e == Extents{steps.maps[at(map)].h, steps.maps[at(map)].w};
  };
  std::vector<int> last_read(at(plan.cut + 1));
  std::size_t workspace = 0;
  for (int s = 0; s < plan.cut; ++s) {
    const Extents out = group.extents[at(s + 1)];
    const bool all = whole(s + 1, out);
    const bool mirrors = std::holds_alternative<op::ReflectPad>(steps.specs[at(s)].op);
    StepSpec spec = all ? steps.specs[at(s)] : unpadded(steps.specs[at(s)]);
    spec.output = {group.batch, spec.output.c, out.h, out.w};
    for (std::size_t i = 0; i < spec.inputs.size(); ++i) {
      const int map = steps.inputs[at(s)][i];
      last_read[at(map)] = s;
      const Reach rows = reach_of(steps.specs[at(s)], i, Axis::rows);
      const Reach cols = reach_of(steps.specs[at(s)], i, Axis::cols);
      Extents in{rows.in, cols.in};
      Places places(windows_.size());
      if (!all || mirrors) {
        for (std::size_t k = 0; k < windows_.size(); ++k) {
          const auto [top, left] = plan.origins[at(s + 1)][at(windows_[k])];
          const Span r = rows.read(top, out.h), c = cols.read(left, out.w);
          in = {r.size(), c.size()};
          places[k] = {r.first, c.first};
        }
      }
      spec.inputs[i] = {group.batch, spec.inputs[i].c, in.h, in.w};
      std::unique_ptr<Crop> crop = make_crop(plan, map, in, places, mirrors);
      if (crop && !mirrors) slots_.add(bytes(spec.inputs[i].c, in), s, s, {&crop->data});
      if (crop) crop->border = border_of(spec.op);
      stages_[at(s)].crops.push_back(std::move(crop));
    }
    if (mirrors) continue;
    stages_[at(s)].step = lowering.lower(spec);
    workspace = std::max(workspace, stages_[at(s)].step->needs().workspace);
  }
  last_read[at(plan.cut)] = plan.cut;
  for (int map = 1; map <= plan.cut; ++map) {
    slots_.add(bytes(steps.maps[at(map)].c, group.extents[at(map)]), map - 1,
               std::max(last_read[at(map)], map - 1), {&maps_[at(map)]});
  }
  const Extents e = group.extents[0];
  image_ = Tensor::view(nullptr, context.device(), {group.batch, steps.maps[0].c, e.h, e.w});
  slots_.add(image_.bytes(), 0, last_read[0], {&maps_[0]});
  slots_.add(workspace, 0, plan.cut, {&workspace_});
  slots_.plan();

  const Shape& last = steps.maps[at(plan.cut)];
  at_cut_ = make_crop(plan, plan.cut, {last.h, last.w}, Places(windows_.size()), true);
}

std::unique_ptr<Rectangles::Crop> Rectangles::make_crop(const Plan& plan, int map, Extents extents,
                                                        const Places& at_places,
                                                        bool always) const {
  const Extents fresh = group_.extents[at(map)];
  std::vector<kernels::CropPlace> places;
  bool same = fresh == extents;
  for (std::size_t k = 0; k < windows_.size(); ++k) {
    const auto origin = plan.origins[at(map)][at(windows_[k])];
    same = same && at_places[k] == origin;
    places.push_back({static_cast<int>(at_places[k][0]), static_cast<int>(at_places[k][1]),
                      static_cast<int>(origin[0]), static_cast<int>(origin[1])});
  }
  if (same && !always) return nullptr;
  auto crop = std::make_unique<Crop>();
  crop->map = map;
  const std::int64_t c = steps_.maps[at(map)].c;
  crop->fresh = {group_.batch, fresh.h, fresh.w, c};
  crop->crop = {group_.batch, extents.h, extents.w, c};
  constexpr auto kWords = static_cast<std::int64_t>(sizeof(kernels::CropPlace) / sizeof(float));
  crop->places = context_.empty({1, 1, static_cast<std::int64_t>(places.size()), kWords});
  backend_of(context_).copy(places.data(), Device{}, crop->places.data<void>(), context_.device(),
                            crop->places.bytes());
  return crop;
}

void Rectangles::bind(void* memory, std::vector<const void*> clean) {
  slots_.place(memory);
  clean_ = std::move(clean);
  image_ = Tensor::view(maps_[0], context_.device(), image_.shape());
  for (std::size_t s = 0; s < stages_.size(); ++s) {
    Stage& stage = stages_[s];
    if (!stage.step) {
      stage.crops[0]->data = maps_[s + 1];
      continue;
    }
    StepBuffers buffers;
    for (std::size_t i = 0; i < stage.crops.size(); ++i) {
      buffers.x.push_back(stage.crops[i] ? stage.crops[i]->data : maps_[at(steps_.inputs[s][i])]);
    }
    buffers.d_x.resize(buffers.x.size());
    buffers.y = maps_[s + 1];
    buffers.workspace = workspace_;
    stage.step->bind(buffers);
  }
}

void Rectangles::run(const Crop& crop, std::int64_t first, std::int64_t skip, std::int64_t count,
                     void* to) const {
  const Shape& map = steps_.maps[at(crop.map)];
  kernels::Maps fresh = crop.fresh, y = crop.crop;
  const std::int64_t skipped = skip * fresh.h * fresh.w * fresh.c;
  fresh.n = y.n = count;
  ops::on_storage(storage_, [&]<class T>(T*) {
    PHOSPHENE_CALL(context_, patched_crop, static_cast<const T*>(clean_[at(crop.map)]),
                   static_cast<const T*>(maps_[at(crop.map)]) + skipped,
                   crop.places.data<kernels::CropPlace>() + first + skip, static_cast<T*>(to),
                   kernels::Maps{1, map.h, map.w, map.c}, fresh, y, crop.border);
  });
}

void Rectangles::forward(const Tensor& image, const ops::OcclusionFill& fill, std::int64_t first) {
  ops::occlude(context_, image, views_, first, fill, image_);
  for (const Stage& stage : stages_) {
    for (const auto& crop : stage.crops) {
      if (crop) run(*crop, first, 0, group_.batch, crop->data);
    }
    if (stage.step) stage.step->forward();
  }
}

void Rectangles::whole_map(std::int64_t first, std::int64_t count, void* to) const {
  run(*at_cut_, first / group_.batch * group_.batch, first % group_.batch, count, to);
}

}  // namespace phosphene::cone
