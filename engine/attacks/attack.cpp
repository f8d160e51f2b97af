#include "phosphene/attacks/attack.hpp"

#include <vector>

#include "phosphene/error.hpp"

namespace phosphene {

std::string to_string(Norm norm) { return norm == Norm::linf ? "linf" : "l2"; }

Norm parse_norm(const std::string& text) {
  if (text == "linf") return Norm::linf;
  if (text == "l2") return Norm::l2;
  throw UsageError("--norm '" + printable(text) + "': expected linf or l2");
}

void run_attack(Attack& attack, const NextExample& next, const TakeOutcome& done) {
  std::vector<bool> busy(static_cast<std::size_t>(attack.slots()));
  bool more = true;
  for (;;) {
    std::int64_t in_work = 0;
    for (std::int64_t slot = 0; slot < attack.slots(); ++slot) {
      auto full = busy[static_cast<std::size_t>(slot)];
      if (!full && more) {
        const std::optional<Example> example = next();
        more = example.has_value();
        if (more) attack.start(slot, *example);
        full = more;
      }
      in_work += full ? 1 : 0;
    }
    if (in_work == 0) return;
    attack.step();
    for (std::int64_t slot = 0; slot < attack.slots(); ++slot) {
      auto full = busy[static_cast<std::size_t>(slot)];
      if (!full || !attack.finished(slot)) continue;
      done(attack.take(slot));
      full = false;
    }
  }
}

}  // namespace phosphene
