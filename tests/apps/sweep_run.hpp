#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/apps/app_inputs.hpp"
#include "tests/apps/run_app.hpp"
#include "tests/formats/support.hpp"

namespace phosphene::test {

/// A folder with photographs in photos/, and the program that sweeps over them.
class Sweeps : public InFolder {
 protected:
  Sweeps() { std::filesystem::create_directory(path("photos")); }

  void make_photographs(int count) {
    for (int i = 0; i < count; ++i) {
      write_picture(path("photos/p" + std::to_string(100 + i) + ".png"), 16 + i % 5, 12, i);
    }
  }

  Outcome grey(const std::string& out, std::vector<std::string> more = {},
               const RunOptions& options = {}) const {
    std::vector<std::string> arguments{"--images", path("photos"), "--out", path(out)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_app(SWEEP_PROGRAM, arguments, options);
  }

  /// The merged journal of some folders.
  std::string merged(const std::vector<std::string>& outs) const {
    const Outcome outcome = merge(outs);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return text("merged.jsonl");
  }

  Outcome merge(const std::vector<std::string>& outs, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments;
    for (const std::string& out : outs) arguments.push_back(path(out));
    arguments.insert(arguments.end(), {"--out", path("merged.jsonl")});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_app(MERGE, arguments);
  }

  std::string text(const std::string& name) const {
    const Bytes bytes = read(name);
    return {bytes.begin(), bytes.end()};
  }
  void write_text(const std::string& name, const std::string& content) const {
    write(name, Bytes(content.begin(), content.end()));
  }

  /// The files of a folder by name, journals left out.
  std::map<std::string, Bytes> files(const std::string& out) const {
    std::map<std::string, Bytes> found;
    for (const auto& entry : std::filesystem::directory_iterator(path(out))) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with("journal-")) found[name] = read(out + "/" + name);
    }
    return found;
  }

  /// The same maps, and the same journal when merged.
  void expect_same(const std::string& one, const std::vector<std::string>& many) const {
    const auto expected = files(one);
    std::map<std::string, Bytes> found;
    for (const std::string& out : many) found.merge(files(out));
    EXPECT_EQ(found.size(), expected.size());
    EXPECT_TRUE(found == expected);
    EXPECT_EQ(merged({one}), merged(many));
  }

  static std::ptrdiff_t lines(const std::string& content) {
    return std::ranges::count(content, '\n');
  }

  static void expect_refused(const Outcome& outcome, int code,
                             const std::vector<std::string>& parts) {
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    expect_refused_at_end(outcome, code, parts);
  }
  /// After some progress.
  static void expect_refused_at_end(const Outcome& outcome, int code,
                                    const std::vector<std::string>& parts) {
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    for (const std::string& part : parts) {
      EXPECT_NE(outcome.err.find(part), std::string::npos)
          << '"' << part << "\" is not in: " << outcome.err;
    }
  }
};

}  // namespace phosphene::test
