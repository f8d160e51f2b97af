#include "journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string_view>
#include <system_error>

#include "checksum.hpp"
#include "common.hpp"
#include "phosphene/error.hpp"

namespace apps {
namespace {

using phosphene::Error;

constexpr std::string_view kSeal = ",\"crc32\":\"", kEnd = "\"}";
constexpr std::size_t kDigits = 8;

/// A line is not as it was written.
struct Damaged : Error {
  using Error::Error;
};

/// The line's content. Throws Damaged.
Json open_line(std::string_view line) {
  const std::size_t tail = kSeal.size() + kDigits + kEnd.size();
  const bool sealed = line.size() > tail && line.ends_with(kEnd) &&
                      line.substr(line.size() - tail).starts_with(kSeal);
  if (!sealed) throw Damaged("has no checksum at its end");
  const std::string body = std::string(line.substr(0, line.size() - tail)) + "}";
  const std::string_view digits = line.substr(line.size() - tail + kSeal.size(), kDigits);
  if (crc32(body) != digits) throw Damaged("does not have the checksum that it names");
  Json content = Json::parse(body, nullptr, false);
  if (!content.is_object()) throw Damaged("is no JSON object");
  return content;
}

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string value_text(const Json& object, const std::string& key) {
  const bool given = object.is_object() && object.contains(key) && object[key] != "";
  return given ? journal_text(object[key]) : "not given";
}

/// "--layer was relu5_1, now it is relu4_1"; of two fingerprints, which tell a reader nothing, that
/// the content was another. Empty where they are the same.
std::string value_difference(const std::string& what, const Json& before, const Json& now) {
  static const std::regex file(R"("file [0-9a-f]{8}")"), content(R"("[0-9a-f]{16}")");
  const std::string old = value_text(before, what), is = value_text(now, what);
  if (old == is) return "";
  const auto shown = [](const std::string& text) {
    return std::regex_replace(std::regex_replace(text, file, "a file"), content, "given");
  };
  const std::string old_shown = shown(old), is_shown = shown(is);
  if (old_shown == is_shown) return what + " had other content";
  return what + " was " + old_shown + ", now it is " + is_shown;
}

std::int64_t images_of(const Json& items) {
  const std::size_t variants = items.contains("variants") ? items["variants"].size() : 1;
  return items.value("count", std::int64_t{0}) /
         static_cast<std::int64_t>(std::max<std::size_t>(variants, 1));
}

/// Of the images themselves: their variants come from the settings.
std::string items_difference(const Json& before, const Json& now) {
  const bool data = now.value("of", "") == "--data";
  const std::int64_t old = images_of(before), is = images_of(now);
  if (old != is) {
    return (data ? "--data and --limit gave " : "--images listed ") + std::to_string(old) +
           (data ? " images, now " : " photographs, now ") + std::to_string(is);
  }
  if (value_text(before, "hash") == value_text(now, "hash")) return "";
  return data ? "--data held other images" : "--images listed other photographs";
}

}  // namespace

std::string journal_path(const std::string& folder, const Shard& shard) {
  const std::string name =
      "journal-" + std::to_string(shard.index) + "-of-" + std::to_string(shard.count) + ".jsonl";
  return (std::filesystem::path(folder) / name).string();
}

std::string journal_text(const Json& json) {
  // Names of files may hold bytes that are no UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string journal_line(const Json& content) {
  std::string line = journal_text(content);
  const std::string sum = crc32(line);
  line.pop_back();
  return line.append(kSeal).append(sum).append(kEnd);
}

void Journal::take(const std::string& line) {
  const Json content = open_line(line);
  if (header.is_null()) {
    const bool whole = content.contains("journal") && content["journal"] == 1 &&
                       content.contains("items") && content["items"].contains("count") &&
                       content["items"]["count"].is_number_integer() &&
                       content.contains("settings") && content["settings"].is_object() &&
                       content.contains("device") && content["device"].is_object();
    if (!whole) throw Error("is not the first line of a journal of this version");
    header = content;
    devices = {content["device"]};
  } else if (content.contains("item") && content["item"].is_number_integer()) {
    const auto index = content["item"].get<std::int64_t>();
    if (index < 0 || index >= header["items"]["count"].get<std::int64_t>()) {
      throw Error("is of item " + std::to_string(index) + ", which the list does not have");
    }
    const auto [known, fresh] = items.try_emplace(index);
    if (!fresh && !known->second.failed) {
      throw Error("is of item " + std::to_string(index) + ", which was done before");
    }
    known->second = {line, content.contains("error")};
  } else if (content.contains("device")) {
    devices.push_back(content["device"]);
  } else {
    throw Error("is neither an item nor a device");
  }
}

Journal read_journal(const std::string& path) {
  Journal journal;
  journal.path = path;
  const std::string text = read_all(path);
  for (std::size_t number = 1; journal.bytes < text.size(); ++number) {
    const std::size_t end = text.find('\n', journal.bytes);
    if (end == std::string::npos) break;  // torn
    try {
      journal.take(text.substr(journal.bytes, end - journal.bytes));
    } catch (const Error& error) {
      const bool damaged = dynamic_cast<const Damaged*>(&error) != nullptr;
      if (damaged && end + 1 == text.size()) break;
      throw Error(path + ": line " + std::to_string(number) + " is damaged: it " + error.what());
    }
    journal.bytes = end + 1;
  }
  return journal;
}

Json read_header(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  Journal journal;
  try {
    if (std::getline(file, line) && !file.eof()) journal.take(line);
  } catch (const Error&) {
    return {};
  }
  return journal.header;
}

std::string difference(const Json& before, const Json& now) {
  std::string all;
  const auto add = [&](const std::string& found) {
    if (!found.empty()) all += (all.empty() ? "" : "; ") + found;
  };
  for (const char* key : {"app", "version"}) {
    add(value_difference(key, before, now));
  }
  const Json &old_settings = before["settings"], &new_settings = now["settings"];
  const std::string items = items_difference(before["items"], now["items"]);
  add(items);
  std::set<std::string> flags;
  for (const Json* settings : {&old_settings, &new_settings}) {
    for (const auto& [flag, value] : settings->items()) flags.insert(flag);
  }
  for (const std::string& flag : flags) {
    if (flag == "--data" && !items.empty()) continue;  // counts say more than its fingerprint
    add(value_difference(flag, old_settings, new_settings));
  }
  if (all.empty() && before["items"] != now["items"]) return "an image had other items";
  return all;
}

JournalWriter::JournalWriter(const std::string& path) {
  journal_.path = path;
  const std::string folder = std::filesystem::path(path).parent_path().string();
  folder_ = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_ < 0) fail("its folder cannot be read");
  bool locks = true;
  struct stat state {};
  do {  // again, if whoever had the lock has removed the file
    if (file_ >= 0) ::close(file_);
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file_ < 0) fail("cannot be written");
    locks = ::flock(file_, LOCK_EX | LOCK_NB) == 0;
    if (!locks && errno == EWOULDBLOCK) {
      throw Error(path + ": another process is writing this journal; expected one at a time");
    }
    if (::fstat(file_, &state) != 0) fail("cannot be read");
  } while (state.st_nlink == 0);
  if (!locks) {
    warn(path + ": this file system has no locks: see to it that no other process writes it");
  }
  journal_ = read_journal(path);
  if (::ftruncate(file_, static_cast<off_t>(journal_.bytes)) != 0) fail("cannot be written");
}

JournalWriter::~JournalWriter() {
  if (journal_.header.is_null()) ::unlink(journal_.path.c_str());  // refused before its first line
  if (file_ >= 0) ::close(file_);
  if (folder_ >= 0) ::close(folder_);
}

void JournalWriter::fail(const std::string& what) const {
  const int error = errno;
  throw Error(journal_.path + ": " + what + ": " + std::generic_category().message(error));
}

void JournalWriter::append(const std::vector<Json>& contents) {
  std::string text;
  for (const Json& content : contents) {
    const std::string line = journal_line(content);
    journal_.take(line);
    text += line + "\n";
  }
  if (::fsync(folder_) != 0) fail("its folder cannot be synced");
  for (std::string_view rest = text; !rest.empty();) {
    const ssize_t written = ::write(file_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot be written");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(file_) != 0) fail("cannot be written");
}

}  // namespace apps
