#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common.hpp"
#include "methods.hpp"

namespace apps {

/// Of --eps, where the method has a ball.
constexpr const char* kEpsHelp =
    "Radius of the ball, of pixels in [0,1]: 8/255 or 0.03 [8/255, in L2 1]";

/// The flags of `attack`, as text; read() says what they mean.
struct AttackFlags : ClassifierFlags {
  std::string data, image, label, shard;
  std::string method = "pgd", norm, eps, epsilons, alpha, loss, targeted;
  std::string steps, restarts, samples, searches, momentum, lambda, queries, mask;
  std::string batch = "auto", limit, pictures = "16";
  std::vector<std::string> defences;
  std::string expectation;
  bool stay = false, naive = false;

  void add_to(CLI::App& app);
};

/// What the flags ask for.
struct AttackPlan {
  const Method* method = nullptr;
  MethodOptions options;
  std::vector<double> epsilons;  ///< of the ball, rising; for a `nearest` method, of the curve
  std::vector<double> within;    ///< of those of a `nearest` method, what was asked for
  std::int64_t limit = 0;        ///< images, from the first on; 0: all
  bool naive = false;            ///< the attack does not know of the defence
  std::int64_t pictures = 0;     ///< images, from the first on, that are saved as PNG
  std::vector<std::string> warnings{};  ///< that read() gave, for a report

  /// Epsilons that are items of the sweep; a `nearest` method has one item an image.
  std::size_t variants() const { return method->nearest ? 1 : epsilons.size(); }
};

/// Throws phosphene::UsageError, also for a flag that another method has. `app` knows which were
/// given.
AttackPlan read(const AttackFlags& flags, const CLI::App& app);

/// What the method runs with, for a report; "alpha" at the largest epsilon where it is a share.
nlohmann::json used_options(const AttackPlan& plan);

}  // namespace apps
