// What sweeps and merge say to what they cannot do: one line, an exit code.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "phosphene/image.hpp"
#include "phosphene/tensor.hpp"
#include "tests/apps/sweep_run.hpp"

namespace phosphene::test {
namespace {

constexpr int kFailed = 1, kUsage = 2;

class SweepRefuses : public Sweeps {
 protected:
  SweepRefuses() { make_photographs(4); }
};

TEST_F(SweepRefuses, OtherFlags) {
  ASSERT_EQ(grey("out", {"--shard", "0/2"}).code, 0);
  const std::string journal = path("out/journal-0-of-2.jsonl");
  expect_refused(grey("out", {"--shard", "0/2", "--scale", "2"}), kUsage,
                 {journal, "--scale was 1.0, now it is 2.0", "another --out"});
  expect_refused(grey("out", {"--shard", "0/2", "--batch", "2"}), kUsage,
                 {journal, "--batch was 1, now it is 2"});
  expect_refused(grey("out", {"--shard", "0/2", "--kind", "cuda"}), kUsage,
                 {journal, "--device was \"cpu\", now it is \"cuda\""});
  // The other shards' journals in the folder count as well.
  expect_refused(grey("out", {"--shard", "1/2", "--scale", "2"}), kUsage,
                 {journal, "--scale was 1.0"});
  EXPECT_FALSE(std::filesystem::exists(path("out/journal-1-of-2.jsonl")));
  write_picture(path("photos/p200.png"), 16, 12, 1);
  expect_refused(grey("out", {"--shard", "0/2"}), kUsage,
                 {journal, "--images listed 4 photographs, now 5"});
}

TEST_F(SweepRefuses, AnotherChoiceAfterTheDevice) {
  ASSERT_EQ(grey("out", {"--tiles", "5"}).code, 0);
  EXPECT_EQ(grey("out").code, 0);  // as it was chosen before
  expect_refused(grey("out", {"--tiles", "6"}), kUsage, {"--tiles was 5, now it is 6"});
}

TEST_F(SweepRefuses, TwoProcesses) {
  Outcome first;
  std::thread runs([&] { first = grey("out", {"--wait-ms", "300"}); });
  const std::string journal = path("out/journal-0-of-1.jsonl");
  std::error_code ignored;
  for (int i = 0; i < 1000 && std::filesystem::file_size(journal, ignored) + 1 < 2; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  expect_refused(grey("out"), kFailed, {journal, "another process"});
  runs.join();
  EXPECT_EQ(first.code, 0) << first.err;
}

TEST_F(SweepRefuses, DamagedLines) {
  ASSERT_EQ(grey("out").code, 0);
  const std::string name = "out/journal-0-of-1.jsonl", whole = text(name);
  const std::size_t third = whole.find("\"item\":1");
  std::string damaged = whole;
  damaged[whole.find("p101", third) + 1] = '9';
  write_text(name, damaged);
  expect_refused(grey("out"), kFailed, {path(name), "line 3 is damaged", "checksum"});
  expect_refused(merge({"out"}), kFailed, {path(name), "line 3 is damaged"});
  damaged = whole;
  damaged[1] = 'X';
  write_text(name, damaged);
  expect_refused(grey("out"), kFailed, {path(name), "line 1 is damaged"});
  // A good line twice: somebody pasted journals together.
  const std::size_t begin = whole.rfind('\n', third) + 1, end = whole.find('\n', third) + 1;
  write_text(name, whole.substr(0, end) + whole.substr(begin));
  expect_refused(grey("out"), kFailed, {"line 4 is damaged", "item 1", "done before"});
  // At the end too: nobody was killed while writing it.
  const std::string twice = whole + whole.substr(whole.rfind('\n', whole.size() - 2) + 1);
  write_text(name, twice);
  expect_refused(grey("out"), kFailed, {"line 6 is damaged", "item 3", "done before"});
  EXPECT_EQ(text(name), twice);
}

TEST_F(SweepRefuses, NothingToDo) {
  std::filesystem::create_directory(path("empty"));
  write_text("empty/notes.txt", "none");
  write_text("empty.txt", "\n\n");
  const auto images = [&](const std::string& name) {
    return run_app(SWEEP_PROGRAM, {"--images", path(name), "--out", path("out")});
  };
  expect_refused(images("empty"), kUsage, {path("empty"), "no photographs", ".jpg"});
  expect_refused(images("empty.txt"), kUsage, {path("empty.txt"), "empty list"});
  expect_refused(images("none"), kUsage, {path("none"), "no such folder or list"});
  expect_refused(images("photos/p100.png"), kUsage, {"p100.png", "--image"});
  expect_refused(run_app(SWEEP_PROGRAM, {"--out", path("out")}), kUsage, {"--image F or --images"});
  expect_refused(grey("out", {"--image", path("photos/p100.png")}), kUsage, {"--image F or"});
  EXPECT_FALSE(std::filesystem::exists(path("out")));
}

TEST_F(SweepRefuses, ToReplacePhotographs) {
  expect_refused(grey("photos"), kUsage, {"--out", path("photos"), "is the folder of --images"});
  write_text("list.txt", "photos/p100.png\n");
  expect_refused(run_app(SWEEP_PROGRAM, {"--images", path("list.txt"), "--out", path("photos")}),
                 kUsage, {"--out", "p100.png would replace a photograph"});
  expect_refused(
      run_app(SWEEP_PROGRAM, {"--image", "p100.png", "--out", "."}, {.folder = path("photos")}),
      kUsage, {"would replace a photograph"});
}

/// No file would be replaced, but the next run would list the pictures of this one.
TEST_F(SweepRefuses, ToListItsOwnPictures) {
  for (const char* name : {"p100", "p101", "p102", "p103"}) {
    const std::string photo = path("photos/") + name;
    std::filesystem::rename(photo + ".png", photo + ".jpg");
  }
  expect_refused(grey("photos"), kUsage, {"--out", "is the folder of --images"});
  expect_refused(grey("photos/../photos/"), kUsage, {"--out", "is the folder of --images"});
  EXPECT_EQ(grey("photos/maps").code, 0);
}

TEST_F(SweepRefuses, AFileForAFolder) {
  write_text("file", "x");
  expect_refused(grey("file"), kFailed, {"--out", path("file")});
}

TEST_F(SweepRefuses, BadShards) {
  for (const char* shard : {"3/3", "-1/3", "1", "1/0", "a/b", "1/3/5", "/", "1/"}) {
    expect_refused(grey("out", {"--shard", shard}), kUsage,
                   {"--shard '" + std::string(shard) + "'", "0 <= i < N"});
  }
  expect_refused(grey("out", {"--shard", "auto"}), kUsage, {"--shard auto", "none is set"});
  expect_refused(run_app(SWEEP_PROGRAM, {"--image", path("photos/p100.png"), "--out", path("out"),
                                         "--shard", "0/2"}),
                 kUsage, {"--shard 0/2", "for --images"});
}

TEST_F(SweepRefuses, OnePhotographThatIsNone) {
  write_text("bad.png", "no image");
  expect_refused(run_app(SWEEP_PROGRAM, {"--image", path("bad.png"), "--out", path("out")}),
                 kFailed, {path("bad.png"), "not an image"});
  EXPECT_TRUE(files("out").empty());
}

TEST_F(SweepRefuses, WhatTheMethodRefusesForAll) {
  write_picture(path("photos/p101.png"), 13, 12, 1);
  const Outcome outcome = grey("out");
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_NE(outcome.err.find("grey: --scale: not for 13 columns\n"), std::string::npos);
}

TEST_F(SweepRefuses, MergesWithGaps) {
  ASSERT_EQ(grey("out", {"--shard", "1/2"}).code, 0);
  expect_refused(merge({"out"}), kFailed, {"2 of 4 items are missing: 0, 2;"});
  EXPECT_FALSE(std::filesystem::exists(path("merged.jsonl")));
  ASSERT_EQ(grey("out", {"--shard", "0/2"}).code, 0);
  write_text("out/journal-7-of-9.jsonl", "");  // killed before its first line
  EXPECT_EQ(merge({"out"}).code, 0);
  std::filesystem::create_directory(path("begun"));
  write_text("begun/journal-0-of-1.jsonl", "");
  expect_refused(merge({"begun"}), kFailed, {path("begun/journal-0-of-1.jsonl"), "is empty"});
  expect_refused(merge({"photos"}), kFailed, {path("photos"), "no journal"});
  expect_refused(merge({"none"}), kFailed, {path("none"), "no such folder"});
}

TEST_F(SweepRefuses, MergesOfDifferentSweeps) {
  ASSERT_EQ(grey("a", {"--shard", "0/2"}).code, 0);
  ASSERT_EQ(grey("b", {"--shard", "1/2", "--scale", "2"}).code, 0);
  expect_refused(merge({"a", "b"}), kFailed,
                 {path("b/journal-1-of-2.jsonl"), path("a/journal-0-of-2.jsonl"),
                  "--scale was 1.0, now it is 2.0"});
}

TEST_F(SweepRefuses, MergesOfConflicts) {
  ASSERT_EQ(grey("a").code, 0);
  write_picture(path("photos/p102.png"), 20, 12, 9);
  ASSERT_EQ(grey("b").code, 0);
  expect_refused(merge({"a", "b"}), kFailed, {"item 2", "two results", path("a")});
  EXPECT_EQ(merge({"a", "a"}).code, 0);
}

// Upside down it is as grey.
TEST_F(SweepRefuses, MergesOfFilesThatDiffer) {
  ASSERT_EQ(grey("a").code, 0);
  const std::string name = path("photos/p102.png");
  const Tensor photo = load_image(name);
  const Shape s = photo.shape();
  Tensor flipped = Tensor::host(s);
  for (std::int64_t i = 0; i < photo.count() / s.w; ++i) {
    const std::int64_t from = i / s.h * s.h + s.h - 1 - i % s.h;
    std::copy_n(photo.data() + from * s.w, s.w, flipped.data() + i * s.w);
  }
  save_image(name, flipped);
  ASSERT_EQ(grey("b").code, 0);
  expect_refused(merge({"a", "b"}), kFailed, {"item 2", "two results"});
}

TEST_F(SweepRefuses, MergesOfMixedDevices) {
  ASSERT_EQ(grey("a", {"--shard", "0/2"}).code, 0);
  ASSERT_EQ(grey("b", {"--shard", "1/2", "--kind", "cuda"}).code, 0);
  expect_refused(merge({"a", "b"}), kFailed, {"mixed devices", "--allow-mixed-devices"});
  EXPECT_EQ(merge({"a", "b"}, {"--allow-mixed-devices"}).code, 0);
}

TEST_F(SweepRefuses, MergesOntoAJournal) {
  ASSERT_EQ(grey("out").code, 0);
  const std::string journal = path("out/journal-0-of-1.jsonl");
  expect_refused(run_app(MERGE, {path("out"), "--out", journal}), kUsage, {"would overwrite"});
}

}  // namespace
}  // namespace phosphene::test
