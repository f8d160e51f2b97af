#include "phosphene/attacks/attack.hpp"

#include <cstddef>
#include <iterator>
#include <optional>
#include <vector>

#include "phosphene/error.hpp"

namespace phosphene {

std::string to_string(Norm norm) { return norm == Norm::linf ? "linf" : "l2"; }

Norm parse_norm(const std::string& text) {
  if (text == "linf") return Norm::linf;
  if (text == "l2") return Norm::l2;
  throw UsageError("--norm '" + printable(text) + "': expected linf or l2");
}

namespace {

/// Which slots hold an image. Where something throws, those that do are emptied, so that the attack
/// can be run again.
class Busy {
 public:
  explicit Busy(Attack& attack)
      : attack_(attack), slots_(static_cast<std::size_t>(attack.slots())) {}
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() {
    for (std::int64_t slot = 0; slot < std::ssize(slots_); ++slot) {
      try {
        if ((*this)[slot]) attack_.take(slot);
      } catch (...) {  // what was thrown first says more
      }
    }
  }
  std::vector<bool>::reference operator[](std::int64_t slot) {
    return slots_[static_cast<std::size_t>(slot)];
  }

 private:
  Attack& attack_;
  std::vector<bool> slots_;
};

}  // namespace

void run_attack(Attack& attack, const NextExample& next, const TakeOutcome& done) {
  Busy busy(attack);
  bool more = true;
  for (;;) {
    std::int64_t in_work = 0;
    for (std::int64_t slot = 0; slot < attack.slots(); ++slot) {
      if (!busy[slot] && more) {
        const std::optional<Example> example = next();
        more = example.has_value();
        if (more) attack.start(slot, *example);
        busy[slot] = more;
      }
      in_work += busy[slot] ? 1 : 0;
    }
    if (in_work == 0) return;
    attack.step();
    for (std::int64_t slot = 0; slot < attack.slots(); ++slot) {
      if (!busy[slot] || !attack.finished(slot)) continue;
      busy[slot] = false;
      done(attack.take(slot));
    }
  }
}

}  // namespace phosphene
