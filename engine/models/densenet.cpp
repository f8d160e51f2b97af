#include "engine/models/densenet.hpp"

#include <array>
#include <map>

namespace phosphene {
namespace {

struct DenseLayout {
  std::array<int, 4> layers{};  ///< in each block
  std::int64_t stem = 64;       ///< channels
  std::int64_t growth = 32;     ///< channels that a layer adds
};

const std::map<std::string, DenseLayout>& layouts() {
  static const std::map<std::string, DenseLayout> all{{"densenet121", {{6, 12, 24, 16}}},
                                                      {"densenet161", {{6, 12, 36, 24}, 96, 48}},
                                                      {"densenet169", {{6, 12, 32, 32}}},
                                                      {"densenet201", {{6, 12, 48, 32}}}};
  return all;
}

/// BatchNorm and ReLU stand before each convolution.
void layer(ModelBuilder& b, const std::string& name, std::int64_t growth) {
  constexpr std::int64_t kBottleneck = 4;
  b.norm(name + ".norm1");
  b.relu(name + ".relu1");
  b.conv(name + ".conv1", {kBottleneck * growth, 1, 1, 0, false});
  b.norm(name + ".norm2");
  b.relu(name + ".relu2");
  b.conv(name + ".conv2", {growth, 3, 1, 1, false});
}

/// Halves the channels and the side.
void transition(ModelBuilder& b, const std::string& name) {
  b.norm(name + ".norm");
  b.relu(name + ".relu");
  b.conv(name + ".conv", {b.channels() / 2, 1, 1, 0, false});
  b.then(name + ".pool", op::AvgPool{square_window(2, 2, 0)});
}

}  // namespace

const std::vector<std::string>& densenet_names() {
  static const std::vector<std::string> names{"densenet121", "densenet161", "densenet169",
                                              "densenet201"};
  return names;
}

void densenet(ModelBuilder& b) {
  const DenseLayout& layout = layouts().at(b.model());
  const std::string root = "features.";
  b.input(imagenet_input(), 224);
  b.conv(root + "conv0", {layout.stem, 7, 2, 3, false});
  b.norm(root + "norm0");
  b.relu(root + "relu0");
  b.then(root + "pool0", op::MaxPool{square_window(3, 2, 1)});
  for (std::size_t i = 0; i < layout.layers.size(); ++i) {
    const std::string number = std::to_string(i + 1), block = root + "denseblock" + number;
    for (int k = 1; k <= layout.layers[i]; ++k) {
      const std::string name = block + ".denselayer" + std::to_string(k);
      const int before = b.here();
      layer(b, name, layout.growth);
      b.join(k < layout.layers[i] ? name + ".concat" : block, op::Concat{}, {before, b.here()});
    }
    if (i + 1 < layout.layers.size()) transition(b, root + "transition" + number);
  }
  b.norm(root + "norm5");
  b.relu(root + "relu5");
  b.then("avgpool", op::AdaptiveAvgPool{});
  b.then("flatten", op::Flatten{});
  b.linear("classifier", 1000, b.channels());
}

}  // namespace phosphene
