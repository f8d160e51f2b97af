#include "targets.hpp"

#include <algorithm>

#include "classes.hpp"
#include "common.hpp"
#include "phosphene/error.hpp"

namespace apps {
namespace {

using phosphene::UsageError;

/// SplitMix64's mixing (Steele, Lea and Flood 2014): every bit of the result hangs on every bit.
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9U;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBU;
  return x ^ (x >> 31);
}

}  // namespace

TargetRule::TargetRule(const std::string& text, const phosphene::Network& network,
                       const phosphene::Dataset& data, std::uint64_t seed)
    : seed_(seed) {
  if (text.empty()) return;
  kind_ = text == "next"           ? Kind::next
          : text == "random"       ? Kind::random
          : text == "least-likely" ? Kind::least_likely
                                   : Kind::one;
  if (kind_ != Kind::one) return;
  class_ = class_of("--targeted", text, network);
  std::int64_t own = 0;
  for (std::int64_t i = 0; i < data.size(); ++i) own += data.label(i) == class_ ? 1 : 0;
  if (own == 0) return;
  const std::string given =
      "--targeted '" + phosphene::printable(text) + "': is the true class of ";
  if (own == data.size()) {
    throw UsageError(given + (own == 1 ? data.name(0) : "all " + std::to_string(own) + " images") +
                     "; expected another class, or next, random or least-likely");
  }
  warn(given + std::to_string(own) + " of " + std::to_string(data.size()) +
       " images, which are skipped: neither attacked nor counted");
}

std::int64_t TargetRule::operator()(std::int64_t index, std::int64_t label, const float* logits,
                                    std::int64_t classes) const {
  switch (kind_) {
    case Kind::none:
      return -1;
    case Kind::one:
      return class_;
    case Kind::next:
      return (label + 1) % classes;
    case Kind::random: {
      const std::uint64_t word = mixed(mixed(seed_) ^ static_cast<std::uint64_t>(index));
      const auto others = static_cast<std::uint64_t>(classes - 1);
      return (label + 1 + static_cast<std::int64_t>(word % others)) % classes;
    }
    case Kind::least_likely:
      break;
  }
  std::int64_t least = label == 0 ? 1 : 0;
  for (std::int64_t k = 0; k < classes; ++k) {
    if (k != label && logits[k] < logits[least]) least = k;
  }
  return least;
}

}  // namespace apps
