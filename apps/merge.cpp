// Joins the journals of a sweep's shards into one.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>

#include "common.hpp"
#include "journal.hpp"
#include "merge_arrays.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"
#include "phosphene/version.hpp"

namespace {

namespace fs = std::filesystem;
using apps::Journal;
using apps::Json;
using phosphene::Error;

struct Flags {
  std::vector<std::string> folders;
  std::string out, arrays;
  bool allow_mixed_devices = false;
};

std::vector<Journal> read_all(const std::vector<std::string>& folders) {
  std::vector<Journal> journals;
  for (const std::string& folder : folders) {
    if (!fs::is_directory(folder)) throw Error(folder + ": no such folder");
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("journal-") && name.ends_with(".jsonl")) paths.push_back(entry.path());
    }
    if (paths.empty()) {
      throw Error(folder + ": no journal in this folder, expected journal-i-of-N.jsonl");
    }
    std::ranges::sort(paths);
    // A process that was killed before its first line has done nothing.
    const auto begun = [](const std::string& path) { return fs::file_size(path) > 0; };
    if (std::ranges::any_of(paths, begun)) std::erase_if(paths, std::not_fn(begun));
    for (const std::string& path : paths) {
      journals.push_back(apps::read_journal(path));
      if (journals.back().header.is_null()) throw Error(path + ": is empty, expected a journal");
    }
  }
  return journals;
}

void check_settings(const std::vector<Journal>& journals) {
  const Journal& first = journals.front();
  for (const Journal& journal : journals) {
    const std::string found = apps::difference(first.header, journal.header);
    if (found.empty()) continue;
    throw Error(journal.path + ": is of another sweep than " + first.path + ": " + found);
  }
}

/// What the sweep ran on, each once, in the order of their texts.
std::vector<std::string> devices_of(const std::vector<Journal>& journals, bool mixed) {
  std::map<std::string, std::string> devices;  // and a journal of each
  for (const Journal& journal : journals) {
    for (const Json& device : journal.devices) devices.try_emplace(device.dump(), journal.path);
  }
  if (devices.size() > 1 && !mixed) {
    const auto& first = *devices.begin();
    const auto& second = *std::next(devices.begin());
    throw Error("mixed devices: " + first.second + " ran on " + first.first + ", " + second.second +
                " on " + second.first + "; --allow-mixed-devices joins them all the same");
  }
  std::vector<std::string> names;
  for (const auto& [device, path] : devices) names.push_back(device);
  return names;
}

/// Whether two lines of an item found the same. Of a picture that one run was asked for and the
/// other was not, one alone has the file.
bool same_result(const std::string& one, const std::string& other) {
  if (one == other) return true;
  Json a = Json::parse(one), b = Json::parse(other);
  const Json files = a.value("files", Json::object()), others = b.value("files", Json::object());
  for (const auto& [name, sum] : files.items()) {
    if (others.value(name, sum) != sum) return false;
  }
  for (Json* each : {&a, &b}) {
    each->erase("files");
    each->erase("crc32");
  }
  return a == b;
}

using Items = std::map<std::int64_t, apps::MergedItem>;

/// The items of all journals. What failed in one and was done in another is done.
Items join(const std::vector<Journal>& journals) {
  Items items;
  for (const Journal& journal : journals) {
    for (const auto& [index, entry] : journal.items) {
      const auto [known, fresh] = items.try_emplace(index, apps::MergedItem{entry, journal.path});
      if (fresh) continue;
      apps::MergedItem& before = known->second;
      if (before.entry.failed) {
        if (!entry.failed) before = {entry, journal.path};
      } else if (!entry.failed && !same_result(before.entry.line, entry.line)) {
        throw Error(journal.path + ": item " + std::to_string(index) + " is not as in " +
                    before.journal + ": the same item gave two results");
      }
    }
  }
  return items;
}

void check_gaps(const Items& items, std::int64_t count) {
  std::string missing;
  int named = 0;
  for (std::int64_t i = 0; i < count && named < 5; ++i) {
    if (items.contains(i)) continue;
    missing += (named++ > 0 ? ", " : "") + std::to_string(i);
  }
  const auto there = static_cast<std::int64_t>(items.size());
  if (there == count) return;
  throw Error(std::to_string(count - there) + " of " + std::to_string(count) +
              " items are missing: " + missing + (count - there > named ? ", ..." : "") +
              "; expected the journals of all shards, each run to its end");
}

int merge(const Flags& flags) {
  phosphene::check_writable(flags.out);
  const std::vector<Journal> journals = read_all(flags.folders);
  apps::NamedFiles inputs;
  for (const Journal& journal : journals) inputs.emplace_back("DIR", journal.path);
  apps::refuse_overwriting({{"--out", flags.out}}, inputs);
  for (const std::string& folder : flags.folders) {
    if (!apps::lies_in(flags.out, folder) || flags.out.ends_with(".jsonl")) continue;
    throw phosphene::UsageError("--out " + flags.out +
                                ": might replace a result, expected a name in " + folder +
                                " that ends in .jsonl");
  }
  check_settings(journals);
  const std::vector<std::string> devices = devices_of(journals, flags.allow_mixed_devices);
  const Items items = join(journals);

  Json header = journals.front().header;
  check_gaps(items, header["items"]["count"].get<std::int64_t>());
  header.erase("device");
  header["devices"] = Json::array();
  for (const std::string& device : devices) header["devices"].push_back(Json::parse(device));
  std::string text = apps::journal_line(header) + "\n";
  std::int64_t failed = 0;
  for (const auto& [index, item] : items) {
    text += item.entry.line + "\n";
    failed += item.entry.failed ? 1 : 0;
  }
  if (!flags.arrays.empty()) apps::merge_arrays(header, items, flags.arrays);
  phosphene::save_text(flags.out, text);
  if (failed > 0) {
    apps::warn(std::to_string(failed) + " of " + std::to_string(items.size()) +
               " items failed: their lines say why");
  }
  std::printf("%s\n", flags.out.c_str());
  return apps::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Joins the journals of a sweep's shards into one file of JSON lines, by item.",
               "merge");
  app.footer("Example: merge maps --out maps.jsonl");
  app.set_version_flag("--version", phosphene::version());
  app.add_option("DIR", flags.folders, "The --out folders of the sweep")->required();
  app.add_option("--out", flags.out, "The file to write")->required();
  app.add_option("--arrays", flags.arrays,
                 "A folder that gets the shards' arrays too, each joined into one .npy by item");
  app.add_flag("--allow-mixed-devices", flags.allow_mixed_devices,
               "Join what was computed on different devices, whose rounding differs");
  return apps::run(app, argc, argv, [&] { return merge(flags); });
}
