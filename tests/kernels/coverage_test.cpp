// Every kernel is whole: what has a CPU reference has a header, a launcher and tests of both.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/kernels/kernel_test.hpp"

namespace phosphene::kernels::testing {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

CPU_TEST(Coverage, every_kernel_has_its_files_and_its_tests) {
  const fs::path source = PHOSPHENE_SOURCE_DIR, kernels = source / "kernels";
  const std::string suffix = "_cpu.cpp";
  int found = 0;
  for (const auto& entry : fs::directory_iterator(kernels)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(suffix)) continue;
    ++found;
    const std::string op = name.substr(0, name.size() - suffix.size());
    EXPECT_TRUE(fs::exists(kernels / (op + ".hpp"))) << op;
    EXPECT_TRUE(fs::exists(kernels / (op + ".cu"))) << op;
    const std::string test = content(source / "tests/kernels" / (op + "_test.cpp"));
    EXPECT_NE(test.find("CPU_TEST("), std::string::npos) << "no CPU_TEST of " << op;
    EXPECT_NE(test.find("DEVICE_TEST("), std::string::npos) << "no DEVICE_TEST of " << op;
  }
  EXPECT_GT(found, 0);
}

// <<<>>> stands in one place, so that every launch is checked and every launcher runs in the
// harness.
CPU_TEST(Coverage, kernels_are_launched_by_launch_hpp_alone) {
  const fs::path kernels = fs::path(PHOSPHENE_SOURCE_DIR) / "kernels";
  for (const auto& entry : fs::directory_iterator(kernels)) {
    const bool launches = content(entry.path()).find("<<<") != std::string::npos;
    EXPECT_EQ(launches, entry.path().filename() == "launch.hpp") << entry.path();
  }
}

}  // namespace
}  // namespace phosphene::kernels::testing
