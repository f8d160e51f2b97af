#pragma once
#include <atomic>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "grouped_journal.hpp"
#include "phosphene/datasets/read_ahead.hpp"
#include "phosphene/fingerprint.hpp"
#include "phosphene/npy.hpp"
#include "progress.hpp"
#include "sweep_list.hpp"

namespace apps {

/// The rows of what the journal has as done must lie in the arrays. Throws Error.
void check_arrays(const SweepList& list, const SweepJob& job, const Shard& shard,
                  const Journal& journal);

/// The queue of one shard: reads ahead, keeps the journal and the arrays, draws the bar.
class ShardQueue final : public SweepQueue {
 public:
  /// `open` are the items that are to be done, in order; `done` of them were done before.
  ShardQueue(const SweepList& list, const SweepJob& job, const Shard& shard, JournalWriter& writer,
             std::vector<std::int64_t> open, std::int64_t done);

  std::optional<SweepItem> next() override;
  void done(std::int64_t index, nlohmann::json record,
            std::span<const phosphene::Tensor> rows) override;
  void failed(std::int64_t index, const std::string& message) override;

  /// The journal is on the disk. Throws Error where items are left although nobody interrupted.
  /// False if it was interrupted.
  bool finish();

 private:
  struct Rows {
    std::string name;
    phosphene::NpyRowsWriter file;
  };

  void open_arrays();
  /// The next image of `open_` that can be read; false if there is none.
  bool advance();
  void leave(std::int64_t index);
  void note(std::int64_t index, Json line);

  const SweepList& list_;
  const SweepJob& job_;
  Shard shard_;
  std::vector<std::int64_t> open_;
  std::int64_t done_;
  std::vector<Rows> arrays_;
  std::atomic<bool> rows_written_ = false;
  phosphene::ReadAhead ahead_;
  std::optional<phosphene::ReadAhead::Loaded> image_;  // of the next item
  std::size_t next_ = 0;                               // in open_
  std::set<std::int64_t> in_work_;
  Progress bar_;
  GroupedJournal journal_;  // last: its thread uses the others
};

}  // namespace apps
