#include "sweep_list.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "checksum.hpp"
#include "phosphene/error.hpp"
#include "phosphene/image.hpp"

namespace apps {
namespace {

namespace fs = std::filesystem;
using phosphene::UsageError;

/// What one image's files end in.
std::vector<std::string> all_endings(const SweepJob& job) {
  std::vector<std::string> endings;
  for (const std::string& variant : job.variants) {
    for (const std::string& ending : job.endings) endings.push_back(variant + ending);
  }
  return endings;
}

bool is_picture(const std::string& ending) { return ending == ".png" || ending == ".jpg"; }

/// The arrays of every shard have names of their own, and pictures would be photographs of the
/// folder that is read.
void check_data_folder(const std::vector<Item>& images, const SweepJob& job) {
  std::set<fs::path> files;
  for (const Item& image : images) {
    if (!image.path.empty()) files.insert(image.path);
  }
  std::error_code ignored;
  const fs::path out = fs::weakly_canonical(job.out, ignored);
  const bool pictures = std::ranges::any_of(job.endings, is_picture);
  for (const fs::path& file : files) {
    const std::string name = file.filename().string();
    const bool written = std::ranges::any_of(job.arrays, [&](const SweepArray& array) {
      return name.starts_with(array.name) && name.ends_with(".npy");
    });
    if (!written && !(pictures && is_picture(file.extension().string()))) continue;
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    if (fs::weakly_canonical(folder, ignored) != out) continue;
    throw UsageError("--out " + job.out + ": is the folder of --data (" + name +
                     "), where results would be taken for data: give another folder");
  }
}

}  // namespace

SweepList list_photographs(const SweepFlags& flags, std::vector<Item> photographs,
                           const SweepJob& job) {
  SweepList list;
  list.images = std::move(photographs);
  give_names(list.images, job.endings);
  check_out(flags.images, job.out);
  check_overwriting(list.images, job.out, job.endings, job.inputs);
  check_report(list.images, "--images", job.json, job.out, job.inputs);
  make_folder("--out", job.out);
  list.described = {{"count", list.images.size()}, {"hash", list_hash(list.images)}};
  list.noun = "photographs";
  list.load = [paths = list.images, most = flags.max_megapixels](std::int64_t image) {
    return phosphene::load_image(paths[static_cast<std::size_t>(image)].path, {most, warn});
  };
  list.label = [](std::int64_t) { return std::int64_t{-1}; };
  return list;
}

SweepList list_data(const phosphene::Dataset& data, const SweepJob& job) {
  SweepList list;
  for (std::int64_t i = 0; i < data.size(); ++i) {
    const std::string name = data.name(i), path = data.path(i);
    // "n01440764/val_1.JPEG" is a file of its own, "test_batch-00017" a part of one.
    const bool own_file = !path.empty() && fs::path(path).filename() == fs::path(name).filename();
    list.images.push_back({name, path, own_file ? fs::path(name).stem().string() : name, {}});
  }
  list.variants = job.variants;
  const std::vector<std::string> endings = all_endings(job);
  give_names(list.images, endings);
  check_overwriting(list.images, job.out, endings, job.inputs);
  check_data_folder(list.images, job);
  check_report(list.images, "--data", job.json, job.out, job.inputs);
  make_folder("--out", job.out);
  list.described = {{"count", list.count()}, {"hash", data.fingerprint()}, {"of", "--data"}};
  if (list.variants.size() > 1) list.described["variants"] = list.variants;
  list.noun = list.variants.size() > 1 ? "items" : "images";
  list.load = [&data](std::int64_t image) { return data.load(image); };
  list.label = [&data](std::int64_t image) { return data.label(image); };
  return list;
}

std::string array_path(const std::string& folder, const std::string& name, const Shard& shard) {
  const std::string part = "-" + std::to_string(shard.index) + "-of-" + std::to_string(shard.count);
  return (fs::path(folder) / (name + (shard.count == 1 ? "" : part) + ".npy")).string();
}

std::int64_t array_row(std::int64_t index, std::int64_t variants, const Shard& shard) {
  return index / variants / shard.count * variants + index % variants;
}

Json done_line(const SweepList& list, const SweepJob& job, std::int64_t index, Json rows,
               const nlohmann::json& record) {
  Json line{{"item", index}, {"image", list.item(index).listed}};
  if (list.variant_count() > 1) line["variant"] = list.variant_of(index);
  Json files = Json::object();
  const bool has_files = job.with_files < 0 || list.image_of(index) < job.with_files;
  for (const std::string& ending : has_files ? job.endings : std::vector<std::string>{}) {
    const std::string name = list.name(index) + ending;
    files[name] = crc32_of_file((fs::path(job.out) / name).string());
  }
  line["files"] = std::move(files);
  if (!job.arrays.empty()) line["rows"] = std::move(rows);
  line["record"] = record;
  return line;
}

Json failed_line(const SweepList& list, std::int64_t index, std::string message) {
  const Item& item = list.item(index);
  if (!item.path.empty() && message.starts_with(item.path)) {
    message.replace(0, item.path.size(), item.listed);
  }
  return {{"item", index}, {"image", item.listed}, {"error", message}};
}

}  // namespace apps
