#include "phosphene/datasets/dataset.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string_view>

#include "engine/datasets/loaders.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace datasets {
namespace {

/// "A.bin,B.bin" at each comma that follows `ending`.
std::vector<std::string> split_after(std::string_view text, std::string_view ending) {
  std::vector<std::string> parts;
  const std::string separator = std::string(ending) + ",";
  for (;;) {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) break;
    parts.emplace_back(text.substr(0, at + ending.size()));
    text.remove_prefix(at + separator.size());
  }
  parts.emplace_back(text);
  return parts;
}

std::unique_ptr<Dataset> open_npy(const std::string& text, const DatasetOptions& options) {
  const std::vector<std::string> parts = split_after(text, ".npy");
  if (parts.size() != 2) {
    throw UsageError(fmt::format("{}: {} arrays, expected \"IMAGES.npy,LABELS.npy\"",
                                 printable(text), parts.size()));
  }
  return open_arrays(parts[0], parts[1], options);
}

}  // namespace

std::int64_t taken(const std::string& where, std::int64_t there, const DatasetOptions& options) {
  if (there == 0) throw Error(where + ": is empty, expected at least one image");
  if (options.count == 0) return there;
  if (options.count < 0 || options.count > there) {
    throw UsageError(
        fmt::format("{}: holds {} images, {} were asked for", where, there, options.count));
  }
  return options.count;
}

void check_image_size(const std::string& where, std::int64_t h, std::int64_t w,
                      const DatasetOptions& options) {
  if (options.size == 0 || (h == options.size && w == options.size)) return;
  throw UsageError(
      fmt::format("{}: images of {}x{} pixels, {} takes {}x{}: only photographs in files of their "
                  "own are resized",
                  where, w, h, options.network, options.size, options.size));
}

}  // namespace datasets

std::unique_ptr<Dataset> open_dataset(const DatasetOptions& options) {
  namespace fs = std::filesystem;
  using namespace datasets;
  const std::string& path = options.path;
  std::error_code ignored;
  if (path.empty()) throw UsageError("a data set without a name, expected a file or a folder");
  if (path == "shapes" || path.starts_with("shapes:")) return open_shapes(path, options);
  if (path.ends_with(".npy")) return open_npy(path, options);
  if (path.ends_with(".bin")) return open_cifar(split_after(path, ".bin"), options);
  if (path.ends_with(".npz")) {
    throw UsageError(path + ": is an archive, expected two arrays: \"IMAGES.npy,LABELS.npy\"");
  }
  if (fs::is_directory(path, ignored)) return open_photos(photos_in(path, options), options);
  if (!fs::exists(path, ignored)) {
    throw UsageError(printable(path) +
                     ": no such file or folder; expected CIFAR-10's .bin, IMAGES.npy,LABELS.npy, a "
                     "folder or a list of photographs, or shapes");
  }
  if (is_photo(path)) {
    throw UsageError(path + ": is one photograph, expected a folder, or a list with its class");
  }
  const ClassNames classes(options.classes, options.class_count);
  return open_photos(listed_photos(path, classes), options);
}

}  // namespace phosphene
