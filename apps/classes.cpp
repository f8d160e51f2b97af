#include "classes.hpp"

#include <vector>

#include "phosphene/datasets/dataset.hpp"
#include "phosphene/models.hpp"

namespace apps {

using namespace phosphene;

std::int64_t class_of(const char* flag, const std::string& text, const Network& network) {
  return find_class(flag, text, network.info().labels, class_count(network.graph()));
}

std::string label_of(const Network& network, std::int64_t index) {
  const std::vector<std::string>& labels = network.info().labels;
  const auto at = static_cast<std::size_t>(index);
  return at < labels.size() ? labels[at] : "";
}

}  // namespace apps
