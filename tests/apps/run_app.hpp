#pragma once
#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace phosphene::test {

/// What a program that was run did.
struct Outcome {
  int code = 0;  ///< its exit code, or 128 + the signal that ended it
  std::string out, err;
};

/// How a program is run.
struct RunOptions {
  std::map<std::string, std::string> environment{};  ///< added to this process's
  /// No file may grow beyond so many bytes: stands in for a full disk, with EFBIG for ENOSPC.
  std::optional<std::size_t> largest_file{};
  /// `signal` is sent as soon as stderr holds this text.
  std::string signal_at{};
  int signal = SIGINT;
  std::string folder = ".";  ///< the working directory
};

/// Runs `program` to its end. One that takes longer than two minutes is killed.
Outcome run_app(const std::string& program, const std::vector<std::string>& arguments,
                const RunOptions& options = {});

}  // namespace phosphene::test
