// The checks that attack makes by itself, on networks that hide their gradients.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/explain_flags.hpp"
#include "apps/robust/methods.hpp"
#include "apps/robust/probes.hpp"
#include "apps/robust/setup.hpp"
#include "apps/robust/stream.hpp"
#include "phosphene/defences/defended.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"

namespace apps {
namespace {

using namespace phosphene;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

/// The images of a data set, and what became of them.
class ListQueue : public SweepQueue {
 public:
  ListQueue(const Dataset& data, std::string folder) : data_(data), folder_(std::move(folder)) {}

  std::optional<SweepItem> next() override {
    if (next_ == data_.size()) return {};
    SweepItem item;
    item.index = item.image_index = next_;
    item.name = data_.name(next_);
    item.stem = folder_ + "/" + item.name;
    item.label = data_.label(next_);
    item.image = data_.load(next_++);
    return item;
  }
  void done(std::int64_t index, nlohmann::json record, std::span<const Tensor>) override {
    records.push_back({index, record_of(record)});
  }
  void failed(std::int64_t, const std::string& message) override { FAIL() << message; }

  std::vector<ImageRecord> records;

 private:
  const Dataset& data_;
  std::string folder_;
  std::int64_t next_ = 0;
};

class Probes : public testing::Test {
 protected:
  Probes() {
    std::filesystem::create_directories(folder_);
    plan_.method = &method_of("pgd");
    plan_.options.steps = 4;
    plan_.epsilons = {16.0 / 255};
    subject_.network = std::make_unique<Network>(load_network({.weights = "shapes"}));
    subject_.data = open_dataset({.path = "shapes:2:8"});
    ContextOptions options;
    options.device = "cpu";
    subject_.context = std::make_unique<Context>(options);
    subject_.batch = 8;
    attack_through({});
  }
  ~Probes() override { std::filesystem::remove_all(folder_); }

  /// The victim behind a stage; `hidden`: of which it has no gradient.
  void attack_through(const std::string& stage, bool hidden = false) {
    const auto make = [this, stage, hidden](std::int64_t batch) {
      auto victim = make_victim(*subject_.context, *subject_.network, 64, 64, batch);
      if (stage.empty()) return victim;
      Transforms transforms = parse_transforms(*subject_.context, stage);
      if (hidden) {
        for (auto& t : transforms) t = without_gradient(*subject_.context, std::move(t));
      }
      return defended(*subject_.context, std::move(victim), std::move(transforms));
    };
    subject_.seen = subject_.tried = make;
  }

  std::vector<std::string> result() {
    AttackStream stream(plan_, subject_);
    ListQueue queue(*subject_.data, folder_);
    stream.run(queue);
    std::ranges::sort(queue.records, {}, &ImageRecord::image);
    return probe_result(plan_, subject_, queue.records);
  }

  AttackPlan plan_;
  Subject subject_;
  std::string folder_ =
      std::filesystem::temp_directory_path() / ("probes_test_" + std::to_string(::getpid()));
};

TEST(Methods, SayNothingThatAReportLeavesOut) {
  for (const Method& method : methods()) {
    MethodOptions options;
    options.norm = method.norms.front();
    nlohmann::json settings;
    const nlohmann::json used = method.used(options);
    for (const auto& [name, value] : used.items()) settings["--" + name] = value;
    EXPECT_EQ(setup_of_journal(settings)["options"], used) << method.name;
    for (const std::string& part : parts_of(method.name)) EXPECT_TRUE(used.contains(part)) << part;
  }
}

TEST_F(Probes, SayNothingOfAnOpenNetwork) {
  EXPECT_THAT(probe_victim(plan_, subject_), IsEmpty());
  EXPECT_THAT(result(), IsEmpty());
}

TEST_F(Probes, KnowAQuantisedActivation) {
  attack_through("bits:4", true);
  EXPECT_THAT(probe_victim(plan_, subject_), Contains(HasSubstr("not differentiable")));
  const std::vector<std::string> warnings = result();
  EXPECT_THAT(warnings, Contains(HasSubstr("masked gradients: of")));
  EXPECT_THAT(warnings, Contains(HasSubstr("uniform grey")));
}

// It withstands because the attack does not see it, whatever its gradient.
TEST_F(Probes, OfANaiveAttackSayThatAlone) {
  plan_.naive = true;
  plan_.options.steps = 1;
  plan_.epsilons = {1.0 / 255};
  EXPECT_THAT(probe_victim(plan_, subject_), testing::ElementsAre(HasSubstr("naive")));
  attack_through("bits:4", true);
  EXPECT_THAT(result(), IsEmpty());
}

TEST_F(Probes, AnImageThatLeavesItsBallEndsTheRun) {
  Method method = *plan_.method;
  method.make = [](const Context&, Victim&, const MethodOptions&) -> RunAttack {
    return [](const NextExample& next, const TakeOutcome& done) {
      while (std::optional<Example> example = next()) {
        Outcome outcome;
        outcome.tag = example->tag;
        outcome.image = std::move(example->image);
        float& pixel = outcome.image.data()[7];
        pixel += pixel < 0.5F ? 0.1F : -0.1F;
        done(std::move(outcome));
      }
    };
  };
  plan_.method = &method;
  try {
    result();
    FAIL() << "nothing was said";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("shapes-00000: the attacked image is 0."));
  }
}

/// It asks for many images at once for each, so that two fill any batch.
TEST(Batch, OfAMethodThatFillsIsAsItWasChosen) {
  const Context context({.device = "cpu"});
  const auto batch = [&](const std::string& text, const char* method) {
    return data_batch(text, {}, context, {1, 3, 64, 64}, kMostOfAuto,
                      most_in_work(method_of(method), 2));
  };
  testing::internal::CaptureStderr();
  EXPECT_EQ(batch("1024", "hopskipjump"), 1024);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_LE(batch("auto", "hopskipjump"), kMostOfAuto);
  EXPECT_GT(batch("auto", "hopskipjump"), 2);
  EXPECT_EQ(batch("auto", "pgd"), 2);
  testing::internal::CaptureStderr();
  EXPECT_EQ(batch("1024", "pgd"), 2);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("--batch 1024: 2 are all"));
}

TEST_F(Probes, KnowARandomResize) {
  attack_through("resize-pad:0.8");
  EXPECT_THAT(probe_victim(plan_, subject_), Contains(HasSubstr("the victim is random")));
  plan_.options.samples = 2;
  EXPECT_THAT(probe_victim(plan_, subject_), IsEmpty());
}

}  // namespace
}  // namespace apps
