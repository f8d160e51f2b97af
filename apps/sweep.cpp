#include "sweep.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <set>

#include "checksum.hpp"
#include "common.hpp"
#include "journal.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"
#include "phosphene/image.hpp"
#include "phosphene/version.hpp"
#include "photo_list.hpp"
#include "progress.hpp"
#include "shard.hpp"

namespace apps {
namespace {

namespace fs = std::filesystem;
using phosphene::Error;
using phosphene::UsageError;

/// One sweep of one shard, from its flags to its last item.
class Sweep {
 public:
  Sweep(const SweepFlags& flags, const SweepJob& job)
      : flags_(flags), job_(job), items_(photo_list(flags.image, flags.images, job.endings)) {
    check_out(flags.images, job.out);
    check_overwriting(items_, job.out, job.endings, job.inputs);
    check_report(items_, job.json, job.inputs);
    std::error_code error;
    fs::create_directories(job.out, error);
    if (!fs::is_directory(job.out)) {
      throw Error("--out " + job.out + ": cannot be made a folder: " +
                  (error ? error.message() : "there is a file of this name"));
    }
  }

  int run_one() {
    if (!flags_.shard.empty()) {
      throw UsageError("--shard " + flags_.shard + ": is for --images, not for --image");
    }
    Loaded loaded;
    loaded.photographs.push_back(load(0));
    const Json line = lines_of(loaded).front();
    phosphene::save_text(photograph(0).file(".jsonl"),
                         journal_line(header()) + "\n" + journal_line(line) + "\n");
    std::printf("%s\n", journal_text(line["record"]).c_str());
    return kDone;
  }

  int run_shard() {
    const Shard shard = parse_shard(flags_.shard, environment);
    JournalWriter writer(journal_path(job_.out, shard));
    begin(writer);
    const std::vector<std::int64_t> open = what_is_open(writer.journal(), shard);
    remove_leftovers(open);
    const bool whole = go_through(open, writer);
    std::printf("%s\n", writer.journal().path.c_str());
    const auto failed = std::ranges::count_if(writer.journal().items,
                                              [](const auto& item) { return item.second.failed; });
    if (!whole) {
      std::fprintf(stderr, "%s: interrupted; the same command goes on from here\n",
                   job_.app.c_str());
      return kInterrupted;
    }
    if (failed == 0) return kDone;
    std::fprintf(stderr, "%s: %lld of %zu photographs failed: %s says why\n", job_.app.c_str(),
                 static_cast<long long>(failed), writer.journal().items.size(),
                 writer.journal().path.c_str());
    return kFailed;
  }

 private:
  /// Some photographs, and the lines of those that could not be read.
  struct Loaded {
    std::vector<Photograph> photographs;
    std::vector<Json> failures;
  };

  Json header() const {
    const Json header{{"journal", 1},
                      {"app", job_.app},
                      {"version", phosphene::version()},
                      {"items", {{"count", items_.size()}, {"hash", list_hash(items_)}}},
                      {"settings", job_.settings},
                      {"device", job_.device}};
    return Json::parse(journal_text(header));  // as it will be read again
  }

  /// A new journal gets its first line; one that is there must be of this sweep, and so must be
  /// those of the other shards in the folder.
  void begin(JournalWriter& writer) const {
    const Json now = header();
    const auto refuse = [](const std::string& path, const std::string& found) {
      throw UsageError(path + " is of another sweep: " + found +
                       "; expected the same flags, or another --out");
    };
    const auto check = [&](const std::string& path, const Json& before) {
      const std::string found = difference(before, now);
      if (!found.empty()) refuse(path, found);
    };
    const Journal& journal = writer.journal();
    for (const auto& entry : fs::directory_iterator(job_.out)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with("journal-") || !name.ends_with(".jsonl")) continue;
      if (entry.path() == fs::path(journal.path)) continue;
      if (const Json other = read_header(entry.path().string()); !other.is_null()) {
        check(entry.path().string(), other);
      }
    }
    if (journal.header.is_null()) return writer.append({now});
    check(journal.path, journal.header);
    const Json& before = journal.devices.back();
    const Json& device = now["device"];
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

  /// The shard's items that are not done; those that failed are tried again.
  std::vector<std::int64_t> what_is_open(const Journal& journal, const Shard& shard) {
    std::vector<std::int64_t> open;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(items_.size()); ++i) {
      if (!shard.has(i)) continue;
      ++of_shard_;
      const auto known = journal.items.find(i);
      if (known == journal.items.end() || known->second.failed) open.push_back(i);
    }
    std::string text;
    if (!shard.source.empty()) {
      text = "shard " + std::to_string(shard.index) + "/" + std::to_string(shard.count) + " (" +
             shard.source + "): ";
    }
    text += std::to_string(of_shard_) + " of " + std::to_string(items_.size()) + " photographs";
    const auto done = of_shard_ - static_cast<std::int64_t>(open.size());
    if (done > 0) text += ", " + std::to_string(done) + " done before";
    std::fprintf(stderr, "%s\n", text.c_str());
    return open;
  }

