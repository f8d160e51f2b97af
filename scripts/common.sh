# shellcheck shell=bash
# Sourced by the scripts beside it, in the root of the project.

say() { printf '== %s\n' "$*"; }
fail() { # one line, exit code 1
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}
misused() { # one line, exit code 2
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 2
}
usage() { # the comment that opens the script
  sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
}

# Prints the folder of a CUDA toolkit (nvcc 12 or newer, with cuDNN) that CMake would find; fails
# where there is none. Looks where cmake/PhospheneCuda.cmake does.
cuda_toolkit() {
  local nvcc root folder release
  if [[ -x .cuda/toolkit/bin/nvcc ]]; then
    printf '%s\n' "$PWD/.cuda/toolkit"
    return 0
  fi
  nvcc=${CUDACXX:-$(command -v nvcc || printf /usr/local/cuda/bin/nvcc)}
  [[ -x $nvcc ]] || return 1
  release=$("$nvcc" --version | sed -n 's/.*release \([0-9]*\)\..*/\1/p')
  [[ ${release:-0} -ge 12 ]] || return 1
  root=$(dirname "$(dirname "$(readlink -f "$nvcc")")")
  for folder in "$root/include" "$root"/targets/*/include "${CUDNN_ROOT:-$root}/include" \
    /usr/include /usr/include/*-linux-gnu /usr/local/include; do
    if [[ -e $folder/cudnn_version.h ]]; then
      printf '%s\n' "$root"
      return 0
    fi
  done
  return 1
}

# Prints the NVIDIA driver's version; fails where there is no driver.
driver_version() {
  local version=
  if [[ -r /proc/driver/nvidia/version ]]; then
    version=$(sed -n '1s/.*Module[^0-9]*\([0-9][0-9.]*\).*/\1/p' /proc/driver/nvidia/version)
  fi
  if [[ -z $version ]] && command -v nvidia-smi >/dev/null; then
    version=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null | sed -n 1p) || true
  fi
  [[ $version =~ ^[0-9] ]] && printf '%s\n' "$version"
}

# Configures and builds a preset; what CMake says is shown only where it fails.
build_preset() { # PRESET [TARGET...]
  local preset=$1 log quiet=()
  shift
  log=$(mktemp)
  if ! cmake --preset "$preset" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "preset $preset could not be configured"
  fi
  grep -E '^-- CUDA' "$log" || true
  rm -f "$log"
  [[ -t 1 ]] || quiet=(-- --quiet)
  cmake --build --preset "$preset" ${1:+--target "$@"} "${quiet[@]}" ||
    fail "preset $preset could not be built"
}
