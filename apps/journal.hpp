#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "shard.hpp"

// A journal is what one shard has done: JSON objects, one a line, each with the CRC-32 of the line
// without it at its end. The first says what the sweep is, each further one what became of an item;
// one with "device" alone says that the sweep went on elsewhere.
namespace apps {

using Json = nlohmann::ordered_json;

struct Journal {
  struct Entry {
    std::string line;  ///< as it stands in the file, without its end
    bool failed = false;
  };

  std::string path;
  Json header;                          ///< null: there is no journal yet
  std::vector<Json> devices;            ///< all that it was written on, the last one last
  std::map<std::int64_t, Entry> items;  ///< by index; of a failure that was tried again, the last
  std::size_t bytes = 0;                ///< up to the end of the last good line

  /// Puts the line's content in. Throws phosphene::Error without the file's name.
  void take(const std::string& line);
};

/// "DIR/journal-1-of-3.jsonl"
std::string journal_path(const std::string& folder, const Shard& shard);

/// `json` on one line.
std::string journal_text(const Json& json);
/// The line of `content` with its checksum, without its end.
std::string journal_line(const Json& content);

/// A missing or empty file is a Journal without a header. A last line that is torn or whose
/// checksum is wrong is left out: whoever was killed while writing it has to do its item again. Any
/// other damaged line, or one that does not fit those before, throws phosphene::Error with its
/// number.
Journal read_journal(const std::string& path);

/// The first line alone; null if it is not there or not whole.
Json read_header(const std::string& path);

/// "--layer was relu5_1, now it is relu4_1; ..." for each difference between the sweeps that two
/// headers describe, the shard and the device left aside; empty if there is none.
std::string difference(const Json& before, const Json& now);

/// The one process that may add to a journal.
class JournalWriter {
 public:
  /// Makes the file if there is none, locks it, reads it, cuts off a torn last line. Throws
  /// phosphene::Error where another process has the lock.
  explicit JournalWriter(const std::string& path);
  /// Removes a journal that has not got its first line.
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  const Journal& journal() const { return journal_; }
  /// On return the lines are on the disk, and every file that was renamed in the folder before.
  void append(const std::vector<Json>& contents);

 private:
  [[noreturn]] void fail(const std::string& what) const;

  int file_ = -1, folder_ = -1;
  Journal journal_;
};

}  // namespace apps
