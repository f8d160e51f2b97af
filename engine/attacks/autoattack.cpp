#include "phosphene/attacks/autoattack.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/attacks/apgd.hpp"
#include "phosphene/attacks/fab.hpp"
#include "phosphene/attacks/square.hpp"
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
  const ApgdOptions apgd_ce{.norm = norm};
  const ApgdOptions apgd_t{.norm = norm, .loss = AttackLoss::dlr, .targets = 9};
  std::vector<Part> parts;
  parts.push_back({"apgd-ce", apgd(context, victim, apgd_ce)});
  parts.push_back({"apgd-t", apgd(context, victim, apgd_t)});
  parts.push_back({"fab-t", fab(context, victim, {.norm = norm})});
  parts.push_back(
      {"square", square(context, as_classifier(context, victim), victim.images(), {.norm = norm})});
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

/// An attack that knows which candidate is in which slot: an index alone does not tell, since an
/// image may come twice, at another epsilon.
class Tracked : public Attack {
 public:
  explicit Tracked(Attack& attack)
      : attack_(attack), in_slot_(static_cast<std::size_t>(attack.slots())) {}

  Example give(Candidate& candidate) {
    given_ = &candidate;
    const Example& e = candidate.example;
    return {e.index, e.image.view(), e.label, e.target, e.epsilon};
  }
  Candidate& taken() { return *taken_; }

  std::int64_t slots() const override { return attack_.slots(); }
  void start(std::int64_t slot, const Example& example) override {
    in_slot_[static_cast<std::size_t>(slot)] = given_;
    attack_.start(slot, example);
  }
  void step() override { attack_.step(); }
  bool finished(std::int64_t slot) const override { return attack_.finished(slot); }
  Outcome take(std::int64_t slot) override {
    taken_ = in_slot_[static_cast<std::size_t>(slot)];
    return attack_.take(slot);
  }

 private:
  Attack& attack_;
  std::vector<Candidate*> in_slot_;
  Candidate* given_ = nullptr;
  Candidate* taken_ = nullptr;
};

/// One attack on those that none has fooled.
void run_part(const Part& part, std::vector<Candidate>& chunk) {
  Tracked attack(*part.attack);
  std::size_t at = 0;
  const auto next = [&]() -> std::optional<Example> {
    while (at < chunk.size() && chunk[at].outcome.success) ++at;
    if (at == chunk.size()) return std::nullopt;
    return attack.give(chunk[at++]);
  };
  run_attack(attack, next, [&](Outcome outcome) {
    Outcome& all = attack.taken().outcome;
    const bool clean = part.name == "apgd-ce" && outcome.iterations == 0 && outcome.queries == 1;
    outcome.iterations += all.iterations;
    outcome.queries += all.queries;
    if (outcome.success) outcome.by = clean ? "clean" : part.name;
    // Of an image that stays robust, APGD-T's: the point of the largest targeted DLR.
    const bool climbs = part.name == "apgd-ce" || part.name == "apgd-t";
    if (!outcome.success && !climbs) outcome.image = std::move(all.image);
    all = std::move(outcome);
  });
}

}  // namespace

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
    for (const Part& part : parts) run_part(part, chunk);
    for (Candidate& c : chunk) done(std::move(c.outcome));
  }
}

}  // namespace phosphene
