#include "sweep_queue.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include "phosphene/error.hpp"

namespace apps {
namespace {

namespace fs = std::filesystem;
using phosphene::Error;
using phosphene::Tensor;
using phosphene::UsageError;

/// The images of the items, each once.
std::vector<std::int64_t> images_of(const SweepList& list, const std::vector<std::int64_t>& open) {
  std::vector<std::int64_t> images;
  for (const std::int64_t index : open) {
    const std::int64_t image = list.image_of(index);
    if (images.empty() || images.back() != image) images.push_back(image);
  }
  return images;
}

std::int64_t items_in(const SweepList& list, const Shard& shard) {
  const auto images = static_cast<std::int64_t>(list.images.size());
  return (images - shard.index + shard.count - 1) / shard.count * list.variant_count();
}

Tensor copy_of(const Tensor& image) {
  Tensor copy = Tensor::host(image.shape());
  std::memcpy(copy.data(), image.data(), image.bytes());
  return copy;
}

std::string_view bytes_of(const Tensor& row) {
  return {reinterpret_cast<const char*>(row.data()), row.bytes()};
}

/// What is wrong with the file of an array, of this shape; empty: nothing.
std::string fault_of(const std::string& path, const std::vector<std::int64_t>& shape) {
  if (!fs::exists(path)) return path + ": is gone";
  try {
    const phosphene::NpyRows array(path);
    if (array.shape() == shape && array.kind() == 'f' && array.bytes() == sizeof(float)) return "";
    return path + ": is another array than it was";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

void check_arrays(const SweepList& list, const SweepJob& job, const Shard& shard,
                  const Journal& journal) {
  const bool has_rows = std::ranges::any_of(journal.items, [](const auto& item) {
    return item.second.line.find("\"rows\":{\"") != std::string::npos;
  });
  if (!has_rows) return;
  for (const SweepArray& array : job.arrays) {
    std::vector<std::int64_t> shape{items_in(list, shard)};
    shape.insert(shape.end(), array.shape.begin(), array.shape.end());
    const std::string fault = fault_of(array_path(job.out, array.name, shard), shape);
    if (fault.empty()) continue;
    throw Error(fault + "; its rows of what " + journal.path +
                " has as done are lost: remove what is left of both, or give another --out");
  }
}

ShardQueue::ShardQueue(const SweepList& list, const SweepJob& job, const Shard& shard,
                       JournalWriter& writer, std::vector<std::int64_t> open, std::int64_t done)
    : list_(list),
      job_(job),
      shard_(shard),
      open_(std::move(open)),
      done_(done),
      ahead_(images_of(list, open_), list.load, 2 * std::max<std::int64_t>(job.batch, 1)),
      bar_(static_cast<int>(items_in(list, shard))),
      journal_(writer, [this] {
        if (!rows_written_.exchange(false)) return;
        for (Rows& rows : arrays_) rows.file.sync();
      }) {
  open_arrays();
  if (!open_.empty()) bar_.at(static_cast<int>(done_), list_.item(open_.front()).name);
}

void ShardQueue::open_arrays() {
  const std::int64_t rows = items_in(list_, shard_);
  for (const SweepArray& array : job_.arrays) {
    arrays_.push_back({array.name, {array_path(job_.out, array.name, shard_), rows, array.shape}});
  }
}

bool ShardQueue::advance() {
  while (next_ < open_.size() && !interrupted()) {
    const std::int64_t index = open_[next_], image = list_.image_of(index);
    if (!image_ || image_->index != image) image_ = ahead_.next();
    if (image_->error.empty()) return true;
    ++next_;
    note(index, failed_line(list_, index, image_->error));
  }
  return false;
}

std::optional<SweepItem> ShardQueue::next() {
  if (!advance()) return std::nullopt;
  const std::int64_t index = open_[next_++], image = list_.image_of(index);
  SweepItem item;
  item.index = index;
  item.image_index = image;
  item.variant = list_.variant_of(index);
  item.name = list_.item(index).listed;
  item.stem = (fs::path(job_.out) / list_.name(index)).string();
  item.label = list_.label(image);
  const bool again = next_ < open_.size() && list_.image_of(open_[next_]) == image;
  item.image = again ? copy_of(image_->image) : std::move(image_->image);
  in_work_.insert(index);
  return item;
}

void ShardQueue::leave(std::int64_t index) {
  if (in_work_.erase(index) == 1) return;
  throw UsageError(job_.app + ": item " + std::to_string(index) + " is not in work");
}

void ShardQueue::done(std::int64_t index, nlohmann::json record, std::span<const Tensor> rows) {
  if (!rows.empty() && rows.size() != arrays_.size()) {
    throw UsageError(job_.app + ": " + std::to_string(rows.size()) + " rows for " +
                     std::to_string(arrays_.size()) + " arrays");
  }
  leave(index);
  Json sums = Json::object();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].empty()) continue;
    arrays_[i].file.write(array_row(index, list_.variant_count(), shard_),
                          {rows[i].data(), static_cast<std::size_t>(rows[i].count())});
    phosphene::Fingerprint sum;
    sum.add(bytes_of(rows[i]));
    sums[arrays_[i].name] = sum.text();
    rows_written_ = true;
  }
  note(index, done_line(list_, job_, index, std::move(sums), record));
}

void ShardQueue::failed(std::int64_t index, const std::string& message) {
  leave(index);
  note(index, failed_line(list_, index, message));
}

void ShardQueue::note(std::int64_t index, Json line) {
  if (line.contains("error")) warn(line["error"].get<std::string>());
  journal_.add(std::move(line));
  bar_.at(static_cast<int>(++done_), list_.item(index).name);
}

bool ShardQueue::finish() {
  journal_.finish();
  const std::size_t left = open_.size() - next_ + in_work_.size();
  if (left == 0) return true;
  if (interrupted()) return false;
  throw Error(job_.app + ": " + std::to_string(left) + " of " + std::to_string(open_.size()) +
              " items were left undone");
}

}  // namespace apps
