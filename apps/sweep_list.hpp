#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "journal.hpp"
#include "photo_list.hpp"
#include "sweep.hpp"

// What a sweep goes through, wherever it comes from, and what its files are called.
namespace apps {

/// Images in an order that every shard has, each in as many variants. Item `index` is variant
/// index % variants of image index / variants; a shard has all variants of an image.
struct SweepList {
  std::vector<Item> images;
  std::vector<std::string> variants{""};  ///< suffixes of the names of files
  Json described;                         ///< "items" of the journal's header
  std::string noun;                       ///< "photographs"
  std::function<phosphene::Tensor(std::int64_t image)> load;
  std::function<std::int64_t(std::int64_t image)> label;

  std::int64_t variant_count() const { return static_cast<std::int64_t>(variants.size()); }
  std::int64_t count() const { return static_cast<std::int64_t>(images.size()) * variant_count(); }
  std::int64_t image_of(std::int64_t index) const { return index / variant_count(); }
  std::int64_t variant_of(std::int64_t index) const { return index % variant_count(); }
  const Item& item(std::int64_t index) const {
    return images[static_cast<std::size_t>(image_of(index))];
  }
  /// Of the files of an item, without the folder: "cat-eps4".
  std::string name(std::int64_t index) const {
    return item(index).name + variants[static_cast<std::size_t>(variant_of(index))];
  }
  bool in(const Shard& shard, std::int64_t index) const { return shard.has(image_of(index)); }
};

/// Throws UsageError where a file of the sweep would replace one that is read; makes job.out.
SweepList list_photographs(const SweepFlags& flags, std::vector<Item> photographs,
                           const SweepJob& job);
SweepList list_data(const phosphene::Dataset& data, const SweepJob& job);

/// "DIR/adversarial-1-of-4.npy"; of an undivided sweep "DIR/adversarial.npy".
std::string array_path(const std::string& folder, const std::string& name, const Shard& shard);
/// The row of an item in its shard's arrays.
std::int64_t array_row(std::int64_t index, std::int64_t variants, const Shard& shard);

/// What the journal says of an item that was done or failed. A message says where the image lies
/// here; the journal how the list calls it.
Json done_line(const SweepList& list, const SweepJob& job, std::int64_t index, Json rows,
               const nlohmann::json& record);
Json failed_line(const SweepList& list, std::int64_t index, std::string message);

}  // namespace apps
