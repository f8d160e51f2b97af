#include "engine/models/vgg.hpp"

#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <random>
#include <set>

#include "engine/models/preprocessing.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// Convolutions in each of the five blocks; a pooling ends a block.
using Blocks = std::array<int, 5>;

const std::map<std::string, Blocks> kBlocks{{"vgg11", {1, 1, 2, 2, 2}},
                                            {"vgg13", {2, 2, 2, 2, 2}},
                                            {"vgg16", {2, 2, 3, 3, 3}},
                                            {"vgg19", {2, 2, 4, 4, 4}}};

constexpr std::string_view kNormSuffix = "_bn";

bool has_norms(const std::string& model) { return model.ends_with(kNormSuffix); }

const Blocks& blocks_of(const std::string& model) {
  return kBlocks.at(has_norms(model) ? model.substr(0, model.size() - kNormSuffix.size()) : model);
}

Window window(int kernel, int stride, int pad) {
  return {{kernel, kernel}, {stride, stride}, {}, Padding::all(pad), false};
}

class Builder {
 public:
  Builder(const std::string& model, const Weights& weights) : model_(model), weights_(weights) {}

  Graph build() {
    input();
    if (features()) classifier();
    refuse_leftovers();
    return std::move(graph_);
  }

 private:
  /// Takes the prefix's weight as used and tells its extents; empty if the file has none.
  std::vector<std::int64_t> take(const std::string& prefix) {
    for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
      used_.insert(prefix + part);
    }
    const std::string name = prefix + ".weight";
    return weights_.has(name) ? weights_.at(name).shape : std::vector<std::int64_t>{};
  }
  bool has_bias(const std::string& prefix) const { return weights_.has(prefix + ".bias"); }
  std::string meta(const std::string& key) const {
    const auto it = weights_.metadata().find(key);
    return it == weights_.metadata().end() ? "" : it->second;
  }

  /// Files of normalised networks bring their own preprocessing as a 1x1 convolution of RGB.
  void input() {
    const std::string text = meta("input");
    for (const char* prefix : {"preprocess", "conv0"}) {
      if (take(prefix).size() != 4) continue;
      graph_.then("input", op::Normalise{{0, 0, 0}, {1, 1, 1}, 1, false});
      graph_.then("preprocess", op::Conv{window(1, 1, 0), 3, 1, has_bias(prefix)}, prefix);
      reflect_ = true;  // as those networks were trained
    }
    if (graph_.size() == 1) {
      graph_.then("input", text.empty() ? imagenet_input() : parse_input(text, weights_.source()));
    }
    const std::string padding = meta("padding"), arch = meta("arch");
    if (!padding.empty() && padding != "zero" && padding != "reflect") {
      throw Error(weights_.source() + ": metadata 'padding' is '" + printable(padding) +
                  "', expected zero or reflect");
    }
    if (padding.empty() ? arch.find("reflect") != std::string::npos : padding == "reflect") {
      reflect_ = true;
    } else if (!padding.empty()) {
      reflect_ = false;
    }
  }

  /// True if all five blocks were there.
  bool features() {
    int index = 0;  // in torchvision's and timm's nn.Sequential
    for (int block = 0; block < 5; ++block) {
      for (int i = 0; i < blocks_of(model_)[static_cast<std::size_t>(block)]; ++i) {
        const std::string place = std::to_string(block + 1) + "_" + std::to_string(i + 1);
        const std::string prefix = weights_.has("conv11.weight")
                                       ? "conv" + std::to_string(block + 1) + std::to_string(i + 1)
                                       : "features." + std::to_string(index);
        const std::vector<std::int64_t> shape = take(prefix);
        if (shape.empty()) {
          if (block == 0 && i == 0) refuse_other_model();
          ended_at_ = prefix + ".weight";
          return false;
        }
        convolution(place, prefix, shape);
        ++index;
        if (has_norms(model_)) {
          const std::string norm = "features." + std::to_string(index++);
          take(norm);
          graph_.then("bn" + place, op::BatchNorm{}, norm);
        }
        graph_.then("relu" + place, op::Relu{});
        ++index;
      }
      graph_.then("pool" + std::to_string(block + 1), op::MaxPool{window(2, 2, 0)});
      ++index;
    }
    return true;
  }

  void convolution(const std::string& place, const std::string& prefix,
                   const std::vector<std::int64_t>& shape) {
    if (shape.size() != 4 || shape[2] != 3 || shape[3] != 3) {
      throw Error(weights_.source() + ": tensor '" + prefix + ".weight' is no 3x3 convolution; " +
                  model_ + " expects one for conv" + place);
    }
    if (reflect_) graph_.then("pad" + place, op::ReflectPad{Padding::all(1)});
    // Every plain VGG has biases, so that one that is missing is named; before a norm they are
    // idle.
    const bool bias = !has_norms(model_) || has_bias(prefix);
    graph_.then("conv" + place, op::Conv{window(3, 1, reflect_ ? 0 : 1), shape[0], 1, bias},
                prefix);
  }

  /// torchvision: pool to 7x7, three linear layers. timm: the first two as convolutions.
  void classifier() {
    if (const auto shape = take("pre_logits.fc1"); shape.size() == 4) {
      const auto second = take("pre_logits.fc2"), head = take("head.fc");
      graph_.then("fc6", op::Conv{window(static_cast<int>(shape[2]), 1, 0), shape[0], 1, true},
                  "pre_logits.fc1");
      graph_.then("relu6", op::Relu{});
      if (second.size() != 4) return;
      graph_.then("fc7", op::Conv{window(1, 1, 0), second[0], 1, true}, "pre_logits.fc2");
      graph_.then("relu7", op::Relu{});
      if (head.size() != 2) return;
      graph_.then("avgpool", op::AdaptiveAvgPool{});
      graph_.then("flatten", op::Flatten{});
      graph_.then("fc8", op::Linear{head[0], true}, "head.fc");
      return;
    }
    if (take("classifier.0").size() != 2) return;
    graph_.then("avgpool", op::AdaptiveAvgPool{{7, 7}});
    graph_.then("flatten", op::Flatten{});
    for (int i = 0; i < 3; ++i) {
      const std::string prefix = "classifier." + std::to_string(3 * i);
      const std::string number = std::to_string(6 + i);
      const auto shape = take(prefix);
      if (shape.size() != 2) return;
      graph_.then("fc" + number, op::Linear{shape[0], true}, prefix);
      if (i < 2) graph_.then("relu" + number, op::Relu{});
    }
  }

  [[noreturn]] void refuse_other_model() const {
    std::string found;
    for (const auto& [name, array] : weights_.arrays()) {
      found = " '" + printable(name) + "'";
      break;
    }
    throw Error(weights_.source() + ": holds no " + model_ +
                " weights: expected 'features.0.weight' (torchvision, timm) or 'conv11.weight', " +
                "found e.g." + (found.empty() ? " no tensor at all" : found));
  }

  /// A tensor left over means that the file is another model's, or has a hole.
  void refuse_leftovers() const {
    for (const auto& [name, array] : weights_.arrays()) {
      const bool trained_only =
          name.find("_aux.") != std::string::npos || name.ends_with("num_batches_tracked");
      if (!trained_only && !used_.contains(name)) {
        throw Error(weights_.source() + ": holds the weights of another model than " + model_ +
                    ", or not all of them: it has '" + printable(name) + "' but " +
                    (ended_at_.empty() ? model_ + " has not" : "no '" + ended_at_ + "'") +
                    " (--model names another)");
      }
    }
  }

  const std::string& model_;
  const Weights& weights_;
  Graph graph_;
  bool reflect_ = false;
  std::string ended_at_;  ///< the convolution's weight that the file has no more, if it ends early
  std::set<std::string> used_;
};

