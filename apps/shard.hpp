#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace apps {

/// The items i with i mod count = index.
struct Shard {
  std::int64_t index = 0, count = 1;
  std::string
      source{};  ///< where it was read: "--shard", "SLURM_ARRAY_TASK_ID", ...; empty: no sharding

  bool has(std::int64_t item) const { return item % count == index; }
};

using Environment = std::function<std::optional<std::string>(const char* name)>;
/// Of this process.
std::optional<std::string> environment(const char* name);

/// What `--shard` says: "" is no sharding, whatever the environment says; "i/N" with 0 <= i < N;
/// "auto" the first that is there of
///   SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN of SLURM_ARRAY_TASK_COUNT,
///   SLURM_PROCID of SLURM_NTASKS,
///   OMPI_COMM_WORLD_RANK of OMPI_COMM_WORLD_SIZE,
/// where one that splits in 1 gives way to one that splits in more. Throws UsageError for several
/// that disagree, for an array with gaps, and where there is none.
Shard parse_shard(const std::string& text, const Environment& environment);

}  // namespace apps
