// Sweeps over a data set: what they leave does not depend on shards, slots, kills and restarts.
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

constexpr int kDone = 0, kFailed = 1, kUsage = 2, kInterrupted = 75;
constexpr std::size_t kRecord = 3073;

class SweepStreams : public Sweeps {
 protected:
  /// CIFAR-10 records of `count` images of noise; no label is 5, which the program cannot stand.
  std::string make_data(int count) const {
    std::mt19937 random(3);
    Bytes bytes;
    for (int i = 0; i < count; ++i) {
      bytes.push_back(static_cast<std::uint8_t>(i % 5));
      for (std::size_t k = 1; k < kRecord; ++k) {
        bytes.push_back(static_cast<std::uint8_t>(random() & 0xff));
      }
    }
    return write("data.bin", bytes);
  }

  std::vector<std::string> arguments(const std::string& out, std::vector<std::string> more) const {
    std::vector<std::string> all{"--data", path("data.bin"), "--out", path(out)};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Outcome scaled(const std::string& out, std::vector<std::string> more = {},
                 const RunOptions& options = {}) const {
    return run_app(SWEEP_PROGRAM, arguments(out, std::move(more)), options);
  }

  /// The merged journal, and the merged array.
  std::pair<std::string, Bytes> joined(const std::vector<std::string>& outs) const {
    const Outcome outcome = merge(outs, {"--arrays", path("arrays")});
    EXPECT_EQ(outcome.code, kDone) << outcome.err;
    return {text("merged.jsonl"), read("arrays/scaled.npy")};
  }

  Bytes pixels(int image) const {
    const Bytes all = read("data.bin");
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(image) * kRecord;
    return {from + 1, from + kRecord};
  }
};

TEST_F(SweepStreams, WriteALineAndARowForEachImage) {
  make_data(7);
  const Outcome outcome = scaled("out", {"--slots", "3"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_EQ(outcome.out, path("out/journal-0-of-1.jsonl") + "\n");
  EXPECT_NE(outcome.err.find("7 of 7 images\n"), std::string::npos) << outcome.err;
  EXPECT_EQ(files("out").size(), 1U);
  const HostArray array = load_npy(path("out/scaled.npy"));
  EXPECT_EQ(array.shape, (std::vector<std::int64_t>{7, 3, 32, 32}));
  for (int i = 0; i < 7; ++i) {
    const Bytes expected = pixels(i);
    for (std::size_t k = 0; k < expected.size(); k += 131) {
      EXPECT_EQ(array.values[static_cast<std::size_t>(i) * expected.size() + k],
                static_cast<float>(expected[k]) / 255.0F);
    }
  }
  std::istringstream merged(joined({"out"}).first);
  std::string line;
  std::getline(merged, line);
  const auto header = nlohmann::json::parse(line);
  EXPECT_EQ(header["items"]["count"], 7);
  EXPECT_EQ(header["items"]["of"], "--data");
  EXPECT_EQ(header["arrays"]["scaled"], (std::vector<int>{3, 32, 32}));
  for (int i = 0; i < 7; ++i) {
    std::getline(merged, line);
    const auto item = nlohmann::json::parse(line);
    EXPECT_EQ(item["item"], i);
    EXPECT_EQ(item["image"], "data-0000" + std::to_string(i));
    EXPECT_EQ(item["record"]["label"], i % 5);
    EXPECT_EQ(item["rows"]["scaled"].get<std::string>().size(), 16U);
  }
}

TEST_F(SweepStreams, ShardsSlotsAndVariantsMergeToTheSameBytes) {
  make_data(11);
  ASSERT_EQ(scaled("one", {"--variants", "3", "--pictures"}).code, kDone);
  EXPECT_EQ(files("one").size(), 34U);
  EXPECT_TRUE(std::filesystem::exists(path("one/data-00004-v2.png")));
  const auto expected = joined({"one"});
  EXPECT_EQ(lines(expected.first), 34);
  EXPECT_EQ(expected.second, read("one/scaled.npy"));
  for (const char* shard : {"0/4", "1/4", "2/4", "3/4"}) {
    const Outcome outcome =
        scaled("many", {"--variants", "3", "--pictures", "--slots", "5", "--shard", shard});
    EXPECT_EQ(outcome.code, kDone) << outcome.err;
  }
  EXPECT_EQ(load_npy(path("many/scaled-3-of-4.npy")).shape[0], 6);  // images 3 and 7
  EXPECT_TRUE(joined({"many"}) == expected);
  for (const auto& [name, bytes] : files("one")) {
    if (name.ends_with(".png")) {
      EXPECT_EQ(read("many/" + name), bytes) << name;
    }
  }
}

TEST_F(SweepStreams, ArraysNeedAFolder) {
  make_data(2);
  ASSERT_EQ(scaled("one").code, kDone);
  write("arrays", Bytes{1});
  const Outcome outcome = merge({"one"}, {"--arrays", path("arrays")});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_NE(outcome.err.find("arrays: cannot be made a folder"), std::string::npos) << outcome.err;
  EXPECT_FALSE(std::filesystem::exists(path("merged.jsonl")));
}

TEST_F(SweepStreams, MoreShardsThanImages) {
  make_data(2);
  ASSERT_EQ(scaled("one").code, kDone);
  for (const char* shard : {"0/3", "1/3", "2/3"}) {
    EXPECT_EQ(scaled("many", {"--shard", shard}).code, kDone);
  }
  EXPECT_TRUE(joined({"many"}) == joined({"one"}));
}

/// Every other kill comes after a while at random, in what may be the program's start; the others
/// some time after the journal has grown.
TEST_F(SweepStreams, SurviveKills) {
  make_data(600);
  ASSERT_EQ(scaled("one").code, kDone);
  const auto size = [&] {
    std::error_code missing;
    const auto bytes = std::filesystem::file_size(path("killed/journal-0-of-1.jsonl"), missing);
    return missing ? std::uintmax_t{0} : bytes;
  };
  std::mt19937 random(5);
  int cut_short = 0, grown = 0;
  for (int i = 0; i < 5; ++i) {
    const auto before = size();
    const auto all = arguments("killed", {"--slots", "4", "--wait-ms", "2"});
    std::vector<char*> argv{const_cast<char*>(SWEEP_PROGRAM)};
    for (const std::string& argument : all) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const int null = ::open("/dev/null", O_WRONLY);
      ::dup2(null, STDOUT_FILENO);
      ::dup2(null, STDERR_FILENO);
      ::execv(SWEEP_PROGRAM, argv.data());
      ::_exit(127);
    }
    int status = 0;
    pid_t ended = 0;
    for (int ms = 0; i % 2 == 1 && size() <= before && ended == 0 && ms < 20000; ++ms) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ended = ::waitpid(child, &status, WNOHANG);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 200));
    if (ended == 0) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
    }
    cut_short += WIFSIGNALED(status) ? 1 : 0;
    grown += size() > before ? 1 : 0;
  }
  EXPECT_GE(cut_short, 2);
  EXPECT_GE(grown, 1);
  const Outcome outcome = scaled("killed", {"--slots", "7"});
  EXPECT_EQ(outcome.code, kDone) << outcome.err;
  EXPECT_TRUE(joined({"killed"}) == joined({"one"}));
}

