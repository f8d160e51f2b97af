// DeepFool and Carlini-Wagner against Foolbox (tests/golden/make_minimal_goldens.py): on the
// bundled classifier, and with the test data on a residual network for CIFAR-10.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <numeric>
#include <ostream>
#include <string>
#include <vector>

#include "phosphene/attacks/carlini_wagner.hpp"
#include "phosphene/attacks/deepfool.hpp"
#include "tests/golden/golden.hpp"
#include "tests/nearest/linear_victim.hpp"

namespace phosphene::golden {
namespace {

const Context& cpu() {
  static const Context context(ContextOptions{.device = "cpu"});
  return context;
}

class Peer : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    NetworkOptions options;
    options.weights = "shapes";
    side_ = kShapesSize;
    if (set() == "resnet20") {
      options.model = "resnet20_cifar10";
      options.weights = test_data("weights/resnet20_cifar10.safetensors");
      records_ = test_data("cifar10/test_first1000.bin");
      side_ = 32;
      if (options.weights.empty() || records_.empty()) {
        GTEST_SKIP() << "no test data: PHOSPHENE_DATA/weights/resnet20_cifar10.safetensors, "
                        "PHOSPHENE_DATA/cifar10/test_first1000.bin";
      }
    }
    network_ = load_network(options);
  }

  static std::string set() { return GetParam(); }
  Values stored(const std::string& name) const { return values(golden_, set() + "." + name); }

  Example example(std::int64_t index) const {
    if (set() == "shapes") {
      ShapesSample sample = shapes(2, static_cast<std::uint64_t>(index));
      return {.index = index, .image = std::move(sample.image), .label = sample.label};
    }
    std::ifstream file(records_, std::ios::binary);
    file.seekg(index * 3073);
    std::vector<unsigned char> record(3073);
    file.read(reinterpret_cast<char*>(record.data()), 3073);
    Tensor image = Tensor::host({1, 3, 32, 32});
    for (std::int64_t i = 0; i < 3072; ++i) {
      image.data()[i] = static_cast<float>(record[static_cast<std::size_t>(i) + 1]) / 255.0F;
    }
    return {.index = index, .image = std::move(image), .label = record[0]};
  }
  /// The first of the images that were attacked.
  std::vector<Example> attacked(std::size_t count) const {
    const Values indices = stored("images");
    std::vector<Example> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(example(static_cast<std::int64_t>(indices[i])));
    }
    return all;
  }
  /// Images of which the first step is stored: clean ones and iterates of the peer's.
  std::vector<Example> starts() const {
    const Values levels = stored("iterates"), labels = stored("iterate_labels");
    std::vector<Example> all = attacked(stored("l2.step_norm").size() - labels.size());
    const std::int64_t pixels = 3 * side_ * side_;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      Tensor image = Tensor::host({1, 3, side_, side_});
      for (std::int64_t p = 0; p < pixels; ++p) {
        image.data()[p] =
            static_cast<float>(
                levels[i * static_cast<std::size_t>(pixels) + static_cast<std::size_t>(p)]) /
            255.0F;
      }
      all.push_back({.index = 1000 + static_cast<std::int64_t>(i),
                     .image = std::move(image),
                     .label = static_cast<std::int64_t>(labels[i])});
    }
    return all;
  }
  std::unique_ptr<Victim> victim(std::int64_t batch) const {
    return make_victim(cpu(), network_, side_, side_, batch);
  }

  Weights golden_ = load("minimal");
  Network network_ = load_network({.weights = "shapes"});
  std::int64_t side_ = 0;
  std::string records_;
};

Values displacement(const Tensor& from, const Tensor& to) {
  Values all;
  for (std::int64_t p = 0; p < from.count(); ++p) {
    all.push_back(double{to.data()[p]} - from.data()[p]);
  }
  return all;
}

