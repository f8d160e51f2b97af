#include "engine/core/local_rank.hpp"

#include <charconv>

#include "phosphene/error.hpp"

namespace phosphene {

int local_device(const std::function<std::optional<std::string>(const char* name)>& environment,
                 int devices) {
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"}) {
    const std::optional<std::string> text = environment(name);
    if (!text) continue;
    int rank = -1;
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, rank);
    if (error != std::errc{} || stop != end || rank < 0) {
      throw UsageError("--device auto: " + std::string(name) + " is '" + printable(*text) +
                       "', expected a rank from 0: name the device, or unset the variable");
    }
    return devices > 0 ? rank % devices : 0;
  }
  return 0;
}

}  // namespace phosphene
