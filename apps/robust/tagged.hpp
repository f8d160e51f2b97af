#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "phosphene/attacks/attack.hpp"

namespace apps {

/// An example, and what its outcome is to be told by: several of one image, with other epsilons,
/// may be in work at once.
struct Tagged {
  phosphene::Example example;
  std::int64_t tag = 0;
};
using NextTagged = std::function<std::optional<Tagged>()>;
using TakeTagged = std::function<void(phosphene::Outcome, std::int64_t tag)>;
/// Runs an attack over a queue.
using RunAttack = std::function<void(const NextTagged&, const TakeTagged&)>;

RunAttack running(std::unique_ptr<phosphene::Attack> attack);

}  // namespace apps
