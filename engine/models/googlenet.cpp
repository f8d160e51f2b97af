#include "engine/models/googlenet.hpp"

#include <algorithm>
#include <iterator>

namespace phosphene {
namespace {

/// Channels of an inception: 1x1; 3x3 and 5x5, each after a 1x1; 1x1 after the pooling.
struct Inception {
  const char* name;
  std::int64_t one, three_in, three, five_in, five, pooled;
};
constexpr Inception kInceptions[] = {
    {"3a", 64, 96, 128, 16, 32, 32},     {"3b", 128, 128, 192, 32, 96, 64},
    {"4a", 192, 96, 208, 16, 48, 64},    {"4b", 160, 112, 224, 24, 64, 64},
    {"4c", 128, 128, 256, 24, 64, 64},   {"4d", 112, 144, 288, 32, 64, 64},
    {"4e", 256, 160, 320, 32, 128, 128}, {"5a", 256, 160, 320, 32, 128, 128},
    {"5b", 384, 192, 384, 48, 128, 128}};
constexpr std::int64_t kClasses = 1000;

/// The inceptions that a pooling follows.
bool ends_stage(const Inception& inception) {
  const std::string name = inception.name;
  return name == "3b" || name == "4e";
}

op::MaxPool halving(int kernel) { return {square_window(kernel, 2, 0, true)}; }

class Bvlc {
 public:
  explicit Bvlc(ModelBuilder& builder) : b_(builder), caffe_(!b_.has("conv1.conv")) {}

  void build() {
    b_.skip("loss1/");
    b_.skip("loss2/");
    b_.input(caffe_input(), 224);
    conv("conv1/", "7x7_s2", {64, 7, 2, 3}, "conv1");
    b_.then("pool1/3x3_s2", halving(3));
    b_.then("pool1/norm1", op::Lrn{});
    conv("conv2/", "3x3_reduce", {64}, "conv2");
    conv("conv2/", "3x3", {192, 3, 1, 1}, "conv3");
    b_.then("conv2/norm2", op::Lrn{});
    b_.then("pool2/3x3_s2", halving(3));
    for (const Inception& i : kInceptions) {
      inception(i);
      if (ends_stage(i)) b_.then("pool" + std::string(1, i.name[0]) + "/3x3_s2", halving(3));
    }
    b_.then("pool5/7x7_s1", op::AdaptiveAvgPool{});
    b_.then("pool5/drop_7x7_s1", op::Dropout{});
    b_.then("flatten", op::Flatten{});
    b_.linear("loss3/classifier", kClasses, 1024, caffe_ ? "" : "fc");
  }

 private:
  /// `module` is the layer's name in a file with torchvision's. Its ReLU's name has no stride.
  int conv(const std::string& group, const std::string& name, const ConvLayer& layer,
           const std::string& module) {
    b_.conv(group + name, layer, caffe_ ? "" : module + ".conv");
    return b_.relu(group + "relu_" + name.substr(0, name.find("_s2")));
  }

  void inception(const Inception& i) {
    const std::string group = "inception_" + std::string(i.name) + "/";
    const std::string module = "inception" + std::string(i.name) + ".branch";
    const int start = b_.here();
    std::vector<int> branches{conv(group, "1x1", {i.one}, module + "1")};
    b_.go_to(start);
    conv(group, "3x3_reduce", {i.three_in}, module + "2.0");
    branches.push_back(conv(group, "3x3", {i.three, 3, 1, 1}, module + "2.1"));
    b_.go_to(start);
    conv(group, "5x5_reduce", {i.five_in}, module + "3.0");
    branches.push_back(conv(group, "5x5", {i.five, 5, 1, 2}, module + "3.1"));
    b_.go_to(start);
    b_.then(group + "pool", op::MaxPool{square_window(3, 1, 1)});
    branches.push_back(conv(group, "pool_proj", {i.pooled}, module + "4.1"));
    b_.join(group + "output", op::Concat{}, branches);
  }

  ModelBuilder& b_;
  bool caffe_;  ///< the file has Caffe's names
};

class Torchvision {
 public:
  explicit Torchvision(ModelBuilder& builder) : b_(builder) {}

  void build() {
    b_.skip("aux1.");
    b_.skip("aux2.");
    b_.input(imagenet_input(), 224);
    conv("conv1", {64, 7, 2, 3, false});
    b_.then("maxpool1", halving(3));
    conv("conv2", {64, 1, 1, 0, false});
    conv("conv3", {192, 3, 1, 1, false});
    b_.then("maxpool2", halving(3));
    for (const Inception& i : kInceptions) {
      inception(i);
      if (!ends_stage(i)) continue;
      const bool last = i.name[0] == '4';
      b_.then(last ? "maxpool4" : "maxpool3", halving(last ? 2 : 3));
    }
    b_.then("avgpool", op::AdaptiveAvgPool{});
    b_.then("flatten", op::Flatten{});
    b_.then("dropout", op::Dropout{});
    b_.linear("fc", kClasses, 1024);
  }

 private:
  /// The ReLU's output is the module's, and has its name.
  int conv(const std::string& module, const ConvLayer& layer) {
    b_.conv(module + ".conv", layer);
    b_.norm(module + ".bn", {}, 1e-3F);
    return b_.relu(module);
  }

  void inception(const Inception& i) {
    const std::string module = "inception" + std::string(i.name);
    const std::string branch = module + ".branch";
    const int start = b_.here();
    std::vector<int> branches{conv(branch + "1", {i.one, 1, 1, 0, false})};
    b_.go_to(start);
    conv(branch + "2.0", {i.three_in, 1, 1, 0, false});
    branches.push_back(conv(branch + "2.1", {i.three, 3, 1, 1, false}));
    b_.go_to(start);
    conv(branch + "3.0", {i.five_in, 1, 1, 0, false});
    branches.push_back(conv(branch + "3.1", {i.five, 3, 1, 1, false}));
    b_.go_to(start);
    b_.then(branch + "4.0", op::MaxPool{square_window(3, 1, 1)});
    branches.push_back(conv(branch + "4.1", {i.pooled, 1, 1, 0, false}));
    b_.join(module, op::Concat{}, branches);
  }

  ModelBuilder& b_;
};

}  // namespace

const std::vector<std::string>& googlenet_names() {
  static const std::vector<std::string> names{"googlenet_bvlc", "googlenet"};
  return names;
}

void googlenet(ModelBuilder& builder) {
  if (builder.model() == "googlenet_bvlc") {
    Bvlc(builder).build();
  } else {
    Torchvision(builder).build();
  }
}

}  // namespace phosphene
