#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/loss.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace apps {

/// What flags may say of a method; what they do not is the method's own default.
struct MethodOptions {
  phosphene::Norm norm = phosphene::Norm::linf;
  std::optional<phosphene::AttackLoss> loss;
  std::optional<int> steps, restarts, samples, searches;
  std::optional<float> alpha, momentum, lambda;
  std::optional<std::int64_t> queries;
  bool stay = false;
  phosphene::Tensor mask;  ///< host, [1, 1, h, w]; empty: none
};

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

struct Method {
  std::string name, what;
  std::vector<phosphene::Norm> norms;  ///< the first is the default
  std::vector<std::string> flags;      ///< those that not every method has
  bool white_box = true;
  bool nearest = false;  ///< looks for the nearest image: has no epsilon
  bool targeted = true;  ///< can be given a target
  bool starts = false;   ///< which it then begins at an image of
  bool epsilons = true;  ///< can be given several
  /// Context and victim outlive what it returns. Throws phosphene::UsageError.
  std::function<RunAttack(const phosphene::Context&, phosphene::Victim&, const MethodOptions&)>
      make;
};

/// Every attack by its name: a line here is all that a new one needs.
const std::vector<Method>& methods();
/// Throws phosphene::UsageError with the names that there are.
const Method& method_of(const std::string& name);

/// The methods that have `flag`, for a message: "bim, pgd, mi-fgsm".
std::string methods_with(const std::string& flag);

}  // namespace apps