TEST_F(SweepStreams, ASigtermFinishesTheItemsInWork) {
  make_data(60);
  ASSERT_EQ(scaled("one").code, kDone);
  const Outcome outcome = scaled("stopped", {"--slots", "4", "--wait-ms", "20"},
                                 {.signal_at = "6/60", .signal = SIGTERM});
  EXPECT_EQ(outcome.code, kInterrupted) << outcome.err;
  EXPECT_NE(outcome.err.find("the same command goes on"), std::string::npos) << outcome.err;
  const auto done = lines(text("stopped/journal-0-of-1.jsonl")) - 1;
  EXPECT_GE(done, 6 + 3);  // what was in work too
  EXPECT_LT(done, 60);
  const Outcome resumed = scaled("stopped");
  EXPECT_EQ(resumed.code, kDone) << resumed.err;
  EXPECT_NE(resumed.err.find(std::to_string(done) + " done before"), std::string::npos);
  EXPECT_TRUE(joined({"stopped"}) == joined({"one"}));
}

TEST_F(SweepStreams, AnImageThatFailsDoesNotStopTheRest) {
  make_data(8);
  Bytes bytes = read("data.bin");
  bytes[3 * kRecord] = 5;
  write("data.bin", bytes);
  const Outcome outcome = scaled("out", {"--slots", "3"});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_NE(outcome.err.find("scaled: 1 of 8 images failed: "), std::string::npos) << outcome.err;
  const auto [journal, rows] = joined({"out"});
  EXPECT_NE(journal.find("\"error\":\"data-00003: nobody likes class 5\""), std::string::npos);
  EXPECT_EQ(lines(journal), 9);
}

