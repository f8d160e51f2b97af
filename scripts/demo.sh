#!/usr/bin/env bash
# Sets the machine up, builds, brings trained weights and paints a scene in a style: demo.png.
#
#   scripts/demo.sh              on the GPU where there is one, else on the CPU
#   scripts/demo.sh --no-cuda    on the CPU
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/common.sh

cuda_flag=()
for argument in "$@"; do
  case $argument in
    --no-cuda) cuda_flag=(--no-cuda) ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) misused "unknown argument '$argument' (expected --no-cuda)" ;;
  esac
done

scripts/setup.sh "${cuda_flag[@]}"
preset=cpu
if [[ ${#cuda_flag[@]} -eq 0 ]] && driver_version >/dev/null && cuda_toolkit >/dev/null; then
  preset=cuda
fi
say "building (preset $preset)"
build_preset "$preset" style_transfer

# These weights were tuned to see edges, and their deep layers answer faintly: the layers' weights
# make each of them count alike.
network=(--model vgg16 --weights vgg16_hed --tv-weight 1e-5 --content-weight 20
  --style-layers "relu1_1:20,relu2_1:60,relu3_1:300,relu4_1:3000,relu5_1:200000")
if ! scripts/fetch_weights.sh vgg16_hed; then
  network=(--model vgg19 --weights random:0)
  say "no trained weights could be fetched: painting with random ones, which know textures, not things"
fi

say "painting samples/lakeside.jpg in the style of samples/night.jpg"
"build/$preset/apps/style_transfer" --content samples/lakeside.jpg --style samples/night.jpg \
  --out demo.png --save-every 0 --size 384 --init content --iterations 200 "${network[@]}"
say "done: $PWD/demo.png"
