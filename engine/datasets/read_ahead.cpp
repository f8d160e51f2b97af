#include "phosphene/datasets/read_ahead.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// A quarter of the machine's, of which the rest decode nothing.
int usual_threads() {
  constexpr unsigned kShare = 4, kMost = 4;
  return static_cast<int>(std::clamp(std::thread::hardware_concurrency() / kShare, 1U, kMost));
}

}  // namespace

struct ReadAhead::Threads {
  struct Read {
    Loaded loaded;
    std::exception_ptr failure;
  };

  std::vector<std::int64_t> indices;
  std::function<Tensor(std::int64_t)> load;
  std::size_t ahead;

  std::mutex mutex;
  std::condition_variable room, arrived;
  std::map<std::size_t, Read> ready;  // by place in `indices`
  std::size_t begun = 0, taken = 0;   // places
  bool stop = false;
  std::vector<std::thread> threads;

  Threads(std::vector<std::int64_t> which, std::function<Tensor(std::int64_t)> how,
          std::int64_t most, int count)
      : indices(std::move(which)),
        load(std::move(how)),
        ahead(static_cast<std::size_t>(std::max<std::int64_t>(most, 1))) {
    const auto wanted = static_cast<std::size_t>(count > 0 ? count : usual_threads());
    for (std::size_t i = 0; i < std::min({wanted, ahead, indices.size()}); ++i) {
      threads.emplace_back([this] { read_all(); });
    }
  }

  ~Threads() {
    {
      const std::lock_guard lock(mutex);
      stop = true;
    }
    room.notify_all();
    for (std::thread& thread : threads) thread.join();
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  void read_all() {
    for (;;) {
      std::unique_lock lock(mutex);
      room.wait(lock, [&] { return stop || begun == indices.size() || begun < taken + ahead; });
      if (stop || begun == indices.size()) return;
      const std::size_t place = begun++;
      lock.unlock();
      Read read = read_one(indices[place]);
      lock.lock();
      ready.emplace(place, std::move(read));
      arrived.notify_one();
    }
  }

  Read read_one(std::int64_t index) const {
    Read read{{index, {}, {}}, nullptr};
    try {
      read.loaded.image = load(index);
    } catch (const UsageError&) {
      read.failure = std::current_exception();
    } catch (const Error& error) {
      read.loaded.error = error.what();
    } catch (...) {
      read.failure = std::current_exception();
    }
    return read;
  }
};

ReadAhead::ReadAhead(std::vector<std::int64_t> indices, std::function<Tensor(std::int64_t)> load,
                     std::int64_t ahead, int threads)
    : threads_(std::make_unique<Threads>(std::move(indices), std::move(load), ahead, threads)) {}
ReadAhead::~ReadAhead() = default;

std::optional<ReadAhead::Loaded> ReadAhead::next() {
  Threads& t = *threads_;
  std::unique_lock lock(t.mutex);
  if (t.taken == t.indices.size()) return std::nullopt;
  t.arrived.wait(lock, [&] { return t.ready.contains(t.taken); });
  auto node = t.ready.extract(t.taken++);
  lock.unlock();
  t.room.notify_one();
  if (node.mapped().failure) std::rethrow_exception(node.mapped().failure);
  return std::move(node.mapped().loaded);
}

}  // namespace phosphene
