#include "phosphene/attacks/autoattack.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// An image on its way through the attacks.
struct Candidate {
  Example example;
  Outcome outcome;
};

struct Part {
  std::string name;
  std::unique_ptr<Attack> attack;
};

std::vector<Part> standard(const Context& context, Victim& victim, Norm norm) {
  const AutoAttackParts options = autoattack_parts(norm);
  std::vector<Part> parts;
  parts.push_back({"apgd-ce", apgd(context, victim, options.apgd_ce)});
  parts.push_back({"apgd-t", apgd(context, victim, options.apgd_t)});
  parts.push_back({"fab-t", fab(context, victim, options.fab_t)});
  parts.push_back(
      {"square", square(context, as_classifier(context, victim), victim.images(), options.square)});
  return parts;
}

/// Images to a chunk: whole batches, enough of them that a few survivors still fill one, and no
/// more than 256 MB.
std::int64_t chunk_size(const Shape& images) {
  const std::int64_t bytes = images.count() / images.n * 4;
  const std::int64_t fits = std::max<std::int64_t>(1, (std::int64_t{256} << 20) / bytes / images.n);
  return images.n * std::min(fits, std::max<std::int64_t>(4, 1024 / images.n));
}

std::vector<Candidate> next_chunk(const NextExample& next, std::int64_t most, bool& more) {
  std::vector<Candidate> chunk;
  while (static_cast<std::int64_t>(chunk.size()) < most) {
    std::optional<Example> example = next();
    more = example.has_value();
    if (!more) break;
    if (example->target >= 0) {
      throw UsageError("AutoAttack is untargeted: image " + std::to_string(example->index) +
                       " has the target " + std::to_string(example->target));
    }
    chunk.push_back({std::move(*example), {}});
  }
  return chunk;
}

/// Its outcome goes; `success` stays, for the attacks that come after.
void leave(Candidate& candidate, const TakeOutcome& done) {
  Outcome outcome = std::move(candidate.outcome);
  candidate.outcome.success = outcome.success;
  outcome.tag = candidate.example.tag;
  done(std::move(outcome));
}

/// One attack on those that none has fooled. What it fools leaves at once: a chunk takes long.
void run_part(const Part& part, std::vector<Candidate>& chunk, const TakeOutcome& done) {
  std::size_t at = 0;
  const auto next = [&]() -> std::optional<Example> {
    while (at < chunk.size() && chunk[at].outcome.success) ++at;
    if (at == chunk.size()) return std::nullopt;
    const Example& e = chunk[at].example;
    return Example{.index = e.index,
                   .image = e.image.view(),
                   .label = e.label,
                   .epsilon = e.epsilon,
                   .tag = static_cast<std::int64_t>(at++)};
  };
  run_attack(*part.attack, next, [&](Outcome outcome) {
    Candidate& candidate = chunk[static_cast<std::size_t>(outcome.tag)];
    Outcome& all = candidate.outcome;
    const bool clean = part.name == "apgd-ce" && outcome.iterations == 0 && outcome.queries == 1;
    outcome.iterations += all.iterations;
    outcome.queries += all.queries;
    if (outcome.success) outcome.by = clean ? "clean" : part.name;
    // Of an image that stays robust, APGD-T's: the point of the largest targeted DLR.
    const bool climbs = part.name == "apgd-ce" || part.name == "apgd-t";
    if (!outcome.success && !climbs) outcome.image = std::move(all.image);
    all = std::move(outcome);
    if (all.success) leave(candidate, done);
  });
}

}  // namespace

AutoAttackParts autoattack_parts(Norm norm) {
  return {.apgd_ce = {.norm = norm},
          .apgd_t = {.norm = norm, .loss = AttackLoss::dlr, .targets = 9},
          .fab_t = {.norm = norm},
          .square = {.norm = norm}};
}

void autoattack(const Context& context, Victim& victim, const AutoAttackOptions& options,
                const NextExample& next, const TakeOutcome& done) {
  if (victim.classes() < 4) {
    throw UsageError("AutoAttack: its targeted DLR needs at least 4 classes, the network has " +
                     std::to_string(victim.classes()));
  }
  const std::vector<Part> parts = standard(context, victim, options.norm);
  const std::int64_t most = chunk_size(victim.images());
  for (bool more = true; more;) {
    std::vector<Candidate> chunk = next_chunk(next, most, more);
    for (const Part& part : parts) run_part(part, chunk, done);
    for (Candidate& c : chunk) {
      if (!c.outcome.success) leave(c, done);
    }
  }
}

}  // namespace phosphene
