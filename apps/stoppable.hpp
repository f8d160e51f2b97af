#pragma once
#include <memory>
#include <stdexcept>

#include "phosphene/attacks/victim.hpp"

namespace apps {

/// Ctrl-C or SIGTERM ended the work. run() prints its text and exits with kInterrupted.
struct Interrupted : std::runtime_error {
  using runtime_error::runtime_error;
};

/// The victim, of which every pass throws Interrupted with `text` once interrupted(): so that an
/// attack ends within a pass of the network, however many an image takes.
std::unique_ptr<phosphene::Victim> stoppable(std::unique_ptr<phosphene::Victim> victim,
                                             const char* text);

constexpr const char* kGoesOn = "interrupted; the same command goes on from here";
constexpr const char* kNothingSaved = "interrupted; nothing was saved";

}  // namespace apps
