#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "evaluate_report.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/context.hpp"
#include "phosphene/methods/evaluate.hpp"
#include "phosphene/network.hpp"
#include "phosphene/tensor.hpp"

namespace apps {

/// Scores maps against the masks, and by what the network does with pixels taken in their order.
class Scorer {
 public:
  /// Deletion leaves the network's mean colour. All of them outlive this.
  Scorer(const phosphene::Context& context, const phosphene::Network& network,
         const Pictures& pictures, double tolerance, phosphene::CausalOptions causal);

  /// maps: host [n, 1, h, w], one a picture.
  Row row(const std::string& method, const std::string& weights,
          const phosphene::Tensor& maps) const;
  /// The share of the pictures whose class has the highest score.
  double accuracy() const;

 private:
  const phosphene::Context& context_;
  const Pictures& pictures_;
  double tolerance_;
  phosphene::CausalOptions causal_;
  phosphene::Classifier classifier_;
};

/// Spearman's of the magnitudes of two sets of maps, picture by picture.
std::vector<double> correlations(const phosphene::Tensor& a, const phosphene::Tensor& b);

}  // namespace apps
