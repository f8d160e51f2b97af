#include "apps/grouped_journal.hpp"

#include <atomic>

#include "tests/formats/support.hpp"

namespace apps {
namespace {

class Grouped : public phosphene::test::InFolder {
 protected:
  Grouped() : writer_(path("journal-0-of-1.jsonl")) {
    writer_.append({{{"journal", 1},
                     {"items", {{"count", 1000}}},
                     {"settings", Json::object()},
                     {"device", Json::object()}}});
  }
  JournalWriter writer_;
};

/// A sync of the disk a line would be most of the time of a fast sweep.
TEST_F(Grouped, AThousandLinesAreAFewSyncs) {
  std::atomic<int> syncs = 0;
  GroupedJournal grouped(writer_, [&] { ++syncs; });
  for (int i = 0; i < 1000; ++i) grouped.add({{"item", i}, {"record", i}});
  grouped.finish();
  EXPECT_GE(syncs, 1);
  EXPECT_LE(syncs, 10);
  const Journal journal = read_journal(writer_.journal().path);
  EXPECT_EQ(journal.items.size(), 1000U);
}

TEST_F(Grouped, ALineAloneDoesNotWaitForOthers) {
  GroupedJournal grouped(writer_, [] {});
  const auto lines = [&] { return read_journal(path("journal-0-of-1.jsonl")).items.size(); };
  for (std::size_t i = 0; i < 2; ++i) {
    grouped.add({{"item", i}, {"record", 0}});
    for (int ms = 0; lines() <= i && ms < 5000; ++ms) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(lines(), i + 1);
  }
}

TEST_F(Grouped, WhatTheThreadMetReachesTheCaller) {
  GroupedJournal grouped(writer_, [] { throw phosphene::Error("the disk is full"); });
  grouped.add({{"item", 0}, {"record", 0}});
  phosphene::test::expect_error([&] { grouped.finish(); }, {"the disk is full"});
  EXPECT_EQ(read_journal(path("journal-0-of-1.jsonl")).items.size(), 0U);
}

TEST_F(Grouped, WhatIsLeftIsWrittenWhenTheCallerFails) {
  {
    GroupedJournal grouped(writer_, [] {});
    for (int i = 0; i < 20; ++i) grouped.add({{"item", i}, {"record", i}});
  }
  EXPECT_EQ(read_journal(path("journal-0-of-1.jsonl")).items.size(), 20U);
}

}  // namespace
}  // namespace apps
