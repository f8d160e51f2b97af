#pragma once
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "journal.hpp"

namespace apps {

/// Appends lines to a journal in a thread of its own, so that nobody waits for the disk: at once
/// where they come slowly, in groups where they come faster than a disk can sync.
class GroupedJournal {
 public:
  /// Lines that a kill loses at most are those of so long, and of the sync that is under way.
  static constexpr std::chrono::milliseconds kEvery{250};

  /// `before` puts on the disk what the lines name. `writer` is left alone until finish().
  GroupedJournal(JournalWriter& writer, std::function<void()> before);
  /// Writes what is left; an error then is lost.
  ~GroupedJournal();
  GroupedJournal(const GroupedJournal&) = delete;
  GroupedJournal& operator=(const GroupedJournal&) = delete;

  /// Throws what the thread met.
  void add(Json line);
  /// On return everything is on the disk.
  void finish();

 private:
  void write_all();
  void end();

  JournalWriter& writer_;
  std::function<void()> before_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::vector<Json> pending_;
  std::exception_ptr failure_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace apps
