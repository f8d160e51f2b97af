#include "engine/models/small.hpp"

namespace phosphene {
namespace {

constexpr std::int64_t kSide = 32, kClasses = 10;

/// Its fully connected layer is a convolution as large as the maps.
void convnetjs(ModelBuilder& b) {
  b.input({{0.5F, 0.5F, 0.5F}, {1, 1, 1}, 1, false}, kSide);
  constexpr std::int64_t kWidths[] = {16, 20, 20};
  for (int i = 1; i <= 3; ++i) {
    const std::string number = std::to_string(i);
    b.conv("conv" + number, {kWidths[i - 1], 5, 1, 2});
    b.relu("relu" + number);
    b.then("pool" + number, op::MaxPool{square_window(2, 2, 0)});
  }
  b.conv("fc", {kClasses, 4});
}

/// Named after their places in an nn.Sequential.
void convexadv(ModelBuilder& b) {
  b.input({imagenet_input().mean, {0.225F, 0.225F, 0.225F}, 1, false}, kSide);
  b.conv("0", {16, 4, 2, 1});
  b.relu("1");
  b.conv("2", {32, 4, 2, 1});
  b.relu("3");
  b.then("4", op::Flatten{});
  b.linear("5", 100, std::int64_t{32} * 8 * 8);
  b.relu("6");
  b.linear("7", kClasses, 100);
}

}  // namespace

const std::vector<std::string>& small_names() {
  static const std::vector<std::string> names{"convnetjs_cifar10", "convexadv_cifar_small"};
  return names;
}

void small(ModelBuilder& builder) {
  if (builder.model() == "convnetjs_cifar10") {
    convnetjs(builder);
  } else {
    convexadv(builder);
  }
}

}  // namespace phosphene
