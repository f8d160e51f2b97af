// What a build without CUDA says when it is asked for a GPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "phosphene/context.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(AbsentCuda, IsAUsageErrorThatSaysHowToRebuild) {
  try {
    const Context context({.device = "cuda:1"});
    FAIL() << "opened " << context.device_name();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--device cuda:1: built without CUDA"));
    EXPECT_THAT(error.what(), HasSubstr("cmake --preset cuda"));
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
  }
}

TEST(AbsentCuda, AutoTakesTheCpuAndSaysWhy) {
  const Context context({.device = "auto"});
  EXPECT_FALSE(context.device().is_cuda());
  EXPECT_THAT(context.fallback_reason(), HasSubstr("built without CUDA"));
}

TEST(NetworkPlans, NeedTheToolkit) {
  GTEST_SKIP() << "cuDNN's plans (cuda_plans_test): built without CUDA";
}

}  // namespace
}  // namespace phosphene
