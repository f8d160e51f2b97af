#include "shard.hpp"

#include <cstdlib>
#include <limits>
#include <vector>

#include "flag_values.hpp"
#include "phosphene/error.hpp"

namespace apps {
namespace {

using phosphene::UsageError;

std::string text_of(const Shard& shard) {
  return std::to_string(shard.index) + "/" + std::to_string(shard.count);
}

/// A variable's number; nothing if it is not set.
std::optional<std::int64_t> variable(const Environment& environment, const char* name,
                                     std::int64_t least) {
  const std::optional<std::string> text = environment(name);
  if (!text) return {};
  const std::string flag = std::string("--shard auto: ") + name;
  return number<std::int64_t>(flag.c_str(), *text, "a whole number from " + std::to_string(least),
                              least);
}

std::optional<Shard> slurm_array(const Environment& environment) {
  const auto id = variable(environment, "SLURM_ARRAY_TASK_ID", 0);
  const auto least = variable(environment, "SLURM_ARRAY_TASK_MIN", 0);
  const auto most = variable(environment, "SLURM_ARRAY_TASK_MAX", 0);
  const auto count = variable(environment, "SLURM_ARRAY_TASK_COUNT", 1);
  if (!id) return {};
  if (!least || !count) {
    throw UsageError(
        "--shard auto: SLURM_ARRAY_TASK_ID is set, SLURM_ARRAY_TASK_MIN or _COUNT is not");
  }
  const std::int64_t last = most.value_or(*least + *count - 1);
  if (last - *least + 1 != *count || *id < *least || *id > last) {
    throw UsageError("--shard auto: the job array has gaps: task " + std::to_string(*id) + " of " +
                     std::to_string(*count) + " from " + std::to_string(*least) + " to " +
                     std::to_string(last) + "; expected --array=FIRST-LAST with every task");
  }
  return Shard{*id - *least, *count, "SLURM_ARRAY_TASK_ID"};
}

std::optional<Shard> rank_of(const Environment& environment, const char* rank_name,
                             const char* size_name) {
  const auto rank = variable(environment, rank_name, 0);
  const auto size = variable(environment, size_name, 1);
  // Slurm sets a rank of 0 in every batch script, a size only where one was asked for.
  if (!rank || !size) return {};
  if (*rank >= *size) {
    throw UsageError("--shard auto: " + std::string(rank_name) + "=" + std::to_string(*rank) +
                     " is not below " + size_name + "=" + std::to_string(*size));
  }
  return Shard{*rank, *size, rank_name};
}

Shard from_environment(const Environment& environment) {
  std::optional<Shard> found;
  for (const auto& next :
       {slurm_array(environment), rank_of(environment, "SLURM_PROCID", "SLURM_NTASKS"),
        rank_of(environment, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE")}) {
    if (!next) continue;
    if (!found || (found->count == 1 && next->count > 1)) {
      found = next;
    } else if (next->count > 1 && text_of(*next) != text_of(*found)) {
      throw UsageError("--shard auto: " + found->source + " says " + text_of(*found) + ", " +
                       next->source + " says " + text_of(*next) +
                       "; give --shard i/N, or unset the one that is not meant");
    }
  }
  if (!found) {
    throw UsageError(
        "--shard auto: expected SLURM_ARRAY_TASK_ID, SLURM_PROCID with SLURM_NTASKS, or "
        "OMPI_COMM_WORLD_RANK in the environment: none is set");
  }
  return *found;
}

}  // namespace

std::optional<std::string> environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return {};
  return text;
}

Shard parse_shard(const std::string& text, const Environment& environment) {
  if (text.empty()) return {};
  if (text == "auto") return from_environment(environment);
  constexpr std::int64_t kMost = 1'000'000'000;
  const std::string expected = "i/N with 0 <= i < N <= 1000000000, or auto";
  const auto slash = text.find('/');
  if (slash == std::string::npos) throw UsageError("--shard '" + text + "': expected " + expected);
  try {
    const auto count = number<std::int64_t>("--shard", std::string_view(text).substr(slash + 1),
                                            expected, 1, kMost);
    const auto index = number<std::int64_t>("--shard", std::string_view(text).substr(0, slash),
                                            expected, 0, count - 1);
    return {index, count, "--shard"};
  } catch (const UsageError&) {
    throw UsageError("--shard '" + text + "': expected " + expected);
  }
}

}  // namespace apps
