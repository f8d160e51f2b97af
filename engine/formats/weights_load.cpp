#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "engine/formats/files.hpp"
#include "engine/formats/safetensors.hpp"
#include "phosphene/error.hpp"
#include "phosphene/network.hpp"

namespace phosphene {
namespace formats {
namespace {

std::string lower_extension(const std::string& path) {
  const auto dot = path.find_last_of("./");
  if (dot == std::string::npos || path[dot] != '.') return {};
  std::string extension = path.substr(dot);
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

/// What the file is, where it is one that the converter script reads; empty otherwise.
std::string_view foreign_format(const std::string& path, std::span<const std::uint8_t> file) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kExtensions = {{
      {".pth", "a PyTorch file"},
      {".pt", "a PyTorch file"},
      {".th", "a PyTorch file"},
      {".ckpt", "a PyTorch file"},
      {".h5", "an HDF5 file"},
      {".hdf5", "an HDF5 file"},
      {".npz", "a NumPy archive"},
      {".caffemodel", "a Caffe model"},
  }};
  const std::string extension = lower_extension(path);
  for (const auto& [known, what] : kExtensions) {
    if (extension == known) return what;
  }
  // A header length may have the bytes of a magic; the '{' of a header settles it.
  if (file.size() > 8 && file[8] == '{') return {};
  const std::string_view head(reinterpret_cast<const char*>(file.data()),
                              std::min<std::size_t>(file.size(), 8));
  if (head.starts_with("PK\x03\x04")) return "a zip archive (PyTorch's or NumPy's format)";
  if (head.starts_with("\x89HDF\r\n\x1a\n")) return "an HDF5 file";
  if (head.size() > 2 && head[0] == '\x80' && head[1] >= 2 && head[1] <= 5) {
    return "a Python pickle (PyTorch's old format)";
  }
  return {};
}

}  // namespace

Weights read_weights(const std::string& path, std::span<const std::uint8_t> file) {
  if (const auto what = foreign_format(path, file); !what.empty()) {
    throw Error(
        fmt::format("{}: is {}, expected safetensors; convert it first: "
                    "python3 scripts/convert_weights.py IN OUT.safetensors",
                    path, what));
  }
  SafetensorsHeader header = read_safetensors_header(path, file);
  const auto data = file.subspan(header.data_begin);
  Weights weights;
  for (const TensorEntry& entry : header.tensors) {
    if (is_integer_dtype(entry.dtype)) continue;
    auto values = read_values(path, entry, data.subspan(entry.begin, entry.end - entry.begin));
    weights.set(entry.name, HostArray{entry.shape, std::move(values)});
  }
  weights.set_metadata(std::move(header.metadata));
  weights.set_source(path);
  return weights;
}

}  // namespace formats

Weights Weights::load(const std::string& path) {
  const formats::MappedFile file(path);
  return formats::read_weights(path, file.bytes());
}

}  // namespace phosphene
