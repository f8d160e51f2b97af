// The gradient attacks against torchattacks on trained CIFAR-10 networks, and the robust accuracy
// that is known of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "phosphene/attacks/pgd.hpp"
#include "phosphene/datasets/dataset.hpp"
#include "phosphene/models.hpp"
#include "tests/golden/attack_golden.hpp"

namespace phosphene::golden {
namespace {

struct Known {
  AttackCase attack;
  std::string model;
  std::int64_t pictures;  ///< of which PGD-20 leaves
  int least, most;        ///< right
};
void PrintTo(const Known& known, std::ostream* out) { *out << known.attack.name; }

class AttackData : public testing::TestWithParam<Known> {
 protected:
  void SetUp() override {
    const std::string file = "weights/" + GetParam().attack.name + ".safetensors";
    weights_ = test_data(file);
    const std::string pictures = test_data("cifar10/test_first1000.bin");
    if (weights_.empty()) GTEST_SKIP() << "no test data: PHOSPHENE_DATA/" << file;
    if (pictures.empty()) GTEST_SKIP() << "no test data: PHOSPHENE_DATA/cifar10/test_first1000.bin";
    data_ = open_dataset({.path = pictures, .class_count = 10});
  }
  Network network() const { return load_network({.model = GetParam().model, .weights = weights_}); }
  Tensor chosen() const {
    const Values which = values(load("attacks"), GetParam().attack.name + ".pictures");
    Tensor images = Tensor::host({static_cast<std::int64_t>(which.size()), 3, 32, 32});
    for (std::size_t i = 0; i < which.size(); ++i) {
      const Tensor image = data_->load(static_cast<std::int64_t>(which[i]));
      std::copy_n(image.data(), image.count(),
                  images.data() + static_cast<std::int64_t>(i) * image.count());
    }
    return images;
  }

  std::string weights_;
  std::unique_ptr<Dataset> data_;
};

TEST_P(AttackData, StepsAreThePeers) {
  expect_the_peers_steps(GetParam().attack, network(), chosen());
}
TEST_P(AttackData, OutcomesAreThePeers) {
  expect_the_peers_outcomes(GetParam().attack, network(), chosen());
}

// Of 1000 pictures PyTorch's PGD-20 leaves 17.3 % and 24.4 %, +-1.5. The engine leaves 16.2 % and
// 24.4 %; 17.2 % with PyTorch's cross-entropy, whose gradient at its own class, softmax - 1, loses
// its digits where the network is sure (kernels/class_loss.hpp). Here a few pictures that take less
// time, +-2 of 50, and all, +-1.5 %.
TEST_P(AttackData, RobustAccuracyIsTheKnownOne) {
  const Context context(ContextOptions{.device = "cpu", .seed = 1});
  const Network network = this->network();
  const auto victim = make_victim(context, network, 32, 32, 25);
  PgdOptions options;
  options.steps = 20;
  options.stay = true;
  const auto attack = pgd(context, *victim, std::move(options));
  std::int64_t at = 0;
  int robust = 0;
  run_attack(
      *attack,
      [&]() -> std::optional<Example> {
        if (at == GetParam().pictures) return std::nullopt;
        const std::int64_t i = at++;
        return Example{i, data_->load(i), data_->label(i), -1, GetParam().attack.epsilon};
      },
      [&](const Outcome& outcome) { robust += outcome.success ? 0 : 1; });
  RecordProperty("robust", robust);
  EXPECT_GE(robust, GetParam().least);
  EXPECT_LE(robust, GetParam().most);
}

INSTANTIATE_TEST_SUITE_P(
    Networks, AttackData,
    testing::Values(
        Known{{"resnet20_cifar10", 1.0F / 255}, "resnet20_cifar10", 50, 9, 13},
        Known{{"convexadv_cifar_small_8px", 8.0F / 255}, "convexadv_cifar_small", 1000, 229, 259}),
    [](const auto& test) { return test.param.attack.name; });

}  // namespace
}  // namespace phosphene::golden
