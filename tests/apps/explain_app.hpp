#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/apps/app_inputs.hpp"
#include "tests/apps/run_app.hpp"
#include "tests/formats/support.hpp"

namespace phosphene::test {

constexpr int kFailed = 1, kUsage = 2;

/// A small, good command of `saliency` or `cam` whose flags a test changes: a network of 32 x 32
/// pixels that has learnt nothing, one photograph; what the app writes goes to out/.
class ExplainApp : public InFolder {
 protected:
  explicit ExplainApp(std::string program) : program_(std::move(program)) {
    write_picture(path("a.png"), 40, 32, 1);
    flags_ = {{"--image", {path("a.png")}},
              {"--model", {"resnet20_cifar10"}},
              {"--weights", {"random:3"}},
              {"--device", {"cpu"}},
              {"--out", {path("out")}}};
  }

  /// Three photographs of different shapes instead of one.
  void take_a_folder() {
    std::filesystem::create_directory(path("photos"));
    write_picture(path("photos/a.png"), 40, 32, 1);
    write_picture(path("photos/b.png"), 33, 64, 2);
    write_picture(path("photos/c.png"), 32, 32, 3);
    flags_.erase("--image");
    flags_["--images"] = {path("photos")};
  }

  /// The list of the same photographs comes as a shell's <(ls photos/*) brings it.
  void expect_the_same_of_a_pipe() {
    take_a_folder();
    ASSERT_EQ(run().code, 0);
    const Bytes expected = read("out/c.npy");
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const std::string list = path("photos/a.png\n") + path("photos/b.png\n") + path("photos/c.png");
    ASSERT_EQ(::write(ends[1], list.data(), list.size()), std::ssize(list));
    close(ends[1]);
    flags_["--images"] = {"/dev/fd/" + std::to_string(ends[0])};
    flags_["--out"] = {path("piped")};
    const Outcome outcome = run();
    close(ends[0]);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(read("piped/c.npy"), expected);
  }

  Outcome run() const {
    std::vector<std::string> arguments;
    for (const auto& [flag, values] : flags_) {
      arguments.push_back(flag);
      arguments.insert(arguments.end(), values.begin(), values.end());
    }
    return run_app(program_, arguments);
  }

  /// The record of the one photograph.
  nlohmann::json record() const {
    const Outcome outcome = run();
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out);
  }

  void expect_refusal(int code, const std::vector<std::string>& texts) const {
    const Outcome outcome = run();
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    for (const std::string& text : texts) {
      EXPECT_NE(outcome.err.find(text), std::string::npos) << outcome.err;
    }
    EXPECT_FALSE(std::filesystem::exists(path("out/a.npy")));
  }

  /// Runs with one flag changed: refused in one line with all texts.
  void expect_refusal_of(const std::string& flag, std::vector<std::string> values,
                         const std::vector<std::string>& texts) {
    SCOPED_TRACE(flag);
    const auto before = flags_;
    flags_[flag] = std::move(values);
    const Outcome outcome = run();
    EXPECT_EQ(outcome.code, kUsage) << outcome.err;
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    for (const std::string& text : texts) {
      EXPECT_NE(outcome.err.find(text), std::string::npos) << outcome.err;
    }
    flags_ = before;
  }

  /// Pixels at the end of a .npy file of fp32.
  std::vector<float> array(const std::string& name, std::size_t count) const {
    const Bytes bytes = read(name);
    std::vector<float> values(count);
    EXPECT_GT(bytes.size(), count * sizeof(float)) << name;
    std::copy_n(bytes.end() - static_cast<std::ptrdiff_t>(count * sizeof(float)),
                count * sizeof(float), reinterpret_cast<std::uint8_t*>(values.data()));
    return values;
  }

  std::string program_;
  std::map<std::string, std::vector<std::string>> flags_;
};

}  // namespace phosphene::test
