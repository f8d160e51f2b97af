#include "engine/ops/boundary.hpp"

#include <algorithm>

#include "engine/core/backend.hpp"
#include "engine/ops/dispatch.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "kernels/boundary.hpp"

namespace phosphene::ops {
namespace {

kernels::BoundaryKind kind_of(BoundaryKind kind) {
  switch (kind) {
    case BoundaryKind::original:
      return kernels::BoundaryKind::original;
    case BoundaryKind::candidate:
      return kernels::BoundaryKind::candidate;
    case BoundaryKind::noise:
      return kernels::BoundaryKind::noise;
    case BoundaryKind::blend:
      return kernels::BoundaryKind::blend;
    case BoundaryKind::step:
      return kernels::BoundaryKind::step;
    case BoundaryKind::direction:
      break;
  }
  return kernels::BoundaryKind::direction;
}

kernels::BoundaryNorm norm_of(Norm norm) {
  return norm == Norm::linf ? kernels::BoundaryNorm::linf : kernels::BoundaryNorm::l2;
}

/// The list in `memory`, which is large enough.
template <class T>
const T* send(const Context& context, const std::vector<T>& list, Tensor& memory) {
  backend_of(context).copy(list.data(), Device{}, memory.data<void>(), memory.device(),
                           list.size() * sizeof(T));
  return memory.data<T>();
}

}  // namespace

BoundarySlots::BoundarySlots(const Context& context, Norm norm, const Shape& image,
                             std::int64_t slots, std::int64_t most_rows)
    : context_(context), norm_(norm), image_(image) {
  const Shape all{slots, image.c, image.h, image.w};
  for (Tensor* t : {&original_, &point_, &candidate_, &best_, &direction_, &plus_, &all_}) {
    *t = context.zeros(all);
  }
  const std::int64_t rows = std::max(slots, most_rows);
  constexpr auto kWords = static_cast<std::int64_t>(sizeof(kernels::BoundaryQuery) / sizeof(float));
  list_ = context.empty({rows, kWords, 1, 1});
  phi_ = context.empty({rows, 1, 1, 1});
  distances_ = context.zeros({slots, 1, 1, 1});
}

Tensor& BoundarySlots::at(Place place) {
  return const_cast<Tensor&>(static_cast<const BoundarySlots&>(*this).at(place));
}

const Tensor& BoundarySlots::at(Place place) const {
  switch (place) {
    case Place::original:
      return original_;
    case Place::point:
      return point_;
    case Place::candidate:
      return candidate_;
    case Place::best:
      break;
  }
  return best_;
}

void BoundarySlots::put(Place place, std::int64_t slot, const Tensor& host_image) {
  Tensor to = ops::slot(at(place), slot);
  copy(context_, host_image, to);
}

Tensor BoundarySlots::take(Place place, std::int64_t slot) const {
  return to_host(context_, ops::slot(at(place), slot));
}

void BoundarySlots::make(std::span<const BoundaryQuery> queries, bool rows, float* y,
                         float* distances) {
  std::vector<kernels::BoundaryQuery> list;
  list.reserve(queries.size());
  for (const BoundaryQuery& q : queries) {
    const auto slot = static_cast<std::int32_t>(q.slot);
    const std::int32_t to = rows ? static_cast<std::int32_t>(list.size()) : slot;
    list.push_back({kind_of(q.kind), q.amount, slot, to, static_cast<std::uint64_t>(q.draw.image),
                    q.draw.sample});
  }
  const kernels::BoundaryImages images{original_.data(), point_.data(), candidate_.data(),
                                       direction_.data(), image_.count()};
  const auto count = static_cast<std::int64_t>(list.size());
  PHOSPHENE_CALL(context_, boundary_queries, images, norm_of(norm_), context_.seed(),
                 send(context_, list, list_), count, y, distances);
}

void BoundarySlots::images(std::span<const BoundaryQuery> queries, Tensor& y) {
  make(queries, true, y.data(), nullptr);
}

std::vector<float> BoundarySlots::keep(std::span<const BoundaryQuery> queries, Place place) {
  make(queries, false, at(place).data(), distances_.data());
  const Tensor all = to_host(context_, distances_);
  std::vector<float> distances;
  for (const BoundaryQuery& query : queries) distances.push_back(all.data()[query.slot]);
  return distances;
}

void BoundarySlots::add_directions(const Tensor& y, std::span<const float> phi,
                                   std::span<const BoundaryRows> rows) {
  backend_of(context_).copy(phi.data(), Device{}, phi_.data<void>(), phi_.device(),
                            phi.size_bytes());
  std::vector<kernels::BoundaryRows> list;
  for (const BoundaryRows& r : rows) {
    list.push_back({static_cast<std::int32_t>(r.slot), static_cast<std::int32_t>(r.first),
                    static_cast<std::int32_t>(r.count), r.begins ? 1 : 0});
  }
  const auto count = static_cast<std::int64_t>(list.size());
  PHOSPHENE_CALL(context_, boundary_sums, y.data(), phi_.data(), point_.data(), image_.count(),
                 send(context_, list, list_), count, plus_.data(), all_.data());
}

void BoundarySlots::turn(std::span<const BoundaryTurn> turns) {
  std::vector<kernels::BoundarySlot> list;
  for (const BoundaryTurn& t : turns) list.push_back({static_cast<std::int32_t>(t.slot), t.mean});
  const auto count = static_cast<std::int64_t>(list.size());
  PHOSPHENE_CALL(context_, boundary_direction, plus_.data(), all_.data(), image_.count(),
                 norm_of(norm_), send(context_, list, list_), count, direction_.data());
}

}  // namespace phosphene::ops
