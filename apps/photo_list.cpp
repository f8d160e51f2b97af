#include "photo_list.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>

#include "checksum.hpp"
#include "phosphene/error.hpp"

namespace apps {
namespace {

namespace fs = std::filesystem;
using phosphene::UsageError;

bool is_photograph(const fs::path& file) {
  static constexpr std::array<std::string_view, 4> kExtensions{".jpg", ".jpeg", ".png", ".bmp"};
  std::string extension = file.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::ranges::find(kExtensions, extension) != kExtensions.end();
}

std::vector<Item> in_folder(const std::string& folder) {
  std::vector<Item> items;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& file = entry->path();
    const std::string name = file.filename().string();
    if (name.starts_with('.') || !is_photograph(file) || fs::is_directory(file)) continue;
    items.push_back({name, file.string(), file.stem().string(), {}});
  }
  if (error) throw UsageError("--images " + folder + ": cannot be read: " + error.message());
  if (items.empty()) {
    throw UsageError("--images " + folder +
                     ": no photographs in this folder, expected .jpg, .jpeg, .png or .bmp");
  }
  std::ranges::sort(items, {}, &Item::listed);
  return items;
}

std::vector<Item> in_list(const std::string& list) {
  if (is_photograph(list)) {
    throw UsageError("--images " + list +
                     ": is one photograph, expected a folder or a list: " + "give it to --image");
  }
  std::vector<Item> items;
  std::ifstream file(list);
  const fs::path folder = fs::path(list).parent_path();
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    if (line.find('\0') != std::string::npos) {
      throw UsageError("--images " + list + ": is no list, expected a text with a path a line");
    }
    items.push_back({line, (folder / line).string(), fs::path(line).stem().string(), {}});
  }
  if (file.bad() || !file.eof()) throw UsageError("--images " + list + ": cannot be read");
  if (items.empty()) {
    throw UsageError("--images " + list + ": an empty list, expected a path a line");
  }
  return items;
}

}  // namespace

void give_names(std::vector<Item>& items, const std::vector<std::string>& endings) {
  // One that has its index already cannot meet another that has: the last part of the name differs.
  std::vector<bool> indexed(items.size(), false);
  for (Item& item : items) item.name = item.stem;
  for (bool again = true; again;) {
    again = false;
    std::map<std::string, int> owners;
    for (const Item& item : items) {
      for (const std::string& ending : endings) ++owners[item.name + ending];
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool shared = std::ranges::any_of(endings, [&](const std::string& ending) {
        return owners.at(items[i].name + ending) > 1;
      });
      if (!shared || indexed[i]) continue;
      indexed[i] = again = true;
    }
    for (std::size_t i = 0; again && i < items.size(); ++i) {
      items[i].name = items[i].stem + (indexed[i] ? "." + std::to_string(i) : "");
    }
  }
}

std::vector<Item> photo_list(const std::string& image, const std::string& images) {
  if (image.empty() == images.empty()) {
    throw UsageError("expected either --image F or --images FOLDER|LIST");
  }
  std::vector<Item> items;
  std::error_code ignored;
  if (images.empty()) {
    items.push_back(
        {fs::path(image).filename().string(), image, fs::path(image).stem().string(), {}});
  } else if (fs::is_directory(images, ignored)) {
    items = in_folder(images);
  } else if (fs::exists(images, ignored)) {
    items = in_list(images);
  } else {
    throw UsageError("--images " + images + ": no such folder or list");
  }
  return items;
}

std::string list_hash(const std::vector<Item>& items) {
  Fingerprint hash;
  for (const Item& item : items) hash.add(item.listed + '\0');
  return hash.text();
}

void check_out(const std::string& images, const std::string& out) {
  std::error_code ignored;
  if (!fs::is_directory(images, ignored)) return;
  if (fs::weakly_canonical(images, ignored) != fs::weakly_canonical(out, ignored)) return;
  throw UsageError("--out " + out +
                   ": is the folder of --images, which would list the pictures as photographs: "
                   "give another folder");
}

void check_overwriting(const std::vector<Item>& items, const std::string& out,
                       const std::vector<std::string>& endings, const NamedFiles& inputs) {
  std::error_code ignored;
  const fs::path folder = fs::weakly_canonical(out, ignored);
  std::map<fs::path, bool> is_out;           // folders are few, photographs many
  std::map<std::string, std::string> there;  // names in `out`, and what they are
  const auto add = [&](const fs::path& file, const std::string& what) {
    const auto [known, fresh] = is_out.try_emplace(file.parent_path());
    if (fresh) {
      const fs::path parent = known->first.empty() ? "." : known->first;
      known->second = fs::weakly_canonical(parent, ignored) == folder;
    }
    if (known->second) there.emplace(file.filename().string(), what);
  };
  for (const Item& item : items) add(item.path, "a photograph");
  for (const auto& [flag, path] : inputs) {
    if (!path.empty()) add(path, "the file of " + flag);
  }
  if (there.empty()) return;
  for (const Item& item : items) {
    for (const std::string& ending : endings) {
      const auto found = there.find(item.name + ending);
      if (found == there.end()) continue;
      throw UsageError("--out " + out + ": " + found->first + " would replace " + found->second +
                       ": give another folder");
    }
  }
}

void check_report(const std::vector<Item>& items, const std::string& flag, const std::string& json,
                  const std::string& out, const NamedFiles& inputs) {
  if (json.empty()) return;
  if (lies_in(json + "/file", out)) {
    throw UsageError("--json " + json + ": is the folder of --out, expected a file");
  }
  if (lies_in(json, out) && !json.ends_with(".json")) {
    throw UsageError("--json " + json +
                     ": might replace a result, expected a name in --out that ends in .json");
  }
  NamedFiles read = inputs;
  const fs::path name = fs::path(json).filename();
  for (const Item& item : items) {
    if (fs::path(item.path).filename() == name) read.emplace_back(flag, item.path);
  }
  refuse_overwriting({{"--json", json}}, read);
}

}  // namespace apps
