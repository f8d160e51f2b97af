#include "engine/core/local_rank.hpp"

#include <map>

#include "phosphene/context.hpp"
#include "tests/formats/support.hpp"

namespace phosphene {
namespace {

using Variables = std::map<std::string, std::string>;

int device(const Variables& variables, int devices) {
  return local_device(
      [&](const char* name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return {};
        return found->second;
      },
      devices);
}

TEST(LocalRank, IsTheFirstGpuWithoutALauncher) {
  EXPECT_EQ(device({}, 4), 0);
  EXPECT_EQ(device({}, 0), 0);
}

TEST(LocalRank, IsTakenModuloTheGpus) {
  for (const char* name : {"SLURM_LOCALID", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID"}) {
    EXPECT_EQ(device({{name, "0"}}, 4), 0) << name;
    EXPECT_EQ(device({{name, "3"}}, 4), 3) << name;
    EXPECT_EQ(device({{name, "6"}}, 4), 2) << name;
    EXPECT_EQ(device({{name, "6"}}, 1), 0) << name;
    EXPECT_EQ(device({{name, "6"}}, 0), 0) << name;
  }
}

TEST(LocalRank, ALauncherKnowsBetterThanSlurmThatStartedIt) {
  EXPECT_EQ(device({{"SLURM_LOCALID", "0"}, {"OMPI_COMM_WORLD_LOCAL_RANK", "2"}}, 4), 2);
  EXPECT_EQ(device({{"SLURM_LOCALID", "0"}, {"MPI_LOCALRANKID", "1"}}, 4), 1);
}

TEST(LocalRank, OtherWordsAreRefused) {
  for (const char* text : {"", "x", "-1", "1.5", "1 ", "99999999999"}) {
    test::expect_error(
        [&] {
          device({{"SLURM_LOCALID", text}}, 2);
        },
        {"--device auto", "SLURM_LOCALID", std::string("'") + text + "'"});
  }
}

TEST(LocalRank, IsWhatAutoAsksFor) {
  ::setenv("SLURM_LOCALID", "first", 1);
  test::expect_error([] { const Context context({.device = "auto"}); }, {"SLURM_LOCALID"});
  const Context context({.device = "cpu"});  // who names a device is not asked
  ::unsetenv("SLURM_LOCALID");
}

}  // namespace
}  // namespace phosphene
