#include "tests/apps/run_app.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <system_error>

namespace phosphene::test {
namespace {

[[noreturn]] void fail(const char* call) {
  throw std::system_error(errno, std::generic_category(), call);
}

/// Both ends of a pipe; the writing one goes to the child.
struct Pipe {
  std::array<int, 2> ends{};
  Pipe() {
    if (::pipe(ends.data()) != 0) fail("pipe");
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void close_end(std::size_t end) {
    if (ends[end] >= 0) ::close(ends[end]);
    ends[end] = -1;
  }
  /// Appends what has come; closes the reading end once there is no more.
  void read_into(std::string& text) {
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(ends[0], buffer.data(), buffer.size());
    if (count > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count == 0 || errno != EINTR) {
      close_end(0);
    }
  }
};

[[noreturn]] void become(std::vector<char*> arguments, const RunOptions& options, Pipe& out,
                         Pipe& err) {
  ::dup2(out.ends[1], STDOUT_FILENO);
  ::dup2(err.ends[1], STDERR_FILENO);
  for (Pipe* pipe : {&out, &err}) {
    pipe->close_end(0);
    pipe->close_end(1);
  }
  for (const auto& [name, value] : options.environment) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  if (options.largest_file) {
    const rlimit limit{*options.largest_file, *options.largest_file};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN);  // so that write() fails, as it does on a full disk
  }
  if (::chdir(options.folder.c_str()) != 0) ::_exit(127);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

Outcome run_app(const std::string& program, const std::vector<std::string>& arguments,
                const RunOptions& options) {
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  Pipe out, err;
  const pid_t child = ::fork();
  if (child < 0) fail("fork");
  if (child == 0) become(std::move(pointers), options, out, err);
  out.close_end(1);
  err.close_end(1);

  Outcome outcome;
  bool signal = !options.signal_at.empty();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (out.ends[0] >= 0 || err.ends[0] >= 0) {
    std::array<pollfd, 2> waiting{{{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), 1000);  // a negative descriptor is passed over
    if (waiting[0].revents != 0) out.read_into(outcome.out);
    if (waiting[1].revents != 0) err.read_into(outcome.err);
    if (signal && outcome.err.find(options.signal_at) != std::string::npos) {
      ::kill(child, options.signal);
      signal = false;
    }
    if (std::chrono::steady_clock::now() > deadline) ::kill(child, SIGKILL);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) fail("waitpid");
  }
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

}  // namespace phosphene::test
