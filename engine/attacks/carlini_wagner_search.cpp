#include "engine/attacks/carlini_wagner_search.hpp"

#include <algorithm>

namespace phosphene {

CarliniWagnerSearch::CarliniWagnerSearch(const CarliniWagnerOptions& options)
    : options_(options), c_(options.initial_c) {}

CarliniWagnerSearch::Next CarliniWagnerSearch::look(float margin, float distance) {
  const bool fools = margin > options_.kappa;
  fooled_ = fooled_ || fools;
  improved_ = fools && distance < best_;
  if (improved_) best_ = distance;
  if (stalls(margin, distance) || step_ + 1 >= options_.steps) return next_c();
  ++step_;
  return Next::step;
}

// The first of a search never does. A loss that is NaN does.
bool CarliniWagnerSearch::stalls(float margin, float distance) {
  const int tenth = (options_.steps + 9) / 10;
  if (!options_.abort_early || step_ % tenth != 0) return false;
  const double missing = std::max(double{options_.kappa} - margin, 0.0);  // a NaN stays one
  const double loss = double{distance} * distance + c_ * missing;
  const bool falls = loss <= 0.9999 * last_loss_;
  last_loss_ = loss;
  return !falls;
}

CarliniWagnerSearch::Next CarliniWagnerSearch::next_c() {
  (fooled_ ? upper_ : lower_) = c_;
  c_ = upper_ < kNoUpper ? (lower_ + upper_) / 2 : c_ * 10;
  if (++search_ >= options_.searches) return Next::end;
  const bool last = search_ + 1 == options_.searches;
  if (last && options_.searches >= 10 && upper_ < kNoUpper) c_ = upper_;
  step_ = 0;
  last_loss_ = kNoUpper;
  fooled_ = false;
  return Next::restart;
}

}  // namespace phosphene
