#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "phosphene/attacks/victim.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

enum class Norm : std::uint8_t { linf, l2 };
std::string to_string(Norm norm);
Norm parse_norm(const std::string& text);  ///< Throws UsageError.

/// An image to be attacked.
struct Example {
  std::int64_t index = 0;    ///< in its whole data set: keys what is random
  Tensor image;              ///< host, [1, 3, h, w], in [0,1]
  std::int64_t label = 0;    ///< the true class
  std::int64_t target = -1;  ///< the class to be shown instead; -1: any other
  float epsilon = 0;         ///< radius of the ball; attacks that look for the nearest ignore it
  Tensor start{};            ///< like image: where an attack on labels begins; none: it looks
  std::int64_t tag = 0;      ///< whatever the caller is to know its outcome by
};

/// Throws UsageError, in one line, where no attack on `victim` can take the example: an image of
/// another size or not in [0,1] (0-255 is named), a label or target that is no class, a target that
/// is the label, an epsilon that check_epsilon() refuses.
void check_example(const Victim& victim, const Example& example, Norm norm = Norm::linf);
/// The same of a black box for batches of this shape: all but that the classes exist, which only
/// its scores can tell.
void check_example(const Shape& images, const Example& example, Norm norm);
/// The rest, once there are scores of so many classes.
void check_classes(std::int64_t index, std::int64_t label, std::int64_t target,
                   std::int64_t classes);
/// The radius of a ball, in pixels of [0,1]: throws UsageError where it is negative, no number, or,
/// in L-infinity, above 1 (8 for 8/255 is named).
void check_epsilon(float epsilon, Norm norm);
/// Whether an image of this label (target: -1 for none) that is predicted so counts as fooled.
inline bool fools(std::int64_t prediction, std::int64_t label, std::int64_t target) {
  return target >= 0 ? prediction == target : prediction >= 0 && prediction != label;
}

/// What became of it.
struct Outcome {
  std::int64_t index = 0;
  Tensor image;  ///< host, [1, 3, h, w]: the best found, in [0,1] and, if there is one, in the ball
  bool success = false;         ///< as the attack saw it
  std::int64_t iterations = 0;  ///< steps of this image, over all restarts
  std::int64_t queries = 0;     ///< times its logits or labels were asked for
  std::string by{};             ///< the attack that fooled it, where several were tried
  std::int64_t tag = 0;         ///< the example's
};

/// An attack on many images at once: each has a slot of a fixed batch, and none knows of the
/// others, so that an outcome does not depend on the batch or the slot.
class Attack {
 public:
  virtual ~Attack() = default;
  virtual std::int64_t slots() const = 0;
  /// Takes an image into an empty slot.
  virtual void start(std::int64_t slot, const Example& example) = 0;
  /// One step of all slots; what the empty ones hold does not matter.
  virtual void step() = 0;
  virtual bool finished(std::int64_t slot) const = 0;  ///< false of an empty one
  /// Empties the slot of a finished image; or of one in work, whose outcome then says nothing.
  virtual Outcome take(std::int64_t slot) = 0;
};

/// The queue of an attack: nothing at its end.
using NextExample = std::function<std::optional<Example>()>;
/// In the order in which images leave, which is not that of the queue.
using TakeOutcome = std::function<void(Outcome)>;

/// Keeps the slots full as long as the queue has images: one that is finished leaves, and the next
/// takes its slot. Ends when the queue and all slots are empty. Where anything throws, the images
/// in work are dropped: the attack can be run again.
void run_attack(Attack& attack, const NextExample& next, const TakeOutcome& done);

}  // namespace phosphene
