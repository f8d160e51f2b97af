#pragma once
#include <cstdint>
#include <map>

#include "phosphene/attacks/inspector.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/tensor.hpp"
#include "subject.hpp"

namespace apps {

/// Where an attack by labels alone begins that is given a target: at the first image of a data set
/// that the victim gives this class, whatever its label.
class Starts {
 public:
  /// Both outlive it; the victim is the subject's.
  Starts(const Subject& subject, phosphene::Victim& victim);

  /// Host, [1, 3, h, w]; empty where no image shows the class. Looks no further into the data than
  /// it must; what the victim gave another caller is gone.
  phosphene::Tensor of(std::int64_t target);

 private:
  void look_on();

  const Subject& subject_;
  std::int64_t batch_;
  phosphene::Inspector inspector_;
  std::map<std::int64_t, std::int64_t> first_;  ///< image by class
  std::int64_t looked_ = 0;                     ///< images
};

}  // namespace apps