/// Normal deviates by Box and Muller: the same on every standard library, which
/// std::normal_distribution is not.
class Normal {
 public:
  explicit Normal(std::uint64_t seed) : bits_(seed) {}
  float operator()() {
    const double u = 1 - uniform(), v = uniform();
    return static_cast<float>(std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v));
  }

 private:
  double uniform() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }
  std::mt19937_64 bits_;
};

}  // namespace

const std::vector<std::string>& vgg_names() {
  static const std::vector<std::string> names{"vgg11",    "vgg13",    "vgg16",    "vgg19",
                                              "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"};
  return names;
}

Graph vgg(const std::string& model, const Weights& weights) {
  return Builder(model, weights).build();
}

Weights random_vgg(const std::string& model, std::uint64_t seed) {
  if (has_norms(model)) {
    throw UsageError("--weights random:" + std::to_string(seed) + ": --model " + model +
                     " has BatchNorm, whose statistics cannot be drawn; take the one without");
  }
  constexpr std::array<std::int64_t, 5> kWidths{64, 128, 256, 512, 512};
  Normal normal(seed);
  Weights weights;
  weights.set_source("random:" + std::to_string(seed));
  std::int64_t in = 3;
  for (std::size_t block = 0; block < 5; ++block) {
    for (int i = 1; i <= blocks_of(model)[block]; ++i) {
      const std::string name = "conv" + std::to_string(block + 1) + std::to_string(i);
      const std::int64_t out = kWidths[block];
      HostArray weight{{out, in, 3, 3}, {}};
      const float scale = std::sqrt(2.0F / static_cast<float>(9 * in));
      for (std::int64_t k = 0; k < out * in * 9; ++k) weight.values.push_back(scale * normal());
      weights.set(name + ".weight", std::move(weight));
      weights.set(name + ".bias", {{out}, std::vector<float>(static_cast<std::size_t>(out))});
      in = out;
    }
  }
  return weights;
}

}  // namespace phosphene
