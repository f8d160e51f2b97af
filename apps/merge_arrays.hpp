#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "journal.hpp"

namespace apps {

/// An item of a merged sweep, and the journal that it is from.
struct MergedItem {
  Journal::Entry entry;
  std::string journal;
};

/// Puts the arrays of all shards (NAME-i-of-N.npy beside each journal) together as
/// `folder`/NAME.npy, with a row an item, zeros where it has none. `header` is a journal's. Throws
/// phosphene::Error where a row is not what its line says.
void merge_arrays(const Json& header, const std::map<std::int64_t, MergedItem>& items,
                  const std::string& folder);

}  // namespace apps
