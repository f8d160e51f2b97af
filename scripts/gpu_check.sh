#!/usr/bin/env bash
# Checks the CUDA path on this machine's GPU, in under 10 minutes: builds, runs the tests labelled
# gpu, runs the kernels' tests under compute-sanitizer, compares what each app writes on the GPU with
# what it writes on the CPU, runs the benchmarks, and writes gpu_report.json.
#
#   scripts/gpu_check.sh                    builds (preset cuda) and checks
#   scripts/gpu_check.sh --build BUILD      checks a build folder, or a pack made by --pack
#   scripts/gpu_check.sh --build BUILD --libs FOLDER   with more shared libraries
#   scripts/gpu_check.sh --pack FILE.tar.xz   builds for sm_90 and packs what the check needs, for a
#                                             machine without CMake and Debian's libraries
#   --out FILE.json   the report [gpu_report.json]; logs go beside it, into FILE.logs/
#   --seconds N       time for all of it [570]; docs/gpu_status.md says how it is divided
#
# Exit codes: 0 all passed, 1 something failed, 2 bad usage, 3 nothing failed but something did not
# run (a GPU that is refused, say). What did not run never counts as passed.
set -euo pipefail
scripts=$(dirname "$0")
source "$scripts/common.sh"

for argument in "$@"; do
  if [[ $argument == -h || $argument == --help ]]; then
    usage
    exit 0
  fi
done
command -v python3 >/dev/null || fail "python3 is missing; scripts/setup.sh brings it"
exec python3 -B "$scripts/gpu_check" "$@"
