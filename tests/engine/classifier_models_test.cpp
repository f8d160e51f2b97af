// Classifiers as graphs: what is read off their weights, what is refused, where the scores are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "phosphene/error.hpp"
#include "phosphene/models.hpp"

namespace phosphene {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Network drawn(const std::string& model) {
  return load_network({.model = model, .weights = "random:1"});
}

/// The arrays of a drawn network, to be changed.
Weights weights_of(const std::string& model) {
  Weights weights = drawn(model).weights();
  weights.set_source("file");
  return weights;
}

Weights without(const Weights& weights, const std::string& part) {
  Weights rest;
  rest.set_source(weights.source());
  for (const auto& [name, array] : weights.arrays()) {
    if (!name.starts_with(part)) rest.set(name, array);
  }
  return rest;
}

HostArray zeros(std::vector<std::int64_t> shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return {std::move(shape), std::vector<float>(static_cast<std::size_t>(count))};
}

template <class Op>
const Op& op_of(const Network& network, const std::string& layer) {
  return std::get<Op>(network.graph()[network.graph().find(layer)].op);
}

TEST(Classifiers, ScoresAreBeforeAnySoftmaxAndOneAClass) {
  const auto scores = [](const std::string& model) {
    const Network network = drawn(model);
    EXPECT_EQ(network.info().model, model);
    return score_layer(network.graph()) + " " + std::to_string(class_count(network.graph())) + " " +
           std::to_string(network.info().input_size);
  };
  EXPECT_EQ(scores("resnet20_cifar10"), "fc 10 32");
  EXPECT_EQ(scores("squeezenet1_1"), "classifier.3 1000 224");
  EXPECT_EQ(scores("googlenet_bvlc"), "loss3/classifier 1000 224");
  EXPECT_EQ(scores("googlenet"), "fc 1000 224");
  EXPECT_EQ(scores("densenet121"), "classifier 1000 224");
  EXPECT_EQ(scores("convnetjs_cifar10"), "fc 10 32");
  EXPECT_EQ(scores("convexadv_cifar_small"), "7 10 32");
  Graph graph = drawn("convexadv_cifar_small").graph();
  graph.then("dropout", op::Dropout{});
  graph.then("probabilities", op::Softmax{});
  EXPECT_EQ(score_layer(graph), "7");
  EXPECT_THAT([] { score_layer(drawn("vgg11").graph()); },
              ThrowsMessage<UsageError>(
                  HasSubstr("no class scores: it ends in the feature maps of 'pool5' (MaxPool)")));
  EXPECT_THAT([] { class_count(Graph()); }, ThrowsMessage<UsageError>(HasSubstr("no class")));
}

TEST(Classifiers, HaveTheNamesThatUsersKnow) {
  for (const auto& [model, layers] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"resnet50", {"layer3.5.conv2", "layer3.5.relu2", "layer3.5", "layer3.0.downsample.1"}},
           {"resnet20_cifar10", {"layer2.0.shortcut", "layer3.2.bn2"}},
           {"googlenet_bvlc", {"inception_4c/output", "conv1/relu_7x7", "pool1/norm1"}},
           {"googlenet", {"inception4c", "inception4c.branch2.1.conv", "maxpool4"}},
           {"squeezenet1_0", {"features.12", "features.12.expand3x3", "classifier.1"}},
           {"squeezenet1_1", {"features.12", "features.2"}},
           {"densenet121", {"features.denseblock3", "features.transition2.pool", "features.relu5"}},
           {"alexnet", {"features.10", "features.12", "classifier.6"}}}) {
    const Network network = drawn(model);
    for (const std::string& layer : layers) EXPECT_NO_THROW(network.graph().find(layer)) << model;
  }
}

TEST(Classifiers, AreAsWideAsTheFileAndHaveItsClasses) {
  Weights w = weights_of("resnet18");
  w.set("conv1.weight", zeros({64, 3, 3, 3}));
  w.set("fc.weight", zeros({5, 512}));
  w.set("fc.bias", zeros({5}));
  w.set_metadata({{"labels", R"(["tench, Tinca tinca", "b", "c", "d", "e"])"}});
  const Network small = make_model("resnet18", std::move(w));
  EXPECT_EQ(class_count(small.graph()), 5);
  EXPECT_EQ(small.info().labels.at(0), "tench, Tinca tinca");
  EXPECT_EQ(small.info().input_size, 32);
  EXPECT_EQ(op_of<op::Conv>(small, "conv1").window.stride, Extent{});
  EXPECT_THROW(small.graph().find("maxpool"), UsageError);

  Weights projected = weights_of("resnet20_cifar10");
  projected.set("layer2.0.downsample.0.weight", zeros({32, 16, 1, 1}));
  for (const char* part : {"weight", "bias", "running_mean", "running_var"}) {
    projected.set(std::string("layer2.0.downsample.1.") + part, zeros({32}));
  }
  const Network option_b = make_model("resnet20_cifar10", std::move(projected));
  EXPECT_NO_THROW(option_b.graph().find("layer2.0.downsample.0"));
  EXPECT_NO_THROW(option_b.graph().find("layer3.0.shortcut"));
}

