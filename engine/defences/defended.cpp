#include "phosphene/defences/defended.hpp"

#include <string>
#include <utility>

#include "engine/ops/tensor_ops.hpp"
#include "engine/ops/transform_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

class Defended : public Victim {
 public:
  Defended(const Context& context, std::unique_ptr<Victim> victim, Transforms transforms)
      : context_(context), victim_(std::move(victim)), transforms_(std::move(transforms)) {
    for (std::size_t k = 0; k <= transforms_.size(); ++k) {
      images_.push_back(context.empty(victim_->images()));
    }
    for (Tensor& gradient : gradients_) gradient = context.empty(victim_->images());
  }

  Shape images() const override { return victim_->images(); }
  std::int64_t classes() const override { return victim_->classes(); }
  bool random() const override {
    for (const auto& transform : transforms_) {
      if (transform->random()) return true;
    }
    return victim_->random();
  }

  const Tensor& forward(const Tensor& images, std::span<const Draw> draws) override {
    ops::copy(context_, images, images_[0]);
    draws_.clear();
    for (std::size_t k = 0; k <= transforms_.size(); ++k) {
      draws_.push_back(ops::stage_draws(context_, draws, static_cast<std::uint32_t>(k)));
    }
    for (std::size_t k = 0; k < transforms_.size(); ++k) {
      transforms_[k]->forward(images_[k], draws_[k], images_[k + 1]);
    }
    return victim_->forward(images_.back(), draws_.back());
  }

  const Tensor& backward(const Tensor& d_logits) override {
    const Tensor* d_y = &victim_->backward(d_logits);
    for (std::size_t k = transforms_.size(); k-- > 0;) {
      Tensor& d_x = gradients_[k % 2];
      transforms_[k]->backward(images_[k], draws_[k], *d_y, d_x);
      d_y = &d_x;
    }
    return *d_y;
  }

 private:
  const Context& context_;
  std::unique_ptr<Victim> victim_;
  Transforms transforms_;
  std::vector<Tensor> images_;            // before each stage, and before the victim
  std::vector<std::vector<Draw>> draws_;  // of each stage, and of the victim
  Tensor gradients_[2];
};

class Averaged : public Victim {
 public:
  Averaged(const Context& context, std::vector<std::unique_ptr<Victim>> members)
      : context_(context),
        members_(std::move(members)),
        logits_(context.empty({images().n, classes(), 1, 1})),
        gradient_(context.empty(images())) {}

  Shape images() const override { return members_[0]->images(); }
  std::int64_t classes() const override { return members_[0]->classes(); }
  bool random() const override {
    for (const auto& member : members_) {
      if (member->random()) return true;
    }
    return false;
  }

  const Tensor& forward(const Tensor& images, std::span<const Draw> draws) override {
    ops::fill(context_, logits_, 0);
    for (std::size_t k = 0; k < members_.size(); ++k) {
      const auto own = ops::stage_draws(context_, draws, static_cast<std::uint32_t>(k));
      ops::axpy(context_, share(), members_[k]->forward(images, own), logits_);
    }
    return logits_;
  }

  const Tensor& backward(const Tensor& d_logits) override {
    ops::fill(context_, gradient_, 0);
    for (const auto& member : members_) {
      ops::axpy(context_, share(), member->backward(d_logits), gradient_);
    }
    return gradient_;
  }

 private:
  float share() const { return 1 / static_cast<float>(members_.size()); }

  const Context& context_;
  std::vector<std::unique_ptr<Victim>> members_;
  Tensor logits_, gradient_;
};

}  // namespace

std::unique_ptr<Victim> defended(const Context& context, std::unique_ptr<Victim> victim,
                                 Transforms transforms) {
  return std::make_unique<Defended>(context, std::move(victim), std::move(transforms));
}

std::unique_ptr<Victim> averaged(const Context& context,
                                 std::vector<std::unique_ptr<Victim>> members) {
  if (members.empty()) throw UsageError("an average of victims has no members");
  for (const auto& member : members) {
    if (member->images() != members[0]->images() || member->classes() != members[0]->classes()) {
      throw UsageError("victims that are averaged take " + to_string(member->images()) + " to " +
                       std::to_string(member->classes()) + " classes and " +
                       to_string(members[0]->images()) + " to " +
                       std::to_string(members[0]->classes()) + " classes; expected the same");
    }
  }
  return std::make_unique<Averaged>(context, std::move(members));
}

}  // namespace phosphene
