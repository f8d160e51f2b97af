// certify on a network whose numbers are known.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/apps/run_app.hpp"
#include "tests/formats/support.hpp"

namespace phosphene::test {
namespace {

using CertifyData = InFolder;

/// 31.2 % right; NumPy's bounds certify 312 and 180 of the 1000, fp32's rounding costs one.
TEST_F(CertifyData, CertifiesWhatIsKnownOfConvexadv) {
  const char* given = std::getenv("PHOSPHENE_DATA");
  const std::string data = given ? given : PHOSPHENE_DATA_DEFAULT;
  const std::string weights = data + "/weights/convexadv_cifar_small_8px.safetensors";
  const std::string images = data + "/cifar10/test_first1000.bin";
  if (!std::filesystem::exists(weights) || !std::filesystem::exists(images)) {
    GTEST_SKIP() << "no test data: PHOSPHENE_DATA/weights/convexadv_cifar_small_8px.safetensors, "
                    "PHOSPHENE_DATA/cifar10/test_first1000.bin";
  }
  const Outcome outcome = run_app(CERTIFY, {"ibp", "--epsilons", "0,8/255", "--data", images,
                                            "--model", "convexadv_cifar_small", "--weights",
                                            weights, "--device", "cpu", "--out", path("out")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("| 0 | 1000 | 31.2 [28.4, 34.1] | 31.1 "), std::string::npos)
      << outcome.out;
  EXPECT_NE(outcome.out.find("| 8/255 | 1000 | 31.2 [28.4, 34.1] | 18.0 "), std::string::npos)
      << outcome.out;
}

}  // namespace
}  // namespace phosphene::test