TEST(Classifiers, ThatServeTrainingTooAreTaken) {
  Weights w = weights_of("googlenet");
  w.set("aux1.fc1.weight", zeros({4, 4}));
  w.set("conv1.bn.num_batches_tracked", zeros({}));
  EXPECT_NO_THROW(make_model("googlenet", std::move(w)));
}

TEST(Classifiers, OtherWeightsAreRefused) {
  const auto refused = [](const std::string& model, Weights weights, const char* message) {
    EXPECT_THAT([&] { make_model(model, std::move(weights)); },
                ThrowsMessage<Error>(HasSubstr(message)));
  };
  const Weights cifar = weights_of("resnet20_cifar10");
  refused("resnet32_cifar10", cifar,
          "file: holds the weights of another model than "
          "resnet32_cifar10, or not all of them: it has no "
          "'layer1.3.conv1.weight' (--model names another)");
  refused("resnet18", cifar, "it has no 'layer2.0.downsample.0.weight'");
  refused("squeezenet1_1", cifar,
          "file: holds no squeezenet1_1 weights: expected 'features.0.weight', found e.g. ");
  refused("resnet20_cifar10", without(cifar, "layer1.1.bn2.running_var"),
          "layer 'layer1.1.bn2': file: has no tensor 'layer1.1.bn2.running_var'");
  refused("resnet20_cifar10", without(cifar, "fc"), "it has no 'fc.weight'");
  refused("convexadv_cifar_small", weights_of("convnetjs_cifar10"), "expected '0.weight'");
  Weights more = cifar;
  more.set("layer1.0.se.fc1.weight", zeros({1, 16, 1, 1}));
  refused("resnet20_cifar10", std::move(more),
          "it has 'layer1.0.se.fc1.weight' but resnet20_cifar10 has not");
  Weights narrowing = cifar;
  narrowing.set("layer2.0.conv2.weight", zeros({8, 32, 3, 3}));
  for (const char* part : {"weight", "bias", "running_mean", "running_var"}) {
    narrowing.set(std::string("layer2.0.bn2.") + part, zeros({8}));
  }
  refused("resnet20_cifar10", std::move(narrowing), "'layer2.0' makes 8 channels of 16");
  refused("squeezenet1_0", weights_of("squeezenet1_1"),
          "tensor 'features.0.weight' has shape [64, 3, 3, 3], expected [any, any, 7, 7]");
}

class Labels : public testing::Test {
 protected:
  std::vector<std::string> from(const std::string& content) {
    const std::string path =
        ::testing::TempDir() + std::to_string(::getpid()) + "_phosphene_labels";
    std::ofstream(path) << content;
    NetworkOptions options{.model = "convnetjs_cifar10", .weights = "random:1"};
    options.labels = path;
    return load_network(options).info().labels;
  }
  void refused(const std::string& content, const char* message) {
    EXPECT_THAT([&] { from(content); }, ThrowsMessage<UsageError>(HasSubstr(message)));
  }
};

TEST_F(Labels, OfEveryKindOfFile) {
  const auto ten = ElementsAre("a", "b", "c", "d", "e", "f", "g", "h", "i", "j, k");
  EXPECT_THAT(from(R"(["a","b","c","d","e","f","g","h","i","j, k"])"), ten);
  EXPECT_THAT(from("a\nb\r\n c\nd\ne\nf\ng\nh\ni\nj, k\n"), ten);
  EXPECT_THAT(from(R"({"0":["n1","a"],"1":["n2","b"],"2":"c","3":"d","4":"e","5":"f","6":"g",
                       "7":"h","8":"i","9":["n3","j, k"]})"),
              ten);
  NetworkOptions options{.model = "convnetjs_cifar10", .weights = "random:1"};
  options.labels = "a,b,c,d,e,f,g,h,i,j";
  EXPECT_EQ(load_network(options).info().labels.at(9), "j");
}

TEST_F(Labels, ThatDoNotFitAreRefused) {
  refused("a\nb\n", "phosphene_labels: 2 names, the network has 10 classes");
  refused("", "is empty");
  refused("[1]", "holds a JSON number as a name");
  refused("[\"a\"", "is no valid JSON");
  refused("{\"1\": \"a\"}", "has no entry \"0\"");
  refused("a\n\nb", "has a class without a name");
  Weights w = weights_of("convnetjs_cifar10");
  w.set_metadata({{"classes", "cat,dog"}});
  EXPECT_THAT([&] { make_model("convnetjs_cifar10", std::move(w)); },
              ThrowsMessage<Error>(
                  HasSubstr("file: metadata 'classes': 2 names, the network has 10 classes")));
}

}  // namespace
}  // namespace phosphene
