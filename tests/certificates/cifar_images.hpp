#pragma once
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "phosphene/tensor.hpp"

namespace phosphene::testing {

/// The first `count` images of a CIFAR-10 binary file.
struct CifarImages {
  Tensor images;
  std::vector<std::int64_t> labels;
};

inline CifarImages cifar_images(const std::string& path, std::int64_t count) {
  constexpr std::int64_t kPixels = 3 * 32 * 32;
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  CifarImages result{Tensor::host({count, 3, 32, 32}), {}};
  for (std::int64_t i = 0; i < count; ++i) {
    const char* record = &bytes.at(static_cast<std::size_t>(i * (1 + kPixels)));
    result.labels.push_back(*record);
    for (std::int64_t k = 0; k < kPixels; ++k) {
      result.images.data()[i * kPixels + k] =
          static_cast<float>(static_cast<std::uint8_t>(record[1 + k])) / 255;
    }
  }
  return result;
}

}  // namespace phosphene::testing
