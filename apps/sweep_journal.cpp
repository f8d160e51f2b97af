#include "sweep_journal.hpp"

#include <filesystem>
#include <set>

#include "phosphene/error.hpp"
#include "phosphene/version.hpp"

namespace apps {

namespace fs = std::filesystem;
using phosphene::UsageError;

Json header_of(const SweepList& list, const SweepJob& job) {
  Json header{{"journal", 1},
              {"app", job.app},
              {"version", phosphene::version()},
              {"items", list.described},
              {"settings", job.settings},
              {"device", job.device}};
  for (const SweepArray& array : job.arrays) header["arrays"][array.name] = array.shape;
  return Json::parse(journal_text(header));  // as it will be read again
}

void begin_journal(JournalWriter& writer, const SweepJob& job, const Json& header) {
  const auto refuse = [](const std::string& path, const std::string& found) {
    throw UsageError(path + " is of another sweep: " + found +
                     "; expected the same flags, or another --out");
  };
  const auto check = [&](const std::string& path, const Json& before) {
    const std::string found = difference(before, header);
    if (!found.empty()) refuse(path, found);
  };
  const Journal& journal = writer.journal();
  for (const auto& entry : fs::directory_iterator(job.out)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("journal-") || !name.ends_with(".jsonl")) continue;
    if (entry.path() == fs::path(journal.path)) continue;
    if (const Json other = read_header(entry.path().string()); !other.is_null()) {
      check(entry.path().string(), other);
    }
  }
  if (journal.header.is_null()) return writer.append({header});
  check(journal.path, journal.header);
  const Json& before = journal.devices.back();
  const Json& device = header["device"];
  if (before == device) return;
  // Its name and libraries may be another machine's; what an app chose must stay.
  for (const auto& [key, value] : device.items()) {
    if (key == "name" || key == "libraries" || before.value(key, Json()) == value) continue;
    refuse(journal.path, (key == "kind" ? "--device" : "--" + key) + " was " +
                             journal_text(before.value(key, Json("not given"))) + ", now it is " +
                             journal_text(value));
  }
  warn(journal.path + ": goes on with another device (" + before.value("name", "") + " before, " +
       device.value("name", "") + " now): merge asks for --allow-mixed-devices");
  writer.append({{{"device", device}}});
}

std::vector<std::int64_t> open_items(const SweepList& list, const Journal& journal,
                                     const Shard& shard) {
  std::vector<std::int64_t> open;
  for (std::int64_t i = 0; i < list.count(); ++i) {
    if (!list.in(shard, i)) continue;
    const auto known = journal.items.find(i);
    if (known == journal.items.end() || known->second.failed) open.push_back(i);
  }
  return open;
}

void remove_leftovers(const SweepList& list, const SweepJob& job,
                      const std::vector<std::int64_t>& open) {
  std::set<std::string> files;
  for (const std::int64_t i : open) {
    for (const std::string& ending : job.endings) files.insert(list.name(i) + ending);
  }
  for (const auto& entry : fs::directory_iterator(job.out)) {
    const std::string name = entry.path().filename().string();  // .cat.npy.123-0.tmp
    if (!name.starts_with('.') || !name.ends_with(".tmp")) continue;
    const auto process = name.rfind('.', name.size() - 5);
    std::error_code ignored;
    if (process > 1 && files.contains(name.substr(1, process - 1))) {
      fs::remove(entry.path(), ignored);
    }
  }
}

}  // namespace apps
