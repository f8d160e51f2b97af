#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/formats/safetensors.hpp"
#include "phosphene/error.hpp"

namespace phosphene::formats {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kLongestHeader = 100'000'000;

struct DTypeInfo {
  std::uint64_t bytes;
  bool integer;
};

const std::map<std::string, DTypeInfo>& known_dtypes() {
  static const std::map<std::string, DTypeInfo> dtypes = {
      {"F64", {8, false}},     {"F32", {4, false}},     {"F16", {2, false}}, {"BF16", {2, false}},
      {"F8_E4M3", {1, false}}, {"F8_E5M2", {1, false}}, {"I64", {8, true}},  {"I32", {4, true}},
      {"I16", {2, true}},      {"I8", {1, true}},       {"U64", {8, true}},  {"U32", {4, true}},
      {"U16", {2, true}},      {"U8", {1, true}},       {"BOOL", {1, true}}};
  return dtypes;
}

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw Error(fmt::format("{}: not a valid safetensors file: {}", path, what));
}

[[noreturn]] void fail(const std::string& path, const std::string& tensor,
                       const std::string& what) {
  fail(path, fmt::format("tensor '{}' {}", printable(tensor), what));
}

/// The parser keeps the last of two equal keys; a file that has two is ambiguous, so it is refused.
Json parse_refusing_duplicates(const std::string& path, std::span<const std::uint8_t> text) {
  std::vector<std::set<std::string>> open_objects;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!open_objects.back().insert(key).second) {
        fail(path, fmt::format("its header has the key '{}' twice", printable(key)));
      }
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::parse_error& error) {
    fail(path, fmt::format("its header is not UTF-8 JSON at byte {}", error.byte));
  } catch (const Json::exception&) {  // a number beyond double
    fail(path, "its header holds a number out of range");
  }
}

std::map<std::string, std::string> read_metadata(const std::string& path, const Json& json) {
  if (!json.is_object()) fail(path, "__metadata__ is not an object of strings");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) {
      fail(path, fmt::format("__metadata__ '{}' is not a string", printable(key)));
    }
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

bool is_list_of_sizes(const Json& json) {
  return json.is_array() && std::all_of(json.begin(), json.end(),
                                        [](const Json& v) { return v.is_number_unsigned(); });
}

void check_fields(const std::string& path, const std::string& name, const Json& json) {
  if (!json.is_object()) fail(path, name, "is not described by an object");
  for (const auto& [key, value] : json.items()) {
    if (key != "dtype" && key != "shape" && key != "data_offsets") {
      fail(path, name, fmt::format("has an unknown field '{}'", printable(key)));
    }
  }
  if (!json.contains("dtype") || !json["dtype"].is_string()) fail(path, name, "has no dtype");
  if (!json.contains("shape") || !is_list_of_sizes(json["shape"])) {
    fail(path, name, "has no shape that is a list of sizes");
  }
  if (!json.contains("data_offsets") || !is_list_of_sizes(json["data_offsets"]) ||
      json["data_offsets"].size() != 2) {
    fail(path, name, "has no data_offsets [begin, end]");
  }
}

