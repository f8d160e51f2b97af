#include "sweep_batches.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "phosphene/error.hpp"

namespace apps {
namespace {

using phosphene::Error;
using phosphene::UsageError;

void run_some(const SweepJob& job, std::span<const Photograph> photos, SweepQueue& queue) {
  const std::vector<nlohmann::json> records = job.run(photos);
  if (records.size() != photos.size()) {
    throw UsageError(job.app + ": " + std::to_string(records.size()) + " records for " +
                     std::to_string(photos.size()) + " photographs");
  }
  for (std::size_t i = 0; i < photos.size(); ++i) queue.done(photos[i].index, records[i]);
}

void run_alone(const SweepJob& job, const Photograph& photo, SweepQueue& queue) {
  try {
    run_some(job, {&photo, 1}, queue);
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    queue.failed(photo.index, error.what());
  }
}

void run_batch(const SweepJob& job, std::span<const Photograph> photos, SweepQueue& queue) {
  if (photos.size() == 1) return run_alone(job, photos.front(), queue);
  try {
    run_some(job, photos, queue);
  } catch (const UsageError&) {
    throw;
  } catch (const Error&) {
    for (const Photograph& photo : photos) run_alone(job, photo, queue);
  }
}

}  // namespace

Photograph photograph_of(const SweepList& list, const SweepJob& job, std::int64_t index,
                         phosphene::Tensor image) {
  return {index, list.item(index).path,
          (std::filesystem::path(job.out) / list.name(index)).string(), std::move(image)};
}

void run_batches(const SweepList& list, const SweepJob& job, SweepQueue& queue) {
  const auto batch = static_cast<std::size_t>(std::max<std::int64_t>(job.batch, 1));
  for (;;) {
    std::vector<Photograph> photos;
    while (photos.size() < batch) {
      std::optional<SweepItem> item = queue.next();
      if (!item) break;
      photos.push_back(photograph_of(list, job, item->index, std::move(item->image)));
    }
    if (photos.empty()) return;
    run_batch(job, photos, queue);
  }
}

}  // namespace apps
