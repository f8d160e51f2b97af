#include "engine/attacks/label_queries.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "engine/attacks/ask.hpp"
#include "engine/ops/tensor_ops.hpp"

namespace phosphene {

std::int64_t Seeker::left() const {
  return max_queries > 0 ? max_queries - queries : std::numeric_limits<std::int64_t>::max();
}

Seeker::Answer Seeker::fools(Query query) {
  answer_ = 0;
  if (left() > 0) {
    query_ = query;
    asked_ = Asked::label;
  }
  return {this};
}

Seeker::Answer Seeker::turn(std::int64_t count, float delta) {
  count_ = std::min(count, left());
  done_ = 0;
  phi_ = 0;
  query_ = {Kind::direction, delta};
  if (count_ > 0) asked_ = Asked::directions;
  return {this};
}

Seeker::Answer Seeker::keep(Query query, Place place) {
  query_ = query;
  place_ = place;
  asked_ = Asked::keep;
  return {this};
}

LabelQueries::LabelQueries(const Context& context, Classifier classifier, Norm norm,
                           const Shape& image, std::int64_t slots, std::int64_t batch)
    : context_(context),
      classifier_(std::move(classifier)),
      batch_(batch),
      slots_(context, norm, image, slots, batch),
      images_(context.empty({batch, image.c, image.h, image.w})),
      seekers_(static_cast<std::size_t>(slots)) {}

void LabelQueries::begin(std::int64_t slot, Seeker& seeker, Task<void> task) {
  seekers_[static_cast<std::size_t>(slot)] = &seeker;
  seeker.task_ = std::move(task);
  seeker.task_.handle().resume();
  keep_all();
}

ops::BoundaryQuery LabelQueries::row(std::int64_t slot, const Seeker::Query& query) const {
  const Seeker& seeker = *seekers_[static_cast<std::size_t>(slot)];
  return {query.kind, query.amount, slot, {seeker.image, query.sample}};
}

LabelQueries::Rows LabelQueries::gather() {
  Rows rows;
  std::vector<std::int64_t> around;
  for (std::size_t s = 0; s < seekers_.size(); ++s) {
    const auto slot = static_cast<std::int64_t>(s);
    if (seekers_[s] == nullptr) continue;
    if (seekers_[s]->asked_ == Seeker::Asked::directions) around.push_back(slot);
    const bool room = static_cast<std::int64_t>(rows.queries.size()) < batch_;
    if (seekers_[s]->asked_ != Seeker::Asked::label || !room) continue;
    rows.slots.push_back(slot);
    rows.queries.push_back(row(slot, seekers_[s]->query_));
    ++seekers_[s]->queries;
  }
  std::ranges::stable_sort(around, {}, [&](std::int64_t slot) {
    return seekers_[static_cast<std::size_t>(slot)]->queries;
  });
  for (const std::int64_t slot : around) {
    Seeker& seeker = *seekers_[static_cast<std::size_t>(slot)];
    const auto first = static_cast<std::int64_t>(rows.queries.size());
    const std::int64_t count = std::min(batch_ - first, seeker.count_ - seeker.done_);
    if (count == 0) break;
    rows.directions.push_back({slot, first, count, seeker.done_ == 0});
    for (std::int64_t k = 0; k < count; ++k) {
      rows.queries.push_back(row(slot, {seeker.query_.kind, seeker.query_.amount, seeker.draw()}));
    }
    seeker.done_ += count;
    seeker.queries += count;
  }
  return rows;
}

std::vector<std::int64_t> LabelQueries::labels(std::span<const ops::BoundaryQuery> queries) {
  slots_.images(queries, images_);
  Shape shape = images_.shape();
  shape.n = static_cast<std::int64_t>(queries.size());
  const Tensor asked = Tensor::view(images_.data<void>(), images_.device(), shape);
  const Tensor host = ops::to_host(context_, ask(context_, classifier_, asked));
  const std::int64_t classes = host.shape().c;
  for (const ops::BoundaryQuery& query : queries) {
    const Seeker& seeker = *seekers_[static_cast<std::size_t>(query.slot)];
    check_classes(seeker.image, seeker.label, seeker.target, classes);
  }
  std::vector<std::int64_t> labels;
  for (std::int64_t n = 0; n < shape.n; ++n) {
    labels.push_back(predicted_class(host.data() + n * classes, classes));
  }
  return labels;
}

void LabelQueries::answer(std::int64_t slot, float value) {
  Seeker& seeker = *seekers_[static_cast<std::size_t>(slot)];
  seeker.answer_ = value;
  seeker.asked_ = Seeker::Asked::nothing;
  seeker.waiting_.resume();
}

void LabelQueries::add_directions(const Rows& rows, std::span<const std::int64_t> labels) {
  std::vector<float> phi(labels.size());
  std::vector<ops::BoundaryTurn> turns;
  for (const ops::BoundaryRows& own : rows.directions) {
    Seeker& seeker = *seekers_[static_cast<std::size_t>(own.slot)];
    for (auto i = static_cast<std::size_t>(own.first);
         i < static_cast<std::size_t>(own.first + own.count); ++i) {
      phi[i] = fools(labels[i], seeker.label, seeker.target) ? 1.0F : -1.0F;
      seeker.phi_ += static_cast<double>(phi[i]);
    }
    if (seeker.done_ < seeker.count_) continue;
    const double mean = seeker.phi_ / static_cast<double>(seeker.count_);
    // Where all are alike, nothing would be left of them.
    turns.push_back({own.slot, std::abs(mean) == 1 ? 0.0F : static_cast<float>(mean)});
  }
  slots_.add_directions(images_, phi, rows.directions);
  if (!turns.empty()) slots_.turn(turns);
  for (const ops::BoundaryTurn& turn : turns) answer(turn.slot, 0);
}

void LabelQueries::keep_all() {
  for (bool any = true; any;) {
    any = false;
    for (const Seeker::Place place :
         {Seeker::Place::candidate, Seeker::Place::point, Seeker::Place::best}) {
      std::vector<ops::BoundaryQuery> queries;
      for (std::size_t s = 0; s < seekers_.size(); ++s) {
        const Seeker* seeker = seekers_[s];
        if (seeker == nullptr || seeker->asked_ != Seeker::Asked::keep || seeker->place_ != place) {
          continue;
        }
        queries.push_back(row(static_cast<std::int64_t>(s), seeker->query_));
      }
      if (queries.empty()) continue;
      any = true;
      const std::vector<float> distances = slots_.keep(queries, place);
      for (std::size_t i = 0; i < queries.size(); ++i) answer(queries[i].slot, distances[i]);
    }
  }
  for (Seeker*& seeker : seekers_) {
    if (seeker == nullptr || !ended(*seeker)) continue;
    std::exchange(seeker, nullptr)->task_.result();
  }
}

void LabelQueries::step() {
  const Rows rows = gather();
  if (rows.queries.empty()) return;
  const std::vector<std::int64_t> all = labels(rows.queries);
  for (std::size_t i = 0; i < rows.slots.size(); ++i) {
    const Seeker& seeker = *seekers_[static_cast<std::size_t>(rows.slots[i])];
    answer(rows.slots[i], fools(all[i], seeker.label, seeker.target) ? 1 : 0);
  }
  if (!rows.directions.empty()) add_directions(rows, all);
  keep_all();
}

}  // namespace phosphene
