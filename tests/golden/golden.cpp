#include "tests/golden/golden.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace phosphene::golden {

Weights load(const std::string& name) {
  return Weights::load(PHOSPHENE_SOURCE_DIR "/tests/golden/data/" + name + ".safetensors");
}

Values values(const Weights& golden, const std::string& name) {
  const std::vector<float>& stored = golden.at(name).values;
  return {stored.begin(), stored.end()};
}

Values sampled(const Values& all) {
  const std::size_t stride = std::max<std::size_t>(1, all.size() / 500) | 1U;
  Values some;
  for (std::size_t i = 0; i < all.size(); i += stride) some.push_back(all[i]);
  return some;
}

std::uint64_t stored_seed(const Weights& golden, const std::string& name) {
  return static_cast<std::uint64_t>(golden.at(name).values.at(0));
}

Tensor picture(const Shape& shape, std::uint64_t seed) {
  constexpr std::int64_t kBlock = 8;
  const std::int64_t rows = (shape.h + kBlock - 1) / kBlock;
  const std::int64_t columns = (shape.w + kBlock - 1) / kBlock;
  const Values blocks = reference::Random(seed).values(shape.n * shape.c * rows * columns, 0, 1);
  Values pixels = reference::Random(seed + 5000).values(shape.count(), 0, 1);
  for (std::int64_t i = 0; i < shape.count(); ++i) {
    const std::int64_t plane = i / shape.pixels(), h = i / shape.w % shape.h, w = i % shape.w;
    const double block =
        blocks[static_cast<std::size_t>((plane * rows + h / kBlock) * columns + w / kBlock)];
    double& pixel = pixels[static_cast<std::size_t>(i)];
    pixel = 0.75 * block + 0.25 * pixel;
  }
  Tensor image = Tensor::host(shape);
  reference::write(pixels, image);
  return image;
}

std::string test_data(const std::string& file) {
  const char* folder = std::getenv("PHOSPHENE_DATA");
  const std::filesystem::path path =
      std::filesystem::path(folder != nullptr ? folder : PHOSPHENE_DATA_DEFAULT) / file;
  return std::filesystem::exists(path) ? path.string() : "";
}

}  // namespace phosphene::golden
