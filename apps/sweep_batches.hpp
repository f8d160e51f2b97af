#pragma once
#include "sweep_list.hpp"

namespace apps {

/// One photograph of the list, for job.run.
Photograph photograph_of(const SweepList& list, const SweepJob& job, std::int64_t index,
                         phosphene::Tensor image);

/// Runs job.run on batches of the queue's items. Of a batch that fails each photograph is tried
/// alone.
void run_batches(const SweepList& list, const SweepJob& job, SweepQueue& queue);

}  // namespace apps
