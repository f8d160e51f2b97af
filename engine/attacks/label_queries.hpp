// Attacks that see labels alone, many images at once: each image's attack is a Task that asks its
// Seeker, and what they all ask is put into batches.
#pragma once
#include <coroutine>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/attacks/task.hpp"
#include "engine/ops/boundary.hpp"
#include "phosphene/attacks/attack.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/context.hpp"

namespace phosphene {

/// One image's attack: what it knows, and what it may ask. Every question is awaited before the
/// next; one that the budget forbids is answered with `false`, or with nothing.
class Seeker {
 public:
  using Kind = ops::BoundaryKind;
  using Place = ops::BoundarySlots::Place;
  struct Query {
    Kind kind = Kind::original;
    float amount = 0;
    std::uint32_t sample = 0;
  };

  /// Of a question; `true` and distances are numbers here.
  struct Answer {
    Seeker* seeker;
    bool await_ready() const noexcept { return seeker->asked_ == Asked::nothing; }
    void await_suspend(std::coroutine_handle<> caller) const noexcept { seeker->waiting_ = caller; }
    float await_resume() const noexcept { return seeker->answer_; }
  };

  /// 1 if the query's image is classified as the attack wants it, else 0.
  Answer fools(Query query);
  /// Asks about `count` random directions of length `delta` from the point, and turns the slot's
  /// direction to where they fool.
  Answer turn(std::int64_t count, float delta);
  /// The query's image becomes the slot's; its distance to the original. Costs no query.
  Answer keep(Query query, Place place);

  std::int64_t left() const;  ///< queries
  std::uint32_t draw() { return sample_++; }

  std::int64_t image = 0, label = 0, target = -1, tag = 0;
  bool has_start = false;
  std::int64_t iterations = 0, queries = 0, max_queries = 0;
  float distance = 0;  ///< of the point
  float best = -1;     ///< of the best; below 0: there is none

 private:
  friend class LabelQueries;
  enum class Asked : std::uint8_t { nothing, label, directions, keep };

  Asked asked_ = Asked::nothing;
  Query query_;
  Place place_ = Place::point;
  std::int64_t count_ = 0, done_ = 0;  ///< directions
  double phi_ = 0;                     ///< their sum
  float answer_ = 0;
  std::uint32_t sample_ = 0;
  std::coroutine_handle<> waiting_;
  Task<void> task_;
};

class LabelQueries {
 public:
  LabelQueries(const Context& context, Classifier classifier, Norm norm, const Shape& image,
               std::int64_t slots, std::int64_t batch);

  ops::BoundarySlots& slots() { return slots_; }
  /// The task, which holds on to the seeker, begins to ask; both stay until it has ended.
  void begin(std::int64_t slot, Seeker& seeker, Task<void> task);
  static bool ended(const Seeker& seeker) { return seeker.task_.handle() && seeker.task_.done(); }
  /// Asks the classifier for one batch of labels, and goes on with those who have their answers.
  /// Questions about a single image come first, then the directions of those who are behind.
  void step();

 private:
  struct Rows {
    std::vector<ops::BoundaryQuery> queries;
    std::vector<std::int64_t> slots;  ///< of questions about one image: the first rows
    std::vector<ops::BoundaryRows> directions;
  };

  Rows gather();
  std::vector<std::int64_t> labels(std::span<const ops::BoundaryQuery> queries);
  ops::BoundaryQuery row(std::int64_t slot, const Seeker::Query& query) const;
  void add_directions(const Rows& rows, std::span<const std::int64_t> labels);
  void answer(std::int64_t slot, float value);
  void keep_all();

  const Context& context_;
  Classifier classifier_;
  std::int64_t batch_;
  ops::BoundarySlots slots_;
  Tensor images_;
  std::vector<Seeker*> seekers_;  ///< by slot
};

}  // namespace phosphene
