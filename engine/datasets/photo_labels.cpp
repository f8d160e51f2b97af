#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/datasets/label_list.hpp"
#include "engine/datasets/loaders.hpp"
#include "engine/datasets/synsets.hpp"
#include "phosphene/error.hpp"

// Which photographs a list or a folder has, and of which class each is.
namespace phosphene::datasets {
namespace {

namespace fs = std::filesystem;

/// The photographs and the folders of `folder`, by the bytes of their names.
struct Entries {
  std::vector<std::string> photos, folders;

  explicit Entries(const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (name.starts_with('.')) continue;
      if (fs::is_directory(entry->path())) {
        folders.push_back(name);
      } else if (is_photo(name)) {
        photos.push_back(name);
      }
    }
    if (error) throw UsageError(folder.string() + ": cannot be read: " + error.message());
    std::ranges::sort(photos);
    std::ranges::sort(folders);
  }
};

/// What a synset is to a network: by the names of its classes where they begin with synsets, or by
/// the order of ImageNet-1k.
class SynsetClasses {
 public:
  SynsetClasses(const std::string& folder, const DatasetOptions& options) : folder_(folder) {
    for (std::size_t c = 0; c < options.classes.size(); ++c) {
      const std::string& name = options.classes[c];
      const std::string first = name.substr(0, name.find(' '));
      if (is_synset(first)) named_.emplace_back(first, static_cast<std::int64_t>(c));
    }
    if (!named_.empty()) return;
    constexpr std::int64_t kClasses = 1000;
    const auto count = options.class_count > 0 ? options.class_count
                                               : static_cast<std::int64_t>(options.classes.size());
    if (count != 0 && count != kClasses) {
      throw UsageError(
          fmt::format("{}: synset folders are of ImageNet's 1000 classes, the network "
                      "has {}: names of classes that begin with synsets would do",
                      folder, count));
    }
    if (options.classes.size() == kClasses) {
      check_order(options.classes.front(), "tench", 0);
      check_order(options.classes.back(), "toilet", kClasses - 1);
    }
  }

  std::int64_t find(const std::string& synset) const {
    if (!is_synset(synset)) {
      throw UsageError(fmt::format("{}: its folder '{}' is no synset, expected n01440764, ...",
                                   folder_, printable(synset)));
    }
    std::int64_t label = named_.empty() ? imagenet_class(synset) : -1;
    for (const auto& [name, c] : named_) {
      if (name == synset) label = c;
    }
    if (label < 0) {
      throw UsageError(
          fmt::format("{}: its folder {} is none of {}", folder_, synset,
                      named_.empty() ? "ImageNet's 1000 classes" : "the network's classes"));
    }
    return label;
  }

 private:
  /// The first and the last class tell ImageNet's order from another.
  void check_order(const std::string& name, const char* expected, std::int64_t c) const {
    std::string lower = name;
    for (char& ch : lower) ch = static_cast<char>(std::tolower(static_cast<unsigned char>(ch)));
    if (lower.find(expected) != std::string::npos) return;
    throw UsageError(
        fmt::format("{}: synset folders are in ImageNet's order, whose class {} is "
                    "'{}'; the network's is '{}'",
                    folder_, c, expected, printable(name)));
  }

  std::string folder_;
  std::vector<std::pair<std::string, std::int64_t>> named_;
};

std::vector<Photo> by_synset(const std::string& folder, const std::vector<std::string>& synsets,
                             const DatasetOptions& options) {
  const SynsetClasses classes(folder, options);
  std::vector<Photo> photos;
  for (const std::string& synset : synsets) {
    const std::int64_t label = classes.find(synset);
    for (const std::string& file : Entries(fs::path(folder) / synset).photos) {
      photos.push_back({synset + "/" + file, (fs::path(folder) / synset / file).string(), label});
    }
  }
  return photos;
}

std::vector<Photo> by_name(const std::string& folder, const std::vector<std::string>& files,
                           const ClassNames& classes) {
  std::vector<Photo> photos;
  for (const std::string& file : files) {
    const std::string path = (fs::path(folder) / file).string();
    const std::string stem = fs::path(file).stem().string();
    const std::size_t last = stem.rfind('_');
    if (last == std::string::npos || last + 1 == stem.size()) {
      throw UsageError(path +
                       ": its class is not known: expected it after the last underscore of the "
                       "name, or in labels.txt, or folders of synsets");
    }
    photos.push_back({file, path, classes.find(path, stem.substr(last + 1))});
  }
  return photos;
}

}  // namespace

bool is_photo(const std::string& name) {
  static constexpr std::array<std::string_view, 4> kExtensions{".jpg", ".jpeg", ".png", ".bmp"};
  std::string extension = fs::path(name).extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::ranges::find(kExtensions, extension) != kExtensions.end();
}

std::vector<Photo> listed_photos(const std::string& list, const ClassNames& classes) {
  std::ifstream file(list, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw UsageError(list + ": cannot be read");
  const fs::path folder = fs::path(list).parent_path();
  std::vector<Photo> photos;
  for (const LabelLine& line : parse_label_list(list, text)) {
    const std::string where = fmt::format("{}: line {}", list, line.number);
    const fs::path path = folder / line.file;
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored)) {
      throw UsageError(fmt::format("{}: no such file: {}", where, printable(path.string())));
    }
    photos.push_back({line.file, path.string(), classes.find(where, line.label)});
  }
  return photos;
}

std::vector<Photo> photos_in(const std::string& folder, const DatasetOptions& options) {
  const ClassNames classes(options.classes, options.class_count);
  const fs::path list = fs::path(folder) / "labels.txt";
  std::error_code ignored;
  if (fs::is_regular_file(list, ignored)) return listed_photos(list.string(), classes);
  const Entries entries(folder);
  const bool synsets = std::ranges::any_of(entries.folders, is_synset);
  if (synsets && !entries.photos.empty()) {
    throw UsageError(
        fmt::format("{}: has synset folders and photographs beside them ({}), expected "
                    "either",
                    folder, printable(entries.photos.front())));
  }
  std::vector<Photo> photos = synsets ? by_synset(folder, entries.folders, options)
                                      : by_name(folder, entries.photos, classes);
  if (photos.empty()) {
    throw UsageError(folder +
                     ": no photographs in this folder, expected .jpg, .jpeg, .png or .bmp, or "
                     "folders of synsets with them");
  }
  return photos;
}

}  // namespace phosphene::datasets
