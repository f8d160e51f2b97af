#!/usr/bin/env bash
# Sets the machine up, builds with warnings as errors and runs every test; with nvcc at hand every
# CUDA file is compiled too.
#
#   scripts/test.sh              the suite
#   scripts/test.sh --sanitize   and once more under AddressSanitizer and UBSan
#   scripts/test.sh --all-archs  and every CUDA file compiled for every architecture from sm_75 on
#   scripts/test.sh --no-cuda    without the CUDA lowering
#
# Tests that need a GPU or the test data (PHOSPHENE_DATA) skip where there is none; what was skipped
# and why is listed before the closing lines.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

readonly every_arch=75,80,86,89,90a,100,120
sanitize=no
all_archs=no
cuda_flag=()
for argument in "$@"; do
  case $argument in
    --sanitize) sanitize=yes ;;
    --all-archs) all_archs=yes ;;
    --no-cuda) cuda_flag=(--no-cuda) ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) misused "unknown argument '$argument' (expected --sanitize, --all-archs or --no-cuda)" ;;
  esac
done

run_suite() { # PRESET
  local preset=$1 start=$SECONDS status=0 folder=build/$1
  say "$preset: building"
  build_preset "$preset"
  say "$preset: built in $((SECONDS - start)) s; testing"
  start=$SECONDS
  ctest --preset "$preset" -j "$(nproc)" | tee "$folder/ctest.log" || status=$?
  say "$preset: tested in $((SECONDS - start)) s"
  # GoogleTest prints the reason on the line after 'FILE:LINE: Skipped', unittest in quotes.
  awk -v preset="$preset" '/: Skipped$/ { getline; reasons[$0]++ }
    match($0, /\.\.\. skipped .*/) { reasons[substr($0, RSTART + 13, RLENGTH - 14)]++ }
    END { for (reason in reasons) printf "== %s: skipped %d: %s\n", preset, reasons[reason], reason }' \
    "$folder/Testing/Temporary/LastTest.log"
  [[ $status -eq 0 ]] || fail "preset $preset: tests failed; the log is $folder/ctest.log"
}

scripts/setup.sh "${cuda_flag[@]}"

presets=(ci-cpu)
if [[ ${#cuda_flag[@]} -eq 0 ]] && cuda_toolkit >/dev/null; then presets=(ci-cuda); fi
if [[ $all_archs == yes && ${presets[0]} != ci-cuda ]]; then
  fail "--all-archs needs the CUDA toolkit: scripts/setup.sh --cuda brings it"
fi
if [[ $sanitize == yes ]]; then presets+=(sanitize); fi

# As many tests at once as cores, each with threads of its own: one that waits must not spin on
# another's core.
export OMP_WAIT_POLICY=passive
for preset in "${presets[@]}"; do
  run_suite "$preset"
done
if [[ $all_archs == yes ]]; then
  say "compiling every CUDA file for sm_${every_arch//,/, sm_}"
  start=$SECONDS
  python3 scripts/check_kernels.py build/ci-cuda --archs "$every_arch" || fail "--all-archs failed"
  say "compiled in $((SECONDS - start)) s"
fi
# The closing lines of every suite once more, below what was skipped.
for preset in "${presets[@]}"; do
  say "$preset"
  grep -E '^[0-9]+% tests passed|^Total Test time' "build/$preset/ctest.log"
done
