#include "engine/models/vgg.hpp"

#include <array>
#include <map>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// Convolutions in each of the five blocks; a pooling ends a block.
using Blocks = std::array<int, 5>;

const std::map<std::string, Blocks> kBlocks{{"vgg11", {1, 1, 2, 2, 2}},
                                            {"vgg13", {2, 2, 2, 2, 2}},
                                            {"vgg16", {2, 2, 3, 3, 3}},
                                            {"vgg19", {2, 2, 4, 4, 4}}};
constexpr std::array<std::int64_t, 5> kWidths{64, 128, 256, 512, 512};
constexpr std::int64_t kFeatures = 4096, kClasses = 1000;
constexpr std::string_view kNormSuffix = "_bn";

class Vgg {
 public:
  explicit Vgg(ModelBuilder& builder)
      : b_(builder),
        norms_(b_.model().ends_with(kNormSuffix)),
        blocks_(kBlocks.at(norms_ ? b_.model().substr(0, b_.model().size() - kNormSuffix.size())
                                  : b_.model())) {}

  void build() {
    input();
    if (features() && !b_.drawn()) classifier();
  }

 private:
  /// Files of normalised networks bring their own preprocessing as a 1x1 convolution of RGB.
  void input() {
    bool reflect = false;
    for (const char* prefix : {"preprocess", "conv0"}) {
      if (b_.shape(prefix).size() != 4 || reflect) continue;
      b_.input_as_is();
      b_.conv("preprocess", {3, 1, 1, 0, false}, prefix);
      reflect = true;  // as those networks were trained
    }
    if (!reflect) b_.input(imagenet_input(), 224);
    const std::string padding = b_.metadata("padding"), arch = b_.metadata("arch");
    if (!padding.empty() && padding != "zero" && padding != "reflect") {
      throw Error(b_.source() + ": metadata 'padding' is '" + printable(padding) +
                  "', expected zero or reflect");
    }
    if (padding.empty() && arch.find("reflect") != std::string::npos) reflect = true;
    reflect_ = padding.empty() ? reflect : padding == "reflect";
  }

  /// True if all five blocks were there.
  bool features() {
    const bool numbered = b_.drawn() || b_.has("conv11");  // else torchvision's and timm's list
    int index = 0;
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      const std::string number = std::to_string(block + 1);
      for (int i = 1; i <= blocks_[block]; ++i) {
        const std::string place = number + "_" + std::to_string(i);
        const std::string prefix =
            numbered ? "conv" + number + std::to_string(i) : "features." + std::to_string(index);
        if (!b_.drawn() && !b_.has(prefix)) {
          if (block == 0 && i == 1) {
            b_.refuse_other_model("'features.0.weight' (torchvision, timm) or 'conv11.weight'");
          }
          b_.ends_before(prefix + ".weight");
          return false;
        }
        if (reflect_) b_.then("pad" + place, op::ReflectPad{Padding::all(1)});
        // Every plain VGG has biases, so that one that is missing is named; before a norm they are
        // idle.
        b_.conv("conv" + place, {kWidths[block], 3, 1, reflect_ ? 0 : 1, !norms_}, prefix);
        ++index;
        if (norms_) b_.norm("bn" + place, "features." + std::to_string(index++));
        b_.relu("relu" + place);
        ++index;
      }
      b_.then("pool" + number, op::MaxPool{square_window(2, 2, 0)});
      ++index;
    }
    return true;
  }

  /// torchvision: pool to 7x7, three linear layers. timm: the first two as convolutions.
  void classifier() {
    if (const auto shape = b_.shape("pre_logits.fc1"); shape.size() == 4) {
      b_.conv("fc6", {kFeatures, static_cast<int>(shape[2])}, "pre_logits.fc1");
      b_.relu("relu6");
      if (!b_.has("pre_logits.fc2")) return;
      b_.conv("fc7", {kFeatures}, "pre_logits.fc2");
      b_.relu("relu7");
      if (!b_.has("head.fc")) return;
      b_.then("avgpool", op::AdaptiveAvgPool{});
      b_.then("flatten", op::Flatten{});
      b_.linear("fc8", kClasses, kFeatures, "head.fc");
      return;
    }
    if (!b_.has("classifier.0")) return;
    b_.then("avgpool", op::AdaptiveAvgPool{{7, 7}});
    b_.then("flatten", op::Flatten{});
    for (int i = 0; i < 3; ++i) {
      const std::string prefix = "classifier." + std::to_string(3 * i);
      const std::string number = std::to_string(6 + i);
      if (!b_.has(prefix)) return;
      b_.linear("fc" + number, i < 2 ? kFeatures : kClasses, kFeatures, prefix);
      if (i < 2) b_.relu("relu" + number);
    }
  }

  ModelBuilder& b_;
  bool norms_;
  const Blocks& blocks_;
  bool reflect_ = false;
};

}  // namespace

const std::vector<std::string>& vgg_names() {
  static const std::vector<std::string> names{"vgg11",    "vgg13",    "vgg16",    "vgg19",
                                              "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"};
  return names;
}

void vgg(ModelBuilder& builder) { Vgg(builder).build(); }

}  // namespace phosphene
