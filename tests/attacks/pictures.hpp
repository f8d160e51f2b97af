// What the tests of attacks share: the bundled classifier, drawn pictures, and a run of an attack.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/network.hpp"

namespace phosphene::testing_attacks {

/// The classifier of the drawn shapes, 64 x 64 pixels, 8 classes.
Network bundled_network();

/// Pictures of the seed that training never saw, with their classes.
std::vector<Example> pictures(std::int64_t count, float epsilon);

/// A copy, since an Example's image moves.
Example copy_of(const Example& example);

/// The outcomes by index.
using Outcomes = std::map<std::int64_t, Outcome>;
Outcomes run(Attack& attack, const std::vector<Example>& examples);

/// What a UsageError says that the call throws; "" where it throws none.
std::string refusal(const std::function<void()>& call);

int successes(const Outcomes& outcomes);
std::vector<float> values(const Tensor& host);
float linf(const Tensor& a, const Tensor& b);
double l2(const Tensor& a, const Tensor& b);

}  // namespace phosphene::testing_attacks
