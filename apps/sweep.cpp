#include "sweep.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <utility>

#include "common.hpp"
#include "journal.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"
#include "shard.hpp"
#include "stoppable.hpp"
#include "sweep_batches.hpp"
#include "sweep_journal.hpp"
#include "sweep_list.hpp"
#include "sweep_queue.hpp"

namespace apps {
namespace {

using phosphene::UsageError;

int run_one(const SweepList& list, const SweepJob& job) {
  const Photograph photo = photograph_of(list, job, 0, list.load(0));
  const nlohmann::json record = job.run({&photo, 1}).at(0);
  const Json line = done_line(list, job, 0, {}, record);
  phosphene::save_text(photo.file(".jsonl"),
                       journal_line(header_of(list, job)) + "\n" + journal_line(line) + "\n");
  std::printf("%s\n", journal_text(line["record"]).c_str());
  return kDone;
}

/// What is there to do, on stderr.
void announce(const SweepList& list, const Shard& shard, std::size_t of_shard, std::size_t open) {
  std::string text;
  if (!shard.source.empty()) {
    text = "shard " + std::to_string(shard.index) + "/" + std::to_string(shard.count) + " (" +
           shard.source + "): ";
  }
  text += std::to_string(of_shard) + " of " + std::to_string(list.count()) + " " + list.noun;
  if (open < of_shard) text += ", " + std::to_string(of_shard - open) + " done before";
  std::fprintf(stderr, "%s\n", text.c_str());
}

int run_shard(const SweepList& list, const SweepJob& job, const std::string& given_shard,
              const std::function<void(SweepQueue&)>& stream) {
  const Shard shard = parse_shard(given_shard, environment);
  JournalWriter writer(journal_path(job.out, shard));
  begin_journal(writer, job, header_of(list, job));
  check_arrays(list, job, shard, writer.journal());
  const std::vector<std::int64_t> open = open_items(list, writer.journal(), shard);
  const std::size_t of_shard = open_items(list, {}, shard).size();
  announce(list, shard, of_shard, open.size());
  remove_leftovers(list, job, open);
  bool whole = true;
  if (!open.empty()) {
    catch_interrupts();
    ShardQueue queue(list, job, shard, writer, open,
                     static_cast<std::int64_t>(of_shard - open.size()));
    try {
      stream(queue);
    } catch (const Interrupted&) {  // the items in work are left to the next run
    }
    whole = queue.finish();
  }
  const Journal& journal = writer.journal();
  std::printf("%s\n", journal.path.c_str());
  const auto failed =
      std::ranges::count_if(journal.items, [](const auto& item) { return item.second.failed; });
  if (!whole) {
    std::fprintf(stderr, "%s: %s\n", job.app.c_str(), kGoesOn);
    return kInterrupted;
  }
  if (failed == 0) return kDone;
  std::fprintf(stderr, "%s: %lld of %zu %s failed: %s says why\n", job.app.c_str(),
               static_cast<long long>(failed), journal.items.size(), list.noun.c_str(),
               journal.path.c_str());
  return kFailed;
}

}  // namespace

int sweep(const SweepFlags& flags, std::vector<Item> photographs, const SweepJob& job) {
  const SweepList list = list_photographs(flags, std::move(photographs), job);
  if (!flags.image.empty()) {
    if (flags.shard.empty()) return run_one(list, job);
    throw UsageError("--shard " + flags.shard + ": is for --images, not for --image");
  }
  return run_shard(list, job, flags.shard,
                   [&](SweepQueue& queue) { run_batches(list, job, queue); });
}

int sweep(const phosphene::Dataset& data, const std::string& shard, const SweepJob& job) {
  return run_shard(list_data(data, job), job, shard, job.stream);
}

}  // namespace apps
