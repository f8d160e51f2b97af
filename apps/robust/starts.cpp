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
  std::vector<Tensor> images;
  std::vector<Specimen> specimens;
  for (std::int64_t i = 0; i < count; ++i) images.push_back(data.load(looked_ + i));
  for (std::int64_t i = 0; i < count; ++i) {
    specimens.push_back({looked_ + i, 0, &images[static_cast<std::size_t>(i)]});
  }
  const Tensor logits = inspector_.logits(specimens);
  const std::int64_t classes = logits.shape().c;
  for (std::int64_t i = 0; i < count; ++i) {
    first_.emplace(predicted_class(logits.data() + i * classes, classes), looked_ + i);
  }
  looked_ += count;
}

}  // namespace apps
