// The step size of one image in one run of APGD (Croce and Hein 2020, 3.1), as the original's code
// has it: in the first interval it compares the first loss with 0, not with that of the start.
#pragma once
#include <algorithm>

namespace phosphene {

class ApgdSchedule {
 public:
  ApgdSchedule() = default;
  /// The loss at the random start. The step begins at 2 epsilon.
  ApgdSchedule(int steps, float rho, float epsilon, float loss)
      : rho_(rho),
        interval_(std::max(static_cast<int>(0.22 * steps), 1)),
        shortest_(std::max(static_cast<int>(0.06 * steps), 1)),
        shorter_(std::max(static_cast<int>(0.03 * steps), 1)),
        step_(2 * epsilon),
        best_(loss),
        best_at_checkpoint_(loss) {}

  struct Verdict {
    bool best;  ///< this point has the largest loss so far
    bool back;  ///< go on from the point of the largest loss, with half the step
  };
  /// The loss after another step.
  Verdict next(float loss) {
    Verdict verdict{loss > best_, false};
    if (verdict.best) best_ = loss;
    grown_ += loss > previous_ ? 1 : 0;
    previous_ = loss;
    if (++since_ < interval_) return verdict;
    const bool oscillates = static_cast<float>(grown_) <= rho_ * static_cast<float>(interval_);
    const bool stands = !halved_ && best_at_checkpoint_ >= best_;
    verdict.back = halved_ = oscillates || stands;
    if (verdict.back) step_ /= 2;
    best_at_checkpoint_ = best_;
    interval_ = std::max(interval_ - shorter_, shortest_);
    since_ = grown_ = 0;
    return verdict;
  }

  float step() const { return step_; }
  float best() const { return best_; }

 private:
  float rho_ = 0;
  int interval_ = 1, shortest_ = 1, shorter_ = 1;
  int since_ = 0, grown_ = 0;  ///< steps since the last checkpoint; those in which the loss grew
  bool halved_ = true;         ///< at the last checkpoint
  float step_ = 0, best_ = 0, best_at_checkpoint_ = 0, previous_ = 0;
};

}  // namespace phosphene