TensorEntry read_entry(const std::string& path, const std::string& name, const Json& json) {
  check_fields(path, name, json);
  TensorEntry entry;
  entry.name = name;
  entry.dtype = json["dtype"].get<std::string>();
  entry.begin = json["data_offsets"][0].get<std::uint64_t>();
  entry.end = json["data_offsets"][1].get<std::uint64_t>();
  const auto dtype = known_dtypes().find(entry.dtype);
  if (dtype == known_dtypes().end()) {
    fail(path, name, fmt::format("has the unknown dtype '{}'", printable(entry.dtype)));
  }
  if (entry.end < entry.begin) {
    fail(path, name, fmt::format("ends at byte {} before it begins at {}", entry.end, entry.begin));
  }
  std::uint64_t bytes = 0;
  bool overflow = false;
  entry.count = 1;
  for (const Json& extent : json["shape"]) {
    const auto size = extent.get<std::uint64_t>();
    overflow |= size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    overflow |= __builtin_mul_overflow(entry.count, size, &entry.count);
    entry.shape.push_back(static_cast<std::int64_t>(size));
  }
  overflow |= __builtin_mul_overflow(entry.count, dtype->second.bytes, &bytes);
  if (overflow) fail(path, name, "has a shape whose size overflows 64 bits");
  if (bytes != entry.end - entry.begin) {
    fail(path, name,
         fmt::format("of {} [{}] takes {} bytes, but its data_offsets span {}", entry.dtype,
                     fmt::join(entry.shape, ", "), bytes, entry.end - entry.begin));
  }
  return entry;
}

/// The tensors must tile the bytes after the header: what no tensor owns could hide anything.
void check_tiling(const std::string& path, const SafetensorsHeader& header,
                  std::uint64_t data_bytes) {
  std::uint64_t covered = 0;
  for (const TensorEntry& entry : header.tensors) {
    if (entry.begin < covered) {
      fail(path, entry.name,
           fmt::format("begins at byte {}, inside the one before it, which ends at {}", entry.begin,
                       covered));
    }
    if (entry.begin > covered) {
      fail(path, entry.name,
           fmt::format("begins at byte {}, leaving a hole after byte {}", entry.begin, covered));
    }
    covered = entry.end;
  }
  if (covered > data_bytes) {
    fail(path, fmt::format("its tensors end at byte {}, but only {} bytes follow the header "
                           "(is it cut off?)",
                           covered, data_bytes));
  }
  if (covered < data_bytes) {
    fail(path, fmt::format("its tensors end at byte {}, but {} bytes follow the header", covered,
                           data_bytes));
  }
}

}  // namespace

bool is_integer_dtype(const std::string& dtype) {
  const auto it = known_dtypes().find(dtype);
  return it != known_dtypes().end() && it->second.integer;
}

SafetensorsHeader read_safetensors_header(const std::string& path,
                                          std::span<const std::uint8_t> file) {
  if (file.size() < kLengthBytes) {
    fail(path, fmt::format("it has {} bytes, fewer than the 8 of a header length", file.size()));
  }
  std::uint64_t length = 0;
  for (std::uint64_t i = kLengthBytes; i-- > 0;) length = length << 8 | file[i];
  if (length > kLongestHeader) {
    fail(path, fmt::format("its header length is {}, over the limit of {} bytes", length,
                           kLongestHeader));
  }
  if (length > file.size() - kLengthBytes) {
    fail(path, fmt::format("its header of {} bytes runs past the end of the file, {} bytes "
                           "(is it cut off?)",
                           length, file.size()));
  }
  const auto text = file.subspan(kLengthBytes, length);
  // The JSON parser would skip a byte order mark and stop at a zero byte.
  if (text.empty() || text[0] != '{') fail(path, "its header does not start with '{'");
  if (const auto zero = std::find(text.begin(), text.end(), 0); zero != text.end()) {
    fail(path, fmt::format("its header is not UTF-8 JSON at byte {}", zero - text.begin() + 1));
  }

  SafetensorsHeader header;
  header.data_begin = kLengthBytes + length;
  const Json json = parse_refusing_duplicates(path, text);
  for (const auto& [name, value] : json.items()) {
    if (name == "__metadata__") {
      header.metadata = read_metadata(path, value);
    } else {
      header.tensors.push_back(read_entry(path, name, value));
    }
  }
  // The end breaks ties, so that an empty tensor comes before the one that starts where it does.
  std::sort(header.tensors.begin(), header.tensors.end(),
            [](const TensorEntry& a, const TensorEntry& b) {
              return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
            });
  check_tiling(path, header, file.size() - header.data_begin);
  return header;
}

}  // namespace phosphene::formats
