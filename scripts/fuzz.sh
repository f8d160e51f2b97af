#!/usr/bin/env bash
# Feeds damaged files and flags to the readers, with clang's libFuzzer, AddressSanitizer and UBSan.
#
#   scripts/fuzz.sh SECONDS             every target, for so many seconds each
#   scripts/fuzz.sh SECONDS TARGET...   these: safetensors npy image image_metadata
#                                       preprocessing label_list flag_values
#
# As many targets run at once as there are cores. Inputs that reach new code gather in
# build/fuzz/corpus, and the next run starts from them; one that a reader does not survive is kept
# in build/fuzz/found, and its path is printed.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

readonly all=(safetensors npy image image_metadata preprocessing label_list flag_values)
# An input that takes longer is a hang: in millions of them, none took a whole second.
readonly longest_input=10
# Twice what the targets were seen to hold, most of which is the sanitizer's.
readonly most_megabytes=1024

case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
esac
[[ ${1:-} =~ ^[1-9][0-9]*$ ]] || misused "expected the seconds for each target, found '${1:-}'"
seconds=$1
shift
targets=("$@")
if [[ $# -eq 0 ]]; then targets=("${all[@]}"); fi
for target in "${targets[@]}"; do
  [[ " ${all[*]} " == *" $target "* ]] || misused "unknown target '$target' (expected: ${all[*]})"
done

fuzz() { # TARGET
  local target=$1 log=build/fuzz/$1.log found=build/fuzz/found corpus=build/fuzz/corpus/$1
  local program=build/fuzz/tests/fuzz/${1}_fuzz input
  mkdir -p "$found" "$corpus"
  if "$program" -max_total_time="$seconds" -timeout="$longest_input" \
    -rss_limit_mb="$most_megabytes" -artifact_prefix="$found/$target-" -print_final_stats=1 \
    "$corpus" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    awk -v target="$target" '/ cov: / { coverage = $4 } /^stat::number_of_executed_units/ { runs = $2 }
      END { printf "== %s: %d inputs, %d edges covered\n", target, runs, coverage }' "$log"
    return
  fi
  tail -n 40 "$log" >&2
  input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
  if [[ -n $input ]]; then # the whole of it, since a log may be all that is kept of a machine
    printf 'base64 -d > %s <<< %s\n' "$input" "$(base64 -w 0 "$input")" >&2
    printf '%s: %s does not survive %s; again: %s %s\n' fuzz.sh "$target" "$input" "$program" \
      "$input" >&2
  else
    printf 'fuzz.sh: %s failed; the log is %s\n' "$target" "$log" >&2
  fi
  return 1
}

scripts/setup.sh --no-cuda --fuzz
say "fuzz: building"
build_preset fuzz
say "fuzz: ${#targets[@]} targets, $seconds s each"
pids=()
for target in "${targets[@]}"; do
  while [[ $(jobs -rp | wc -l) -ge $(nproc) ]]; do sleep 0.2; done
  fuzz "$target" &
  pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
  wait "$pid" || failed=$((failed + 1))
done
[[ $failed -eq 0 ]] || fail "$failed of ${#targets[@]} targets failed"
