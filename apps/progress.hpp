#pragma once
#include <chrono>
#include <string>

namespace apps {

/// A bar on stderr with the rate and the time left; where stderr is no terminal, a line at every
/// tenth of the way.
class Progress {
 public:
  explicit Progress(int total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void at(int done, const std::string& note);

 private:
  int total_, first_ = -1, tenths_ = -1;
  bool terminal_, drawn_ = false;
  std::chrono::steady_clock::time_point start_, last_;
};

/// "1:02:03", "4:05"
std::string clock_text(double seconds);

}  // namespace apps
