#pragma once
#include <cstdint>
#include <string>

#include "phosphene/datasets/dataset.hpp"
#include "phosphene/network.hpp"

namespace apps {

/// Which class an attacked image is to show.
class TargetRule {
 public:
  TargetRule() = default;  ///< any other than the true one
  /// `text`: a class by number or name; "next": the one after the true one; "random": drawn for
  /// each image by `seed` and its index; "least-likely": of the smallest score of the clean image.
  /// Throws phosphene::UsageError where it is none of these, or, of a class, where all images of
  /// `data` are of it; of some it warns how many are skipped.
  TargetRule(const std::string& text, const phosphene::Network& network,
             const phosphene::Dataset& data, std::uint64_t seed);

  /// Whether an image of this label is skipped, as it is of the class to be shown.
  bool skips(std::int64_t label) const { return one_class() && label == class_; }
  bool one_class() const { return kind_ == Kind::one; }  ///< the same for every image
  /// -1 of no rule. `logits`: of the clean image, one a class.
  std::int64_t operator()(std::int64_t index, std::int64_t label, const float* logits,
                          std::int64_t classes) const;

 private:
  enum class Kind : std::uint8_t { none, one, next, random, least_likely };

  Kind kind_ = Kind::none;
  std::int64_t class_ = -1;
  std::uint64_t seed_ = 0;
};

}  // namespace apps
