#pragma once
#include <cstdint>
#include <vector>

#include "sweep_list.hpp"

namespace apps {

/// The first line of this sweep's journals.
Json header_of(const SweepList& list, const SweepJob& job);

/// A new journal gets its first line; one that is there must be of this sweep, and so must be those
/// of the other shards in the folder. Throws UsageError.
void begin_journal(JournalWriter& writer, const SweepJob& job, const Json& header);

/// The shard's items that are not done; those that failed are tried again.
std::vector<std::int64_t> open_items(const SweepList& list, const Journal& journal,
                                     const Shard& shard);

/// Removes what a killed process was writing, of the items that are still to be done.
void remove_leftovers(const SweepList& list, const SweepJob& job,
                      const std::vector<std::int64_t>& open);

}  // namespace apps
