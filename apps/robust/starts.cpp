#include "starts.hpp"

#include <algorithm>
#include <vector>

#include "phosphene/classifier.hpp"

namespace apps {

using namespace phosphene;

Starts::Starts(const Subject& subject, Victim& victim)
    : subject_(subject), batch_(victim.images().n), inspector_(*subject.context, victim) {}

Tensor Starts::of(std::int64_t target) {
  const Dataset& data = *subject_.data;
  while (!first_.contains(target) && looked_ < data.size()) look_on();
  const auto found = first_.find(target);
  return found == first_.end() ? Tensor() : data.load(found->second);
}

/// The next batch.
void Starts::look_on() {
  const Dataset& data = *subject_.data;
  const std::int64_t count = std::min(batch_, data.size() - looked_);
  const Readable next = readable(data, looked_, count);
  looked_ += count;
  if (next.images.empty()) return;
  std::vector<Specimen> specimens;
  for (std::size_t i = 0; i < next.images.size(); ++i) {
    specimens.push_back({next.places[i], 0, &next.images[i]});
  }
  const Tensor logits = inspector_.logits(specimens);
  const std::int64_t classes = logits.shape().c;
  for (std::size_t i = 0; i < next.places.size(); ++i) {
    const float* row = logits.data() + static_cast<std::int64_t>(i) * classes;
    first_.emplace(predicted_class(row, classes), next.places[i]);
  }
}

}  // namespace apps
