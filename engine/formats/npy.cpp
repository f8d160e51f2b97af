#include "engine/formats/npy.hpp"

#include <fmt/format.h>

#include <limits>
#include <string_view>

#include "engine/formats/files.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace formats {
namespace {

void write_npy(const std::string& path, const char* type, std::size_t count,
               std::span<const std::uint8_t> values, const std::vector<std::int64_t>& shape) {
  std::int64_t elements = 1;
  for (const std::int64_t extent : shape) elements *= extent;
  if (elements != static_cast<std::int64_t>(count)) {
    throw Error(fmt::format("{}: cannot be written: its shape has {} elements, there are {}", path,
                            elements, count));
  }
  std::vector<std::uint8_t> file = npy_prefix(path, type, shape);
  file.insert(file.end(), values.begin(), values.end());
  write_file_atomically(path, file);
}

}  // namespace

std::vector<std::uint8_t> npy_prefix(const std::string& path, const char* type,
                                     const std::vector<std::int64_t>& shape) {
  std::string extents;
  for (const std::int64_t extent : shape) extents += fmt::format("{}, ", extent);
  if (shape.size() > 1) extents.resize(extents.size() - 2);   // (2, 3)
  if (shape.size() == 1) extents.resize(extents.size() - 1);  // (2,)
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, extents);
  constexpr std::size_t kBefore = 10, kAlignment = 64;
  const std::size_t bare = kBefore + header.size() + 1;
  header.append((kAlignment - bare % kAlignment) % kAlignment, ' ');
  header += '\n';
  if (header.size() > std::numeric_limits<std::uint16_t>::max()) {
    throw Error(fmt::format("{}: cannot be written: an array of {} axes", path, shape.size()));
  }
  const std::string_view begin("\x93NUMPY\x01\x00", 8);
  std::vector<std::uint8_t> prefix(begin.begin(), begin.end());
  prefix.push_back(static_cast<std::uint8_t>(header.size() & 0xff));
  prefix.push_back(static_cast<std::uint8_t>(header.size() >> 8));
  prefix.insert(prefix.end(), header.begin(), header.end());
  return prefix;
}

HostArray read_npy(const std::string& path, std::span<const std::uint8_t> file) {
  const NpyHeader header = read_npy_header(path, file);
  HostArray array{header.shape, std::vector<float>(header.count)};
  read_npy_values(path, header, file, 0, array.values);
  return array;
}

}  // namespace formats

void save_npy(const std::string& path, const Tensor& tensor,
              const std::vector<std::int64_t>& shape) {
  const Shape& s = tensor.shape();
  if (tensor.dtype() != DType::f32 || tensor.layout() != Layout::nchw ||
      tensor.device().is_cuda()) {
    throw Error(
        fmt::format("{}: cannot be written: the tensor is {} on {}, expected fp32, nchw, "
                    "in host memory",
                    path, to_string(tensor.dtype()), to_string(tensor.device())));
  }
  formats::write_npy(path, "<f4", static_cast<std::size_t>(tensor.count()),
                     {tensor.data<std::uint8_t>(), tensor.bytes()},
                     shape.empty() ? std::vector{s.n, s.c, s.h, s.w} : shape);
}

void save_npy(const std::string& path, std::span<const std::uint8_t> values,
              const std::vector<std::int64_t>& shape) {
  formats::write_npy(path, "|u1", values.size(), values, shape);
}

HostArray load_npy(const std::string& path) {
  const formats::MappedFile file(path);
  return formats::read_npy(path, file.bytes());
}

}  // namespace phosphene
