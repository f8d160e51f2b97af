// The outer search for c of one image in Carlini and Wagner's attack, on the host: it is told of
// every iterate and says what comes next.
#pragma once
#include <cstdint>

#include "phosphene/attacks/carlini_wagner.hpp"

namespace phosphene {

class CarliniWagnerSearch {
 public:
  /// What follows on an iterate: a step of Adam, the clean image again with another c, or nothing.
  enum class Next : std::uint8_t { step, restart, end };

  CarliniWagnerSearch() = default;
  explicit CarliniWagnerSearch(const CarliniWagnerOptions& options);

  /// Told the margin at the iterate and its L2 distance from the clean image.
  Next look(float margin, float distance);

  double c() const { return c_; }
  int step() const { return step_; }  ///< of Adam with this c, that the next iterate comes after
  bool found() const { return best_ < kNone; }
  bool improved() const { return improved_; }  ///< the iterate just told of is the nearest so far

 private:
  static constexpr float kNone = 3e38F;
  bool stalls(float margin, float distance);
  Next next_c();

  CarliniWagnerOptions options_;
  double c_ = 0, lower_ = 0, upper_ = kNoUpper, last_loss_ = kNoUpper;
  static constexpr double kNoUpper = 1e300;
  float best_ = kNone;
  int search_ = 0, step_ = 0;
  bool fooled_ = false, improved_ = false;
};

}  // namespace phosphene
