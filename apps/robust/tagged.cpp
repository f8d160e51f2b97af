#include "tagged.hpp"

#include <utility>
#include <vector>

namespace apps {
namespace {

using namespace phosphene;

/// An attack that remembers the tag of what is in each slot. run_attack() starts what its queue
/// gave last, and hands on at once what it takes.
class TaggedAttack : public Attack {
 public:
  explicit TaggedAttack(std::unique_ptr<Attack> attack)
      : attack_(std::move(attack)), tags_(static_cast<std::size_t>(attack_->slots())) {}

  void run(const NextTagged& next, const TakeTagged& done) {
    const auto next_example = [&]() -> std::optional<Example> {
      std::optional<Tagged> tagged = next();
      if (!tagged) return {};
      tag_ = tagged->tag;
      return std::move(tagged->example);
    };
    run_attack(*this, next_example, [&](Outcome outcome) { done(std::move(outcome), tag_); });
  }

  std::int64_t slots() const override { return attack_->slots(); }
  void start(std::int64_t slot, const Example& example) override {
    tags_[static_cast<std::size_t>(slot)] = tag_;
    attack_->start(slot, example);
  }
  void step() override { attack_->step(); }
  bool finished(std::int64_t slot) const override { return attack_->finished(slot); }
  Outcome take(std::int64_t slot) override {
    tag_ = tags_[static_cast<std::size_t>(slot)];
    return attack_->take(slot);
  }

 private:
  std::unique_ptr<Attack> attack_;
  std::vector<std::int64_t> tags_;
  std::int64_t tag_ = 0;
};

}  // namespace

RunAttack running(std::unique_ptr<Attack> attack) {
  const auto tagged = std::make_shared<TaggedAttack>(std::move(attack));
  return [tagged](const NextTagged& next, const TakeTagged& done) { tagged->run(next, done); };
}

}  // namespace apps
