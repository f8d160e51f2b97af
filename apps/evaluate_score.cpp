#include "evaluate_score.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace apps {
namespace {

using namespace phosphene;

/// Image i of a host batch.
Tensor one(const Tensor& batch, std::int64_t i) {
  const Shape& s = batch.shape();
  Tensor image = Tensor::host({1, s.c, s.h, s.w});
  std::copy_n(batch.data() + i * image.count(), image.count(), image.data());
  return image;
}

/// A curve at once, or evenly many parts of it: a batch that is not full is computed whole.
std::int64_t batch_of(const Shape& images, std::int64_t step) {
  constexpr std::int64_t kMost = 65;
  const std::int64_t points = (images.pixels() + step - 1) / step + 1;
  const std::int64_t parts = (points + kMost - 1) / kMost;
  return (points + parts - 1) / parts;
}

Tensor magnitude(Tensor map) {
  for (std::int64_t i = 0; i < map.count(); ++i) map.data()[i] = std::abs(map.data()[i]);
  return map;
}

}  // namespace

Scorer::Scorer(const Context& context, const Network& network, const Pictures& pictures,
               double tolerance, CausalOptions causal)
    : context_(context), pictures_(pictures), tolerance_(tolerance), causal_(causal) {
  causal_.hidden = zero_colour(network.graph());
  const Shape& s = pictures.images.shape();
  classifier_ = make_classifier(context, network, s.h, s.w, batch_of(s, causal.step));
}

Row Scorer::row(const std::string& method, const std::string& weights, const Tensor& maps) const {
  Row row{method, weights, {}, {}, {}, {}};
  for (std::int64_t i = 0; i < maps.shape().n; ++i) {
    const Tensor map = one(maps, i), mask = one(pictures_.masks, i);
    const std::int64_t label = pictures_.labels[static_cast<std::size_t>(i)];
    row.pointing.push_back(pointing(map, mask, tolerance_));
    row.energy.push_back(energy_inside(map, mask));
    const CausalScores causal =
        insertion_deletion(context_, classifier_, one(pictures_.images, i), map, label, causal_);
    row.deletion.push_back(causal.deletion);
    row.insertion.push_back(causal.insertion);
  }
  return row;
}

double Scorer::accuracy() const {
  const Tensor scores = probabilities(context_, classifier_, pictures_.images);
  const std::int64_t classes = scores.shape().c;
  std::int64_t right = 0;
  for (std::size_t i = 0; i < pictures_.labels.size(); ++i) {
    const float* p = scores.data() + static_cast<std::int64_t>(i) * classes;
    right += std::max_element(p, p + classes) - p == pictures_.labels[i];
  }
  return static_cast<double>(right) / static_cast<double>(pictures_.labels.size());
}

std::vector<double> correlations(const Tensor& a, const Tensor& b) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < a.shape().n; ++i) {
    values.push_back(rank_correlation(magnitude(one(a, i)), magnitude(one(b, i))));
  }
  return values;
}

}  // namespace apps
