#pragma once
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "method_options.hpp"
#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"

namespace apps {

constexpr std::int64_t kMostOfAuto = 512;  ///< images in a batch of --batch auto

/// Runs an attack over a queue.
using RunAttack = std::function<void(const phosphene::NextExample&, const phosphene::TakeOutcome&)>;

struct Method {
  std::string name, what;
  std::vector<phosphene::Norm> norms;  ///< the first is the default
  std::vector<std::string> flags;      ///< those that not every method has
  bool white_box = true;
  bool nearest = false;  ///< looks for the nearest image: has no epsilon
  bool targeted = true;  ///< can be given a target
  bool starts = false;   ///< which it then begins at an image of
  bool fills = false;    ///< asks for many images at once for each: one fills any batch
  /// Context and victim outlive what it returns. Throws phosphene::UsageError.
  std::function<RunAttack(const phosphene::Context&, phosphene::Victim&, const MethodOptions&)>
      make{};
  /// Everything that decides its result: {"steps": 10, "loss": "ce", ...}, whether a flag sets it
  /// or not. A step that is a share of epsilon is "relative_alpha". setup.cpp lists the names.
  std::function<nlohmann::json(const MethodOptions&)> used{};
};

/// Every attack by its name: an entry here, and how its options come from flags and are told, is
/// all that a new one needs.
const std::vector<Method>& methods();
/// Throws phosphene::UsageError with the names that there are.
const Method& method_of(const std::string& name);

/// How many images of so many can be in work at once; of a method that fills, any --batch.
std::int64_t most_in_work(const Method& method, std::int64_t images);

/// The methods that have `flag`, for a message: "bim, pgd, mi-fgsm".
std::string methods_with(const std::string& flag);

}  // namespace apps
