#include "stoppable.hpp"

#include <span>
#include <utility>

#include "common.hpp"

namespace apps {
namespace {

using namespace phosphene;

class Stoppable final : public Victim {
 public:
  Stoppable(std::unique_ptr<Victim> victim, const char* text)
      : victim_(std::move(victim)), text_(text) {}

  Shape images() const override { return victim_->images(); }
  std::int64_t classes() const override { return victim_->classes(); }
  bool random() const override { return victim_->random(); }
  const Tensor& forward(const Tensor& images, std::span<const Draw> draws) override {
    check();
    return victim_->forward(images, draws);
  }
  const Tensor& backward(const Tensor& d_logits) override {
    check();
    return victim_->backward(d_logits);
  }

 private:
  void check() const {
    if (interrupted()) throw Interrupted(text_);
  }

  std::unique_ptr<Victim> victim_;
  const char* text_;
};

}  // namespace

std::unique_ptr<Victim> stoppable(std::unique_ptr<Victim> victim, const char* text) {
  return std::make_unique<Stoppable>(std::move(victim), text);
}

}  // namespace apps
