// What a build with CUDA says on a machine without a GPU or without a driver.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "phosphene/context.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

class NoDevice : public testing::Test {
 protected:
  void SetUp() override {
    int count = 0;
    if (cudaGetDeviceCount(&count) == cudaSuccess && count > 0) {
      GTEST_SKIP() << "this machine has a CUDA device";
    }
  }
};

TEST_F(NoDevice, IsAUsageErrorThatSaysWhatIsMissing) {
  try {
    const Context context({.device = "cuda"});
    FAIL() << "opened " << context.device_name();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--device cuda:0: "));
    EXPECT_THAT(error.what(), AnyOf(HasSubstr("no CUDA driver on this machine"),
                                    HasSubstr("the CUDA driver serves CUDA"),
                                    HasSubstr("the CUDA driver finds no GPU")));
    EXPECT_THAT(error.what(), HasSubstr("--device cpu"));
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
  }
}

TEST_F(NoDevice, AutoTakesTheCpuAndSaysWhy) {
  const Context context({.device = "auto"});
  EXPECT_FALSE(context.device().is_cuda());
  EXPECT_THAT(context.fallback_reason(), HasSubstr("--device cuda:0: "));
}

// The CPU cannot stand in for a precision that it does not have.
TEST_F(NoDevice, AutoWithBf16IsRefused) {
  EXPECT_THROW(Context({.device = "auto", .precision = Precision::bf16}), UsageError);
}

}  // namespace
}  // namespace phosphene
