#pragma once
#include <functional>
#include <optional>
#include <string>

namespace phosphene {

/// The GPU that `--device auto` takes on a machine with `devices` of them: this process's rank
/// among those of its machine, modulo `devices`; 0 where none is told. The rank is the first that
/// is set of OMPI_COMM_WORLD_LOCAL_RANK (Open MPI), MPI_LOCALRANKID (MPICH, Intel MPI) and
/// SLURM_LOCALID: a launcher that Slurm started knows its ranks better than Slurm, which counts the
/// launcher. Throws UsageError where it is no number.
int local_device(const std::function<std::optional<std::string>(const char* name)>& environment,
                 int devices);

}  // namespace phosphene
