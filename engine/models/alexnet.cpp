#include "engine/models/alexnet.hpp"

namespace phosphene {

const std::vector<std::string>& alexnet_names() {
  static const std::vector<std::string> names{"alexnet"};
  return names;
}

void alexnet(ModelBuilder& b) {
  int index = 0;  // in torchvision's nn.Sequential
  const auto next = [&] { return "features." + std::to_string(index++); };
  const auto conv = [&](const ConvLayer& layer) {
    b.conv(next(), layer);
    b.relu(next());
  };
  const auto pool = [&] { b.then(next(), op::MaxPool{square_window(3, 2, 0)}); };
  b.input(imagenet_input(), 224);
  conv({64, 11, 4, 2});
  pool();
  conv({192, 5, 1, 2});
  pool();
  conv({384, 3, 1, 1});
  conv({256, 3, 1, 1});
  conv({256, 3, 1, 1});
  pool();
  constexpr int kSide = 6;
  b.then("avgpool", op::AdaptiveAvgPool{{kSide, kSide}});
  b.then("flatten", op::Flatten{});
  b.then("classifier.0", op::Dropout{});
  b.linear("classifier.1", 4096, std::int64_t{256} * kSide * kSide);
  b.relu("classifier.2");
  b.then("classifier.3", op::Dropout{});
  b.linear("classifier.4", 4096, 4096);
  b.relu("classifier.5");
  b.linear("classifier.6", 1000, 4096);
}

}  // namespace phosphene
