#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/context.hpp"

namespace phosphene {

/// A network of a transfer matrix: crafts, and is shown what the others crafted.
struct TransferNetwork {
  std::string name;
  Classifier classifier;
  /// Attacks a whole queue on it: run_attack(), or an attack that has no slots (autoattack()).
  std::function<void(const NextExample&, const TakeOutcome&)> craft;
};

/// Of the images that the victim names correctly, those that it names wrongly (targeted: as the
/// target) once they are attacked on the surrogate.
struct TransferCell {
  std::int64_t fooled = 0, correct = 0;
};

struct TransferMatrix {
  std::vector<std::string> names;
  std::vector<std::int64_t> correct;  ///< of each network, on the clean images
  std::int64_t images = 0;
  std::vector<std::vector<TransferCell>> cells;  ///< [surrogate][victim]
};

/// Every image is attacked on every network, whether that names it correctly or not, so that a
/// column is over the same images whatever the row. `queue` begins the examples anew, once a
/// network and once for the clean images; `progress`, if there is one, hears of every image done.
/// Adversarial images are not kept: each is shown to the victims as it comes, `batch` at a time.
TransferMatrix transfer(const Context& context, const std::vector<TransferNetwork>& networks,
                        const std::function<NextExample()>& queue, std::int64_t batch,
                        const std::function<void()>& progress = {});

}  // namespace phosphene
