#include "apps/shard.hpp"

#include <map>

#include "apps/checksum.hpp"
#include "tests/formats/support.hpp"

namespace apps {
namespace {

using phosphene::test::expect_error;
using Variables = std::map<std::string, std::string>;

Shard automatic(const Variables& variables) {
  return parse_shard("auto", [&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return {};
    return found->second;
  });
}

void expect_shard(const Variables& variables, std::int64_t index, std::int64_t count,
                  const std::string& source) {
  const Shard shard = automatic(variables);
  EXPECT_EQ(shard.index, index);
  EXPECT_EQ(shard.count, count);
  EXPECT_EQ(shard.source, source);
}

Variables array(const char* id, const char* least, const char* most, const char* count) {
  return {{"SLURM_ARRAY_TASK_ID", id},
          {"SLURM_ARRAY_TASK_MIN", least},
          {"SLURM_ARRAY_TASK_MAX", most},
          {"SLURM_ARRAY_TASK_COUNT", count}};
}

Variables with(Variables variables, const Variables& more) {
  variables.insert(more.begin(), more.end());
  return variables;
}

TEST(Shard, ReadsTheEnvironment) {
  expect_shard(array("1", "1", "8", "8"), 0, 8, "SLURM_ARRAY_TASK_ID");
  expect_shard(array("12", "5", "12", "8"), 7, 8, "SLURM_ARRAY_TASK_ID");
  expect_shard({{"SLURM_PROCID", "2"}, {"SLURM_NTASKS", "4"}}, 2, 4, "SLURM_PROCID");
  expect_shard({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "3"}}, 0, 3,
               "OMPI_COMM_WORLD_RANK");
}

TEST(Shard, WhatSplitsInOneGivesWay) {
  const Variables one{{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "1"}};
  expect_shard(with(array("3", "1", "4", "4"), one), 2, 4, "SLURM_ARRAY_TASK_ID");
  expect_shard(with(array("1", "1", "1", "1"), {{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}}), 1,
               2, "SLURM_PROCID");
  expect_shard(with(one, {{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}}), 1, 2,
               "OMPI_COMM_WORLD_RANK");
  expect_shard(one, 0, 1, "SLURM_PROCID");
  expect_shard(with(array("3", "3", "3", "1"), one), 0, 1, "SLURM_ARRAY_TASK_ID");
  // Every batch script has a rank, not every one a size.
  expect_shard(with(array("2", "1", "2", "2"), {{"SLURM_PROCID", "0"}}), 1, 2,
               "SLURM_ARRAY_TASK_ID");
}

TEST(Shard, AgreementIsNoConflict) {
  expect_shard({{"SLURM_PROCID", "1"},
                {"SLURM_NTASKS", "2"},
                {"OMPI_COMM_WORLD_RANK", "1"},
                {"OMPI_COMM_WORLD_SIZE", "2"}},
               1, 2, "SLURM_PROCID");
}

TEST(Shard, RefusesConflicts) {
  const Variables processes{{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}};
  expect_error([&] { automatic(with(array("3", "1", "4", "4"), processes)); },
               {"SLURM_ARRAY_TASK_ID says 2/4", "SLURM_PROCID says 0/4", "--shard i/N"});
  expect_error(
      [&] {
        automatic(with(processes, {{"OMPI_COMM_WORLD_RANK", "2"}, {"OMPI_COMM_WORLD_SIZE", "4"}}));
      },
      {"SLURM_PROCID says 0/4", "OMPI_COMM_WORLD_RANK says 2/4"});
}

TEST(Shard, RefusesArraysWithGaps) {
  for (const Variables& gaps :
       {array("3", "1", "7", "4"), array("9", "1", "4", "4"), array("0", "1", "4", "4")}) {
    expect_error([&] { automatic(gaps); }, {"--shard auto", "gaps"});
  }
  expect_error([&] { automatic({{"SLURM_ARRAY_TASK_ID", "1"}}); }, {"SLURM_ARRAY_TASK_MIN"});
}

TEST(Shard, RefusesWhatIsNoNumber) {
  expect_error([&] { automatic(array("x", "1", "4", "4")); }, {"SLURM_ARRAY_TASK_ID", "'x'"});
  expect_error(
      [&] {
        automatic({{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "0"}});
      },
      {"SLURM_NTASKS", "'0'"});
  expect_error(
      [&] {
        automatic({{"SLURM_PROCID", "4"}, {"SLURM_NTASKS", "4"}});
      },
      {"SLURM_PROCID=4", "SLURM_NTASKS=4"});
  expect_error([&] { automatic({}); }, {"none is set"});
  expect_error([&] { automatic({{"SLURM_PROCID", "0"}}); }, {"none is set"});
}

TEST(Shard, SplitsTheListOnce) {
  for (std::int64_t item = 0; item < 20; ++item) {
    int owners = 0;
    for (const char* text : {"0/3", "1/3", "2/3"}) {
      owners += parse_shard(text, environment).has(item) ? 1 : 0;
    }
    EXPECT_EQ(owners, 1);
    EXPECT_TRUE(parse_shard("", environment).has(item));
  }
}

TEST(Checksum, IsZlibs) { EXPECT_EQ(crc32("123456789"), "cbf43926"); }

TEST(Fingerprint, TellsBytesAndTheirGroupsApart) {
  const auto of = [](std::initializer_list<std::string> texts) {
    Fingerprint hash;
    for (const std::string& text : texts) hash.add(text);
    return hash.text();
  };
  const std::string base = of({"0123456789"});
  EXPECT_EQ(base, of({"0123456789"}));
  for (const auto& other : {of({"0123456788"}), of({"01234", "56789"}), of({"0123456789", ""}),
                            of({std::string("0123456789\0", 11)}), of({""}), of({})}) {
    EXPECT_NE(base, other);
  }
}

}  // namespace
}  // namespace apps
