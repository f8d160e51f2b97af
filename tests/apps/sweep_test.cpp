// What a sweep leaves behind must not depend on how it was run: shards, batches, kills, restarts.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <thread>

#include "phosphene/npy.hpp"
#include "tests/apps/sweep_run.hpp"

namespace phosphene::test {
namespace {

constexpr int kDone = 0, kFailed = 1, kInterrupted = 75;

TEST_F(Sweeps, WritesAMapAPictureAndALineForEachPhotograph) {
  make_photographs(3);
  const Outcome outcome = grey("out");
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.out, path("out/journal-0-of-1.jsonl") + "\n");
  EXPECT_NE(outcome.err.find("3 of 3 photographs\n"), std::string::npos) << outcome.err;
  EXPECT_EQ(files("out").size(), 6U);
  EXPECT_EQ(load_npy(path("out/p102.npy")).shape, (std::vector<std::int64_t>{12, 18}));

  std::istringstream journal(text("out/journal-0-of-1.jsonl"));
  std::string line;
  std::getline(journal, line);
  const auto header = nlohmann::json::parse(line);
  EXPECT_EQ(header["app"], "grey");
  EXPECT_EQ(header["items"]["count"], 3);
  EXPECT_EQ(header["settings"]["--scale"], 1.0);
  EXPECT_EQ(header["device"]["kind"], "cpu");
  for (int i = 0; i < 3; ++i) {
    std::getline(journal, line);
    const auto item = nlohmann::json::parse(line);
    EXPECT_EQ(item["item"], i);
    EXPECT_EQ(item["image"], "p10" + std::to_string(i) + ".png");
    EXPECT_EQ(item["record"]["key"], i * 7);
    EXPECT_EQ(item["files"].size(), 2U);
    EXPECT_TRUE(item.contains("crc32"));
  }
  EXPECT_FALSE(std::getline(journal, line));
}

TEST_F(Sweeps, OnePhotographNeedsNoJournal) {
  make_photographs(1);
  for (const char* scale : {"1", "0.5"}) {  // other flags may replace what is there
    const Outcome outcome = run_app(SWEEP_PROGRAM, {"--image", path("photos/p100.png"), "--scale",
                                                    scale, "--out", path("one")});
    EXPECT_EQ(outcome.code, kDone) << outcome.err;
    EXPECT_EQ(nlohmann::json::parse(outcome.out)["key"], 0);
  }
  EXPECT_EQ(files("one").size(), 3U);  // .npy, .png, .jsonl
  EXPECT_EQ(lines(text("one/p100.jsonl")), 2);
}

TEST_F(Sweeps, ShardsAndBatchesMergeToTheSameBytes) {
  make_photographs(11);
  ASSERT_EQ(grey("one", {"--batch", "3"}).code, kDone);
  for (const char* shard : {"0/3", "1/3", "2/3"}) {
    const Outcome outcome = grey("many", {"--batch", "3", "--shard", shard});
    EXPECT_EQ(outcome.code, kDone) << outcome.err;
    EXPECT_NE(outcome.err.find("shard " + std::string(shard) + " (--shard)"), std::string::npos);
  }
  ASSERT_EQ(grey("apart0", {"--batch", "3", "--shard", "0/2"}).code, kDone);
  ASSERT_EQ(grey("apart1", {"--batch", "3", "--shard", "1/2"}).code, kDone);
  expect_same("one", {"many"});
  expect_same("one", {"apart1", "apart0"});
  EXPECT_EQ(lines(text("merged.jsonl")), 12);
}

TEST_F(Sweeps, MoreShardsThanPhotographs) {
  make_photographs(2);
  for (const char* shard : {"0/3", "1/3", "2/3"}) {
    EXPECT_EQ(grey("many", {"--shard", shard}).code, kDone);
  }
  ASSERT_EQ(grey("one").code, kDone);
  expect_same("one", {"many"});
}

TEST_F(Sweeps, SlurmsArrayOnlyCountsWhereItIsAsked) {
  make_photographs(4);
  const RunOptions array{.environment = {{"SLURM_ARRAY_TASK_ID", "6"},
                                         {"SLURM_ARRAY_TASK_MIN", "5"},
                                         {"SLURM_ARRAY_TASK_MAX", "6"},
                                         {"SLURM_ARRAY_TASK_COUNT", "2"}}};
  const Outcome all = grey("all", {}, array);
  EXPECT_EQ(files("all").size(), 8U) << all.err;
  const Outcome half = grey("half", {"--shard", "auto"}, array);
  EXPECT_EQ(half.code, kDone) << half.err;
  EXPECT_NE(half.err.find("shard 1/2 (SLURM_ARRAY_TASK_ID)"), std::string::npos) << half.err;
  EXPECT_EQ(files("half").size(), 4U);
}

TEST_F(Sweeps, MpirunGivesTheBytesOfOneProcess) {
  if (std::system("command -v mpirun >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "mpirun (openmpi-bin)";
  }
  make_photographs(10);
  ASSERT_EQ(grey("one").code, kDone);
  const Outcome outcome =
      run_app("/usr/bin/env",
              {"mpirun", "--oversubscribe", "--allow-run-as-root", "-np", "3", SWEEP_PROGRAM,
               "--images", path("photos"), "--out", path("many"), "--shard", "auto"});
  ASSERT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_NE(outcome.err.find("shard 2/3 (OMPI_COMM_WORLD_RANK)"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(path("many/journal-2-of-3.jsonl")));
  expect_same("one", {"many"});
}

/// Every other kill comes after a while at random, in what may be the program's start; the others
/// as soon as the journal has grown, and up to most of the next batch later. A batch takes 80 ms,
/// so that the 25 batches outlast twenty kills even if the clock is as late as a busy machine's.
TEST_F(Sweeps, SurviveTwentyKills) {
  make_photographs(100);
  ASSERT_EQ(grey("one", {"--batch", "4"}).code, kDone);
  const std::string journal = path("killed/journal-0-of-1.jsonl");
  const auto size = [&] {
    std::error_code missing;
    const auto bytes = std::filesystem::file_size(journal, missing);
    return missing ? std::uintmax_t{0} : bytes;
  };
  std::mt19937 random(5);
  int cut_short = 0, grown = 0;
  for (int i = 0; i < 20; ++i) {
    const auto before = size();
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const int null = ::open("/dev/null", O_WRONLY);
      ::dup2(null, STDOUT_FILENO);
      ::dup2(null, STDERR_FILENO);
      ::execl(SWEEP_PROGRAM, SWEEP_PROGRAM, "--images", path("photos").c_str(), "--out",
              path("killed").c_str(), "--batch", "4", "--wait-ms", "20", nullptr);
      ::_exit(127);
    }
    int status = 0;
    pid_t ended = 0;
    for (int ms = 0; i % 2 == 1 && size() <= before && ended == 0 && ms < 20000; ++ms) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ended = ::waitpid(child, &status, WNOHANG);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60000));
    if (ended == 0) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
    }
    cut_short += WIFSIGNALED(status) ? 1 : 0;
    grown += size() > before ? 1 : 0;
  }
  EXPECT_GE(cut_short, 10);
  EXPECT_GE(grown, 5);
  const Outcome outcome = grey("killed", {"--batch", "4"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  expect_same("one", {"killed"});
}

TEST_F(Sweeps, ASigtermFinishesTheItemInHand) {
  make_photographs(12);
  ASSERT_EQ(grey("one").code, kDone);
  const Outcome outcome =
      grey("stopped", {"--wait-ms", "50"}, {.signal_at = "2/12", .signal = SIGTERM});
  EXPECT_EQ(outcome.code, kInterrupted) << outcome.err;
  EXPECT_NE(outcome.err.find("the same command goes on"), std::string::npos) << outcome.err;
  const auto done = lines(text("stopped/journal-0-of-1.jsonl")) - 1;
  EXPECT_GE(done, 2);
  EXPECT_LT(done, 12);
  EXPECT_EQ(files("stopped").size(), static_cast<std::size_t>(2 * done));
  const Outcome resumed = grey("stopped");
  EXPECT_EQ(resumed.code, kDone) << resumed.err;
  EXPECT_NE(resumed.err.find(std::to_string(done) + " done before"), std::string::npos);
  expect_same("one", {"stopped"});
}

TEST_F(Sweeps, WhatIsDoneIsNotDoneAgain) {
  make_photographs(3);
  ASSERT_EQ(grey("out").code, kDone);
  const std::string before = text("out/journal-0-of-1.jsonl");
  std::filesystem::remove(path("out/p101.npy"));
  EXPECT_EQ(grey("out").code, kDone);
  EXPECT_FALSE(std::filesystem::exists(path("out/p101.npy")));  // the journal is what counts
  EXPECT_EQ(text("out/journal-0-of-1.jsonl"), before);
}

TEST_F(Sweeps, ATornLastLineIsDoneAgain) {
  make_photographs(4);
  ASSERT_EQ(grey("out").code, kDone);
  const std::string whole = text("out/journal-0-of-1.jsonl");
  for (std::size_t cut : {1U, 2U, 20U, 100U}) {
    write_text("out/journal-0-of-1.jsonl", whole.substr(0, whole.size() - cut));
    EXPECT_EQ(grey("out").code, kDone);
    EXPECT_EQ(text("out/journal-0-of-1.jsonl"), whole) << cut;
  }
  for (std::size_t size : {std::size_t{0}, std::size_t{1}, whole.find('\n')}) {
    write_text("out/journal-0-of-1.jsonl", whole.substr(0, size));
    EXPECT_EQ(grey("out").code, kDone);
    EXPECT_EQ(text("out/journal-0-of-1.jsonl"), whole) << size;
  }
}

TEST_F(Sweeps, LeftoversOfAKilledProcessGo) {
  make_photographs(2);
  std::filesystem::create_directory(path("out"));
  write_text("out/.p101.npy.123-4.tmp", "half");
  write_text("out/.other.npy.123-4.tmp", "not ours");
  ASSERT_EQ(grey("out").code, kDone);
  EXPECT_FALSE(std::filesystem::exists(path("out/.p101.npy.123-4.tmp")));
  EXPECT_TRUE(std::filesystem::exists(path("out/.other.npy.123-4.tmp")));
}

TEST_F(Sweeps, ACorruptPhotographDoesNotStopTheRest) {
  make_photographs(6);
  Bytes good = read("photos/p102.png"), bad = good;
  bad[bad.size() / 2] ^= 0xff;
  write("photos/p102.png", bad);
  write_picture(path("photos/p104.png"), 5, 12, 4);  // the method has none for it
  const Outcome outcome = grey("out", {"--batch", "4"});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_NE(outcome.err.find("grey: 2 of 6 photographs failed: "), std::string::npos)
      << outcome.err;
  EXPECT_EQ(files("out").size(), 8U);
  const std::string journal = text("out/journal-0-of-1.jsonl");
  EXPECT_NE(journal.find("\"error\":\"p102.png: is a corrupt PNG"), std::string::npos) << journal;
  EXPECT_NE(journal.find("\"error\":\"p104.png: is too small\""), std::string::npos) << journal;
  const Outcome joined = merge({"out"});
  EXPECT_EQ(joined.code, kDone);
  EXPECT_NE(joined.err.find("2 of 6 items failed"), std::string::npos) << joined.err;

  // Failures are tried again, and only they.
  write("photos/p102.png", good);
  const Outcome again = grey("out", {"--batch", "4"});
  EXPECT_EQ(again.code, kFailed);
  EXPECT_NE(again.err.find("4 done before"), std::string::npos) << again.err;
  write_picture(path("photos/p104.png"), 20, 12, 4);
  EXPECT_EQ(grey("out", {"--batch", "4"}).code, kDone);
  ASSERT_EQ(grey("one", {"--batch", "4"}).code, kDone);
  expect_same("one", {"out"});
}

TEST_F(Sweeps, NamesOfOneStemAreKeptApart) {
  write_picture(path("photos/a.png"), 16, 12, 1);
  write_picture(path("photos/a.jpg"), 16, 12, 2);
  write_picture(path("photos/a.1.png"), 16, 12, 3);
  write_picture(path("photos/b.png"), 16, 12, 4);
  write_text("photos/notes.txt", "no photograph");
  ASSERT_EQ(grey("out").code, kDone);
  std::vector<std::string> names;
  for (const auto& [name, bytes] : files("out")) names.push_back(name);
  // In order: a.1.png, a.jpg, a.png, b.png. Item 1 would be a.1, which item 0 is.
  EXPECT_EQ(names, (std::vector<std::string>{"a.1.0.npy", "a.1.0.png", "a.1.npy", "a.1.png",
                                             "a.2.npy", "a.2.png", "b.npy", "b.png"}));
}

TEST_F(Sweeps, AListNamesFilesFromItsOwnFolder) {
  make_photographs(3);
  std::filesystem::create_directory(path("more"));
  write_picture(path("more/p100.png"), 16, 12, 9);
  write_text("list.txt", "photos/p101.png\r\n\nmore/p100.png\n" + path("photos/p100.png"));
  const Outcome outcome =
      run_app(SWEEP_PROGRAM, {"--images", path("list.txt"), "--out", path("out")}, {.folder = "/"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  std::vector<std::string> names;
  for (const auto& [name, bytes] : files("out")) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"p100.1.npy", "p100.1.png", "p100.2.npy", "p100.2.png",
                                             "p101.npy", "p101.png"}));
}

TEST_F(Sweeps, GoOnElsewhereButSaySo) {
  make_photographs(3);
  ASSERT_EQ(grey("out", {"--name", "first"}).code, kDone);
  write_picture(path("photos/p101.png"), 17, 12, 1);
  const std::string whole = text("out/journal-0-of-1.jsonl");
  write_text("out/journal-0-of-1.jsonl", whole.substr(0, whole.rfind('\n', whole.size() - 2) + 1));
  const Outcome outcome = grey("out", {"--name", "second"});
  EXPECT_EQ(outcome.code, kDone);
  EXPECT_NE(outcome.err.find("another device (first before, second now)"), std::string::npos);
  expect_refused(merge({"out"}), kFailed, {"mixed devices", "first", "second"});
  EXPECT_EQ(merge({"out"}, {"--allow-mixed-devices"}).code, kDone);
}

}  // namespace
}  // namespace phosphene::test