  /// What a killed process was writing, of the items that are still to be done.
  void remove_leftovers(const std::vector<std::int64_t>& open) const {
    std::set<std::string> files;
    for (const std::int64_t i : open) {
      for (const std::string& ending : job_.endings) files.insert(item(i).name + ending);
    }
    for (const auto& entry : fs::directory_iterator(job_.out)) {
      const std::string name = entry.path().filename().string();  // .cat.npy.123-0.tmp
      if (!name.starts_with('.') || !name.ends_with(".tmp")) continue;
      const auto process = name.rfind('.', name.size() - 5);
      std::error_code ignored;
      if (process > 1 && files.contains(name.substr(1, process - 1))) fs::remove(entry, ignored);
    }
  }

  /// False if it was interrupted.
  bool go_through(const std::vector<std::int64_t>& open, JournalWriter& writer) {
    if (open.empty()) return true;
    catch_interrupts();
    Progress bar(static_cast<int>(of_shard_));
    auto done = of_shard_ - static_cast<std::int64_t>(open.size());
    bar.at(static_cast<int>(done), item(open.front()).name);
    const auto batch = static_cast<std::size_t>(std::max<std::int64_t>(job_.batch, 1));
    const auto load_from = [&](std::size_t first) {
      const auto begin = open.begin() + static_cast<std::ptrdiff_t>(first);
      const auto count = std::min(batch, open.size() - first);
      return load_all({begin, begin + static_cast<std::ptrdiff_t>(count)});
    };
    // While one batch is computed the next is read.
    std::future<Loaded> ahead = std::async(std::launch::async, load_from, 0);
    for (std::size_t first = 0; first < open.size(); first += batch) {
      if (interrupted()) return false;
      const Loaded loaded = ahead.get();
      if (first + batch < open.size()) {
        ahead = std::async(std::launch::async, load_from, first + batch);
      }
      const std::vector<Json> lines = lines_of(loaded);
      writer.append(lines);
      for (const Json& line : lines) {
        if (line.contains("error")) warn(line["error"].get<std::string>());
      }
      done += static_cast<std::int64_t>(lines.size());
      bar.at(static_cast<int>(done), item(lines.back()["item"].get<std::int64_t>()).name);
    }
    return true;
  }

  const Item& item(std::int64_t i) const { return items_[static_cast<std::size_t>(i)]; }

  Photograph photograph(std::int64_t i) const {
    return {i, item(i).path, (fs::path(job_.out) / item(i).name).string(), {}};
  }

  Photograph load(std::int64_t i) const {
    Photograph photo = photograph(i);
    photo.image = phosphene::load_image(photo.path, {flags_.max_megapixels, warn});
    return photo;
  }

  Loaded load_all(const std::vector<std::int64_t>& indices) const {
    Loaded loaded;
    for (const std::int64_t i : indices) {
      try {
        loaded.photographs.push_back(load(i));
      } catch (const Error& error) {
        loaded.failures.push_back(failure(i, error.what()));
      }
    }
    return loaded;
  }

  /// A message says where the photograph lies here; the journal how the list calls it.
  Json failure(std::int64_t i, std::string message) const {
    if (message.starts_with(item(i).path)) {
      message.replace(0, item(i).path.size(), item(i).listed);
    }
    return {{"item", i}, {"image", item(i).listed}, {"error", message}};
  }

  /// Computes, and says what became of each item, in their order.
  std::vector<Json> lines_of(const Loaded& loaded) const {
    std::vector<Json> lines = loaded.failures;
    const std::span<const Photograph> photos(loaded.photographs);
    try {
      if (!photos.empty()) add_lines(photos, lines);
    } catch (const UsageError&) {
      throw;
    } catch (const Error& error) {
      if (!flags_.image.empty()) throw;
      for (const Photograph& photo : photos) {
        try {
          if (photos.size() == 1) throw;
          add_lines({&photo, 1}, lines);
        } catch (const UsageError&) {
          throw;
        } catch (const Error& own) {
          lines.push_back(failure(photo.index, own.what()));
        }
      }
    }
    std::ranges::sort(lines, {}, [](const Json& line) { return line["item"].get<std::int64_t>(); });
    return lines;
  }

  void add_lines(std::span<const Photograph> photos, std::vector<Json>& lines) const {
    const std::vector<nlohmann::json> records = job_.run(photos);
    if (records.size() != photos.size()) {
      throw UsageError(job_.app + ": " + std::to_string(records.size()) + " records for " +
                       std::to_string(photos.size()) + " photographs");
    }
    std::vector<Json> done;
    for (std::size_t i = 0; i < photos.size(); ++i) {
      const Photograph& photo = photos[i];
      Json files = Json::object();
      for (const std::string& ending : job_.endings) {
        files[item(photo.index).name + ending] = crc32_of_file(photo.file(ending));
      }
      done.push_back({{"item", photo.index},
                      {"image", item(photo.index).listed},
                      {"files", files},
                      {"record", records[i]}});
    }
    lines.insert(lines.end(), done.begin(), done.end());
  }

  const SweepFlags& flags_;
  const SweepJob& job_;
  std::vector<Item> items_;
  std::int64_t of_shard_ = 0;
};

}  // namespace

int sweep(const SweepFlags& flags, const SweepJob& job) {
  Sweep sweep(flags, job);
  return flags.image.empty() ? sweep.run_shard() : sweep.run_one();
}

}  // namespace apps
