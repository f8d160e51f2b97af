#include "engine/models/resnet.hpp"

#include <map>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

struct ResnetLayout {
  std::vector<int> blocks;  ///< in each stage
  bool bottleneck = false;  ///< 1x1, 3x3, 1x1 to four times the width, else 3x3, 3x3
  std::int64_t width = 64;  ///< of the first stage; it doubles with each
  std::int64_t classes = 1000;
  std::int64_t image = 0;  ///< side of the pixels; 0: 224, or 32 with the stem of small images
};

const std::map<std::string, ResnetLayout>& layouts() {
  static const std::map<std::string, ResnetLayout> all{
      {"resnet18", {{2, 2, 2, 2}}},
      {"resnet34", {{3, 4, 6, 3}}},
      {"resnet50", {{3, 4, 6, 3}, true}},
      {"resnet101", {{3, 4, 23, 3}, true}},
      {"resnet152", {{3, 8, 36, 3}, true}},
      {"resnet20_cifar10", {{3, 3, 3}, false, 16, 10}},
      {"resnet32_cifar10", {{5, 5, 5}, false, 16, 10}},
      {"resnet44_cifar10", {{7, 7, 7}, false, 16, 10}},
      {"resnet56_cifar10", {{9, 9, 9}, false, 16, 10}},
      {"resnet110_cifar10", {{18, 18, 18}, false, 16, 10}},
      {"resnet8_shapes", {{1, 1, 1}, false, 24, 8, 64}}};
  return all;
}

class Resnet {
 public:
  explicit Resnet(ModelBuilder& builder)
      : b_(builder), layout_(layouts().at(b_.model())), cifar_(b_.model().ends_with("_cifar10")) {}

  void build() {
    stem();
    std::int64_t width = layout_.width;
    for (std::size_t stage = 0; stage < layout_.blocks.size(); ++stage, width *= 2) {
      for (int i = 0; i < layout_.blocks[stage]; ++i) {
        const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(i);
        block(name, width, stage > 0 && i == 0 ? 2 : 1);
      }
    }
    b_.then("avgpool", op::AdaptiveAvgPool{});
    b_.then("flatten", op::Flatten{});
    b_.linear(b_.has("linear") ? "linear" : "fc", layout_.classes, b_.channels());
  }

 private:
  /// 7x7 and a pooling; for images of 32 pixels 3x3 alone, for those of 64 with stride 2.
  void stem() {
    const std::vector<std::int64_t> kernel = b_.shape("conv1");
    const bool small = cifar_ || layout_.image || (kernel.size() == 4 && kernel[2] == 3);
    b_.input(imagenet_input(), layout_.image ? layout_.image : small ? 32 : 224);
    if (small) {
      b_.conv("conv1", {layout_.width, 3, layout_.image == 64 ? 2 : 1, 1, false});
    } else {
      b_.conv("conv1", {layout_.width, 7, 2, 3, false});
    }
    b_.norm("bn1");
    b_.relu("relu");
    if (!small) b_.then("maxpool", op::MaxPool{square_window(3, 2, 1)});
  }

  /// The block's output has the block's name.
  void block(const std::string& name, std::int64_t width, int stride) {
    const int start = b_.here();
    std::vector<ConvLayer> convs{{width, 3, stride, 1, false}, {width, 3, 1, 1, false}};
    if (layout_.bottleneck) {
      convs = {{width, 1, 1, 0, false}, {width, 3, stride, 1, false}, {4 * width, 1, 1, 0, false}};
    }
    for (std::size_t i = 0; i < convs.size(); ++i) {
      const std::string number = std::to_string(i + 1);
      b_.conv(name + ".conv" + number, convs[i]);
      b_.norm(name + ".bn" + number);
      if (i + 1 < convs.size()) b_.relu(name + ".relu" + number);
    }
    const int end = b_.here();
    const std::int64_t channels = b_.channels();
    b_.go_to(start);
    const int shortcut = shortcut_of(name, channels, stride);
    b_.join(name + ".add", op::Add{}, {end, shortcut});
    b_.relu(name);
  }

  /// The block's input; where the shape changes projected, or in the CIFAR networks without weights
  /// (the paper's option A): every second pixel, and zeros for the new channels.
  int shortcut_of(const std::string& name, std::int64_t channels, int stride) {
    const std::string projection = name + ".downsample";
    if (stride == 1 && b_.channels() == channels && !b_.has(projection + ".0")) return b_.here();
    if (!cifar_ || b_.has(projection + ".0")) {
      b_.conv(projection + ".0", {channels, 1, stride, 0, false});
      return b_.norm(projection + ".1");
    }
    const std::int64_t missing = channels - b_.channels();
    if (missing < 0) {
      throw Error(b_.source() + ": '" + name + "' makes " + std::to_string(channels) +
                  " channels of " + std::to_string(b_.channels()) + ", expected at least as many");
    }
    b_.then(name + ".subsample", op::AvgPool{square_window(1, stride, 0)});
    const auto before = static_cast<int>(missing / 2);
    return b_.then(name + ".shortcut", op::PadChannels{before, static_cast<int>(missing) - before});
  }

  ModelBuilder& b_;
  const ResnetLayout& layout_;
  bool cifar_;
};

}  // namespace

const std::vector<std::string>& resnet_names() {
  static const std::vector<std::string> names{
      "resnet18",         "resnet34",          "resnet50",         "resnet101",
      "resnet152",        "resnet20_cifar10",  "resnet32_cifar10", "resnet44_cifar10",
      "resnet56_cifar10", "resnet110_cifar10", "resnet8_shapes"};
  return names;
}

void resnet(ModelBuilder& builder) { Resnet(builder).build(); }

}  // namespace phosphene
