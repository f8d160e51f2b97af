#include <algorithm>

#include "engine/core/backend.hpp"
#include "phosphene/optimise.hpp"

namespace phosphene {
namespace {

std::vector<Seed> seeds_of(Problem& problem) {
  std::vector<Seed> seeds;
  for (const auto& objective : problem.objectives) {
    const auto same = std::ranges::find(seeds, objective->tap(), &Seed::tap);
    const auto add = [o = objective.get()](const Tensor& tap, Tensor& d_tap) {
      o->seed(tap, d_tap);
    };
    if (same == seeds.end()) {
      seeds.push_back({objective->tap(), add});
    } else {  // several objectives on one tap
      same->add = [before = std::move(same->add), add](const Tensor& tap, Tensor& d_tap) {
        before(tap, d_tap);
        add(tap, d_tap);
      };
    }
  }
  return seeds;
}

void iterate(Problem& problem, std::span<const Seed> seeds) {
  Session& session = *problem.session;
  session.forward();
  session.backward(seeds);
  for (const auto& regulariser : problem.regularisers) {
    regulariser->add(session.image(), session.d_image());
  }
  problem.updater->step(session.image(), session.d_image());
}

}  // namespace

void iterate(Problem& problem) { iterate(problem, seeds_of(problem)); }

int minimise(const Context& context, Problem& problem, const LoopOptions& options) {
  Backend& backend = backend_of(context);
  const std::vector<Seed> seeds = seeds_of(problem);
  const auto step = [&] { iterate(problem, seeds); };
  const auto profile = [&](bool on) {
    backend.synchronize();  // what is still queued is not of the window
    backend.profiler(on);
  };
  std::unique_ptr<Recording> recording;
  int done = 0;
  while (done < options.iterations) {
    if (done == options.profile_from) profile(true);
    if (recording) {
      recording->replay();
    } else {
      step();  // the first one as it is: libraries may still set themselves up
      if (options.record) recording = backend.record(step);
    }
    ++done;
    if (done == options.profile_to) profile(false);
    const bool report = done == 1 || done % options.report_every == 0 || done == options.iterations;
    if (report && options.report && !options.report(done)) break;
  }
  return done;
}

float read_scalar(const Context& context, const Tensor& scalar) {
  float value = 0;
  backend_of(context).copy(scalar.data(), scalar.device(), &value, Device{}, sizeof value);
  return value;
}

}  // namespace phosphene
