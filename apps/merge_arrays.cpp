#include "merge_arrays.hpp"

#include <cstdio>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "common.hpp"
#include "phosphene/error.hpp"
#include "phosphene/fingerprint.hpp"
#include "phosphene/npy.hpp"
#include "sweep_list.hpp"

namespace apps {
namespace {

namespace fs = std::filesystem;
using phosphene::Error;

Shard shard_of(const std::string& journal) {
  Shard shard;
  long long index = 0, count = 0;
  const std::string name = fs::path(journal).filename().string();
  if (std::sscanf(name.c_str(), "journal-%lld-of-%lld.jsonl", &index, &count) != 2 || count < 1) {
    throw Error(journal +
                ": its name does not say which shard it is, expected journal-i-of-N.jsonl");
  }
  return {index, count, {}};
}

/// One array of all shards, each opened when it is first read.
class Sources {
 public:
  Sources(std::string name, std::int64_t variants) : name_(std::move(name)), variants_(variants) {}

  std::string path(const std::string& journal) const {
    return array_path(fs::path(journal).parent_path().string(), name_, shard_of(journal));
  }

  /// The row of the item; throws where it is not the one that was written.
  std::vector<float> row(std::int64_t index, const std::string& journal, const std::string& sum) {
    const std::string file = path(journal);
    const auto it = files_.try_emplace(file, file).first;
    std::vector<float> row(static_cast<std::size_t>(it->second.row_count()));
    it->second.read(array_row(index, variants_, shard_of(journal)), std::span(row));
    phosphene::Fingerprint found;
    found.add({reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float)});
    if (found.text() == sum) return row;
    throw Error(file + ": the row of item " + std::to_string(index) + " is not what " + journal +
                " says was written");
  }

 private:
  std::string name_;
  std::int64_t variants_;
  std::map<std::string, phosphene::NpyRows> files_;
};

void merge_array(const std::string& name, const std::vector<std::int64_t>& shape,
                 std::int64_t variants, const std::map<std::int64_t, MergedItem>& items,
                 const std::string& folder) {
  const fs::path path = fs::path(folder) / (name + ".npy"),
                 temporary = fs::path(folder) / ("." + name + ".npy.tmp");
  Sources sources(name, variants);
  NamedFiles inputs;
  std::string last;
  for (const auto& [index, item] : items) {
    if (item.journal != last) inputs.emplace_back("DIR", sources.path(item.journal));
    last = item.journal;
  }
  refuse_overwriting({{"--arrays", path.string()}}, inputs);
  std::error_code ignored;
  fs::remove(temporary, ignored);
  try {
    phosphene::NpyRowsWriter writer(temporary, static_cast<std::int64_t>(items.size()), shape);
    for (const auto& [index, item] : items) {
      const Json line = Json::parse(item.entry.line);
      if (!line.contains("rows") || !line["rows"].contains(name)) continue;
      writer.write(index, sources.row(index, item.journal, line["rows"][name]));
    }
    writer.sync();
    fs::rename(temporary, path);
  } catch (...) {
    fs::remove(temporary, ignored);
    throw;
  }
  std::printf("%s\n", path.c_str());
}

}  // namespace

void merge_arrays(const Json& header, const std::map<std::int64_t, MergedItem>& items,
                  const std::string& folder) {
  if (!header.contains("arrays")) {
    throw Error("--arrays " + folder + ": the sweep (" + header.value("app", "") +
                ") has no arrays");
  }
  make_folder("--arrays", folder);
  const std::int64_t variants = header["items"].contains("variants")
                                    ? static_cast<std::int64_t>(header["items"]["variants"].size())
                                    : 1;
  for (const auto& [name, shape] : header["arrays"].items()) {
    merge_array(name, shape.get<std::vector<std::int64_t>>(), variants, items, folder);
  }
}

}  // namespace apps
