#include "grouped_journal.hpp"

#include <utility>

namespace apps {

using Clock = std::chrono::steady_clock;

GroupedJournal::GroupedJournal(JournalWriter& writer, std::function<void()> before)
    : writer_(writer), before_(std::move(before)), thread_([this] { write_all(); }) {}

GroupedJournal::~GroupedJournal() { end(); }

void GroupedJournal::add(Json line) {
  const std::lock_guard lock(mutex_);
  if (failure_) std::rethrow_exception(failure_);
  pending_.push_back(std::move(line));
  work_.notify_one();
}

void GroupedJournal::finish() {
  end();
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void GroupedJournal::end() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  work_.notify_one();
  thread_.join();
}

void GroupedJournal::write_all() {
  Clock::time_point last{};  // so that the first line goes at once
  for (;;) {
    std::unique_lock lock(mutex_);
    work_.wait(lock, [&] { return end_ || !pending_.empty(); });
    work_.wait_until(lock, last + kEvery, [&] { return end_; });
    if (pending_.empty()) return;
    const std::vector<Json> lines = std::exchange(pending_, {});
    lock.unlock();
    try {
      before_();
      writer_.append(lines);
    } catch (...) {
      lock.lock();
      failure_ = std::current_exception();
      return;
    }
    last = Clock::now();
  }
}

}  // namespace apps