// The stored error is float32's, the peer's own, of the whole step; the engine's, which sums in
// another order, may be a few times that. Where it is above 1e-3 a ReLU switched by rounding, and
// the step says nothing.
TEST_P(Peer, DeepFoolStepsAsFoolboxDoes) {
  const std::vector<Example> queue = starts();
  for (const Norm norm : {Norm::l2, Norm::linf}) {
    const std::string name = to_string(norm);
    const Values step = stored(name + ".step"), norms = stored(name + ".step_norm");
    const Values errors = stored(name + ".step_error");
    DeepFoolOptions options;
    options.norm = norm;
    options.steps = 1;
    const auto host = victim(4);
    const auto outcomes = nearest::run(*deepfool(cpu(), *host, options), queue);
    std::size_t compared = 0;
    for (std::size_t i = 0; i < queue.size(); ++i) {
      if (errors[i] > 1e-3) continue;
      ++compared;
      const Values moved = displacement(queue[i].image, outcomes.at(queue[i].index).image);
      const double length =
          std::sqrt(std::inner_product(moved.begin(), moved.end(), moved.begin(), 0.0));
      EXPECT_NEAR(length / norms[i], 1, 1e-3) << name << ' ' << i;
      const Values some = sampled(moved);
      const std::size_t row = i * some.size();
      double difference = 0, size = 0;
      for (std::size_t k = 0; k < some.size(); ++k) {
        difference += std::pow(some[k] - step[row + k], 2);
        size += std::pow(step[row + k], 2);
      }
      EXPECT_LT(std::sqrt(difference / size), std::max(8 * errors[i], 1e-4)) << name << ' ' << i;
    }
    EXPECT_GE(compared, 6U);
  }
}

TEST_P(Peer, DeepFoolGoesAsFarAsFoolbox) {
  for (const Norm norm : {Norm::l2, Norm::linf}) {
    const Values norms = stored(to_string(norm) + ".norms");
    const std::vector<Example> queue = attacked(norms.size());
    DeepFoolOptions options;
    options.norm = norm;
    const auto host = victim(8);
    const auto outcomes = nearest::run(*deepfool(cpu(), *host, options), queue);
    double mean = 0, expected = 0;
    int alike = 0;
    for (std::size_t i = 0; i < queue.size(); ++i) {
      const Tensor& found = outcomes.at(queue[i].index).image;
      EXPECT_TRUE(outcomes.at(queue[i].index).success) << i;
      const double moved = norm == Norm::l2 ? nearest::l2(found, queue[i].image)
                                            : nearest::linf(found, queue[i].image);
      mean += moved / static_cast<double>(norms.size());
      expected += norms[i] / static_cast<double>(norms.size());
      alike += std::abs(moved / norms[i] - 1) < 1e-3 ? 1 : 0;
    }
    RecordProperty(to_string(norm) + "_mean", std::to_string(mean));
    // A step more or less where an image is next to the boundary, or a ReLU that switches, is a
    // matter of rounding; nearly all images have none.
    EXPECT_NEAR(mean / expected, 1, 0.01) << to_string(norm);
    EXPECT_GE(alike, static_cast<int>(queue.size()) * 8 / 10) << to_string(norm);
  }
}

TEST_P(Peer, CarliniWagnerComesAsNearAsFoolbox) {
  const Values norms = stored("cw.norms"), budget = stored("budget");
  const std::vector<Example> queue = attacked(norms.size());
  CarliniWagnerOptions options;
  options.searches = static_cast<int>(budget[0]);
  options.steps = static_cast<int>(budget[1]);
  options.rate = static_cast<float>(budget[2]);
  options.initial_c = static_cast<float>(budget[3]);
  const auto host = victim(4);
  const auto outcomes = nearest::run(*carlini_wagner(cpu(), *host, options), queue);
  double mean = 0, expected = 0;
  for (std::size_t i = 0; i < queue.size(); ++i) {
    EXPECT_TRUE(outcomes.at(queue[i].index).success) << i;
    mean += nearest::l2(outcomes.at(queue[i].index).image, queue[i].image);
    expected += norms[i];
  }
  RecordProperty("ratio", std::to_string(mean / expected));
  EXPECT_LT(mean / expected, 1.02);
  EXPECT_GT(mean / expected, 0.9);  // the same attack, not a better one
}

INSTANTIATE_TEST_SUITE_P(Foolbox, Peer, testing::Values(NEAREST_PEER),
                         [](const auto& peer) { return std::string(peer.param); });

}  // namespace
}  // namespace phosphene::golden
