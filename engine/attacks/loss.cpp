#include "phosphene/attacks/loss.hpp"

#include "phosphene/error.hpp"

namespace phosphene {

std::string to_string(AttackLoss loss) {
  switch (loss) {
    case AttackLoss::cross_entropy:
      return "ce";
    case AttackLoss::margin:
      return "margin";
    case AttackLoss::dlr:
      return "dlr";
    case AttackLoss::score:
      break;
  }
  return "score";
}

AttackLoss parse_attack_loss(const std::string& name) {
  for (const AttackLoss loss :
       {AttackLoss::cross_entropy, AttackLoss::margin, AttackLoss::dlr, AttackLoss::score}) {
    if (name == to_string(loss)) return loss;
  }
  throw UsageError("--loss '" + printable(name) + "': expected ce, margin, dlr or score");
}

}  // namespace phosphene
