#include "engine/models/squeezenet.hpp"

namespace phosphene {
namespace {

/// Squeezes to few channels, which a 1x1 and a 3x3 convolution expand; both are the output.
void fire(ModelBuilder& b, const std::string& name, std::int64_t squeeze, std::int64_t expand) {
  b.conv(name + ".squeeze", {squeeze});
  const int squeezed = b.relu(name + ".squeeze_activation");
  b.conv(name + ".expand1x1", {expand});
  const int narrow = b.relu(name + ".expand1x1_activation");
  b.go_to(squeezed);
  b.conv(name + ".expand3x3", {expand, 3, 1, 1});
  const int wide = b.relu(name + ".expand3x3_activation");
  b.join(name, op::Concat{}, {narrow, wide});
}

}  // namespace

const std::vector<std::string>& squeezenet_names() {
  static const std::vector<std::string> names{"squeezenet1_0", "squeezenet1_1"};
  return names;
}

void squeezenet(ModelBuilder& b) {
  const bool first = b.model() == "squeezenet1_0";
  b.input(imagenet_input(), 224);
  // Version 1.1 has a smaller first convolution and pools earlier.
  const std::vector<std::int64_t> poolings =
      first ? std::vector<std::int64_t>{2, 6, 11} : std::vector<std::int64_t>{2, 5, 8};
  constexpr std::int64_t kSqueeze[] = {16, 16, 32, 32, 48, 48, 64, 64};
  if (first) {
    b.conv("features.0", {96, 7, 2});
  } else {
    b.conv("features.0", {64, 3, 2});
  }
  b.relu("features.1");
  std::int64_t index = 2;
  std::size_t pooled = 0;
  for (const std::int64_t squeeze : kSqueeze) {
    if (pooled < poolings.size() && index == poolings[pooled]) {
      b.then("features." + std::to_string(index++), op::MaxPool{square_window(3, 2, 0, true)});
      ++pooled;
    }
    fire(b, "features." + std::to_string(index++), squeeze, 4 * squeeze);
  }
  b.then("classifier.0", op::Dropout{});
  b.conv("classifier.1", {1000});
  b.relu("classifier.2");
  b.then("classifier.3", op::AdaptiveAvgPool{});
}

}  // namespace phosphene
