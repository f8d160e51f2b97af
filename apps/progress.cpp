#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace apps {

using Clock = std::chrono::steady_clock;

std::string clock_text(double seconds) {
  const auto s = static_cast<long>(seconds + 0.5);
  char text[32];
  if (s >= 3600) {
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld:%02ld", s / 60, s % 60);
  }
  return text;
}

Progress::Progress(int total)
    : total_(total), terminal_(isatty(STDERR_FILENO) != 0), start_(Clock::now()), last_(start_) {}

Progress::~Progress() {
  if (drawn_) std::fputc('\n', stderr);
}

void Progress::at(int done, const std::string& note) {
  const auto now = Clock::now();
  if (first_ < 0) {  // what came before the first call is not of the same pace
    first_ = done;
    start_ = now;
  }
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  constexpr double kTelling = 2;  // seconds; what is done sooner may have needed no work
  const double rate = done > first_ && elapsed > kTelling ? (done - first_) / elapsed : 0;
  const bool last = done == total_;
  std::string pace;
  if (rate > 0) {
    char text[64];
    std::snprintf(text, sizeof text, "  %.*f it/s  %s left", rate < 10 ? 2 : 0, rate,
                  clock_text((total_ - done) / rate).c_str());
    pace = text;
  }
  if (!terminal_) {
    if (done * 10 / total_ == tenths_ && !last) return;
    tenths_ = done * 10 / total_;
    std::fprintf(stderr, "%d/%d  %s%s\n", done, total_, note.c_str(), pace.c_str());
    return;
  }
  constexpr std::chrono::milliseconds kRedraw{100};
  if (drawn_ && !last && now - last_ < kRedraw) return;
  last_ = now;
  drawn_ = true;
  constexpr int kWidth = 24;
  const int full = std::clamp(kWidth * done / total_, 0, kWidth);
  const std::string bar = std::string(static_cast<std::size_t>(full), '#') +
                          std::string(static_cast<std::size_t>(kWidth - full), '.');
  std::fprintf(stderr, "\r[%s] %d/%d  %s%s \x1b[K", bar.c_str(), done, total_, note.c_str(),
               pace.c_str());
  std::fflush(stderr);
}

}  // namespace apps
