// What the tests of attacks against torchattacks share (make_attack_goldens.py).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "phosphene/attacks/pgd.hpp"
#include "phosphene/network.hpp"
#include "tests/golden/golden.hpp"

namespace phosphene::golden {

struct AttackCase {
  std::string name;  ///< in the golden file
  float epsilon;
};

/// Replays the peer's steps on these images [n, 3, h, w], then lets each method run free.
void expect_the_peers_steps(const AttackCase& c, const Network& network, const Tensor& images);
void expect_the_peers_outcomes(const AttackCase& c, const Network& network, const Tensor& images);

}  // namespace phosphene::golden
