#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "flags.hpp"
#include "phosphene/attacks/inspector.hpp"
#include "record.hpp"
#include "starts.hpp"
#include "subject.hpp"
#include "sweep.hpp"

namespace apps {

/// Attacks the items of a sweep as they come: asks for the clean image's class, hands those that
/// are right to the attack, asks again what it made of them, checks, records and saves.
class AttackStream {
 public:
  /// Both outlive it. Throws phosphene::UsageError where the method cannot attack this victim.
  AttackStream(const AttackPlan& plan, const Subject& subject);

  /// Throws phosphene::Error that names an image which left its ball, phosphene::UsageError where
  /// no image shows the class that all are to show and the attack begins at one, and Interrupted
  /// once interrupted(): images in work are then dropped, to be done by the next run.
  void run(SweepQueue& queue);

  std::int64_t items() const { return items_; }  ///< that were done: images at each epsilon

 private:
  /// An item from when it is read until it is recorded.
  struct Work {
    SweepItem item;
    Record record;
    phosphene::Outcome outcome;
  };

  std::optional<phosphene::Example> next(SweepQueue& queue);
  static phosphene::Example example_of(const Work& work);
  bool read(SweepQueue& queue);
  /// To the attack, with where it begins. Without that the image withstands as it is; of a target
  /// that all images have, the sweep ends.
  void send(SweepQueue& queue, Work work);
  void finish(SweepQueue& queue, Work work);
  void evaluate(SweepQueue& queue);
  void record(SweepQueue& queue, Work& work, const float* logits, const float* rounded);
  /// What became of the item goes to the journal, the array and, of the first images, a picture.
  void leave(SweepQueue& queue, const Work& work, const phosphene::Tensor& image);
  std::optional<double> epsilon(const SweepItem& item) const;

  const AttackPlan& plan_;
  const Subject& subject_;
  std::unique_ptr<phosphene::Victim> seen_, tried_;
  phosphene::Inspector inspector_;
  Starts starts_;
  RunAttack attack_;
  std::map<std::int64_t, Work> in_work_;  ///< by item
  std::deque<phosphene::Example> ready_;
  std::vector<Work> attacked_;  ///< to be asked about
  std::int64_t items_ = 0;
};

/// max over j != y of z_j - z_y.
float margin(const float* logits, std::int64_t classes, std::int64_t label);
/// The nearest multiples of 1/255, as a file of 8 bits holds them.
phosphene::Tensor rounded(const phosphene::Tensor& image);

}  // namespace apps