TEST_F(SweepStreams, APhotographThatCannotBeReadFailsAlone) {
  for (int i = 0; i < 4; ++i) {
    write_picture(path("photos/p" + std::to_string(i) + "_" + std::to_string(i) + ".png"), 12, 12,
                  i);
  }
  Bytes bad = read("photos/p2_2.png");
  bad[bad.size() / 2] ^= 0xff;
  write("photos/p2_2.png", bad);
  const Outcome outcome =
      run_app(SWEEP_PROGRAM, {"--data", path("photos"), "--out", path("out"), "--variants", "2"});
  EXPECT_EQ(outcome.code, kFailed) << outcome.err;
  EXPECT_NE(outcome.err.find("2 of 8 items failed"), std::string::npos) << outcome.err;
  EXPECT_NE(text("out/journal-0-of-1.jsonl").find("\"error\":\"p2_2.png: is a corrupt PNG"),
            std::string::npos);
}

TEST_F(SweepStreams, RefuseOtherDataOrLostRows) {
  make_data(4);
  ASSERT_EQ(scaled("out").code, kDone);
  const std::string journal = path("out/journal-0-of-1.jsonl");
  expect_refused(scaled("out", {"--scale", "2"}), kUsage, {journal, "--scale was 1.0"});
  expect_refused(scaled("out", {"--variants", "2"}), kUsage, {journal, "an image had other items"});
  const Bytes all = read("data.bin");
  write("data.bin", Bytes(all.begin(), all.begin() + 3 * kRecord));
  expect_refused(
      scaled("out", {"--scale", "2"}), kUsage,
      {journal, "--data and --limit gave 4 images, now 3; --scale was 1.0, now it is 2.0"});
  write("data.bin", all);
  Bytes bytes = read("data.bin");
  bytes[100] ^= 1;
  write("data.bin", bytes);
  expect_refused(scaled("out"), kUsage, {journal, "--data held other images;"});
  bytes[100] ^= 1;
  write("data.bin", bytes);
  std::filesystem::rename(path("out/scaled.npy"), path("kept.npy"));
  const std::string last = text("out/journal-0-of-1.jsonl");
  write_text("out/journal-0-of-1.jsonl", last.substr(0, last.size() - 3));
  expect_refused(scaled("out"), kFailed, {path("out/scaled.npy"), "is gone", journal});
  std::filesystem::rename(path("kept.npy"), path("out/scaled.npy"));
  EXPECT_EQ(scaled("out").code, kDone);
  // Where nothing is left to be done too.
  const Bytes kept = read("out/scaled.npy");
  for (const std::size_t length : {std::size_t{0}, kept.size() - 4}) {
    const auto end = kept.begin() + static_cast<std::ptrdiff_t>(length);
    write("out/scaled.npy", Bytes(kept.begin(), end));
    expect_refused(scaled("out"), kFailed,
                   {path("out/scaled.npy"), journal, "remove what is left"});
  }
  std::filesystem::remove(path("out/scaled.npy"));
  expect_refused(scaled("out"), kFailed, {path("out/scaled.npy"), "is gone", journal});
  write("out/scaled.npy", kept);

  Bytes rows = read("out/scaled.npy");
  rows.back() ^= 1;
  write("out/scaled.npy", rows);
  std::filesystem::create_directory(path("arrays"));
  expect_refused(merge({"out"}, {"--arrays", path("arrays")}), kFailed,
                 {path("out/scaled.npy"), "item 3", "not what"});
  EXPECT_FALSE(std::filesystem::exists(path("arrays/scaled.npy")));
  EXPECT_TRUE(std::filesystem::is_empty(path("arrays")));
  expect_refused(merge({"out"}, {"--arrays", path("out")}), kUsage, {"would overwrite"});
}

TEST_F(SweepStreams, RefuseAnOutFolderThatIsTheData) {
  write_picture(path("photos/p_1.png"), 12, 12, 1);
  const auto into = [&](const std::string& data, const std::string& out) {
    return run_app(SWEEP_PROGRAM, {"--data", data, "--out", path(out), "--pictures"});
  };
  expect_refused(into(path("photos"), "photos"), kUsage, {"p_1.png would replace a photograph"});
  std::filesystem::rename(path("photos/p_1.png"), path("photos/p_1.jpg"));
  expect_refused(into(path("photos"), "photos"), kUsage,
                 {"--out", path("photos"), "folder of --data", "p_1.jpg"});
  // The images that an earlier sweep left, into the folder where they lie.
  make_data(2);
  ASSERT_EQ(scaled("out").code, kDone);
  save_npy(path("labels.npy"), Bytes{0, 1}, {2});
  const std::string images = path("out/scaled.npy") + "," + path("labels.npy");
  expect_refused(into(images, "out"), kUsage, {"folder of --data", "scaled.npy"});
  EXPECT_EQ(into(images, "again").code, kDone);
}

}  // namespace
}  // namespace phosphene::test
