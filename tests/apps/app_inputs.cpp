#include "tests/apps/app_inputs.hpp"

#include <array>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "phosphene/image.hpp"

namespace phosphene::test {

Arrays tiny_vgg19() {
  struct Place {
    int index;  ///< in torchvision's nn.Sequential
    std::int64_t channels;
  };
  constexpr std::array<Place, 13> kConvolutions{{{0, 4},
                                                 {2, 4},
                                                 {5, 4},
                                                 {7, 4},
                                                 {10, 8},
                                                 {12, 8},
                                                 {14, 8},
                                                 {16, 8},
                                                 {19, 8},
                                                 {21, 8},
                                                 {23, 8},
                                                 {25, 8},
                                                 {28, 8}}};
  std::mt19937 bits(7);
  const auto uniform = [&] { return static_cast<float>(bits() >> 8) * 0x1p-23F - 1; };
  Arrays arrays;
  std::int64_t in = 3;
  for (const auto& [index, out] : kConvolutions) {
    const std::string name = "features." + std::to_string(index);
    // He's scale for a uniform distribution: the activations keep their size to the last layer.
    const float scale = std::sqrt(6.0F / static_cast<float>(9 * in));
    HostArray weight{{out, in, 3, 3}, {}}, bias{{out}, {}};
    for (std::int64_t i = 0; i < out * in * 9; ++i) weight.values.push_back(scale * uniform());
    for (std::int64_t i = 0; i < out; ++i) bias.values.push_back(0.1F * uniform());
    arrays[name + ".weight"] = std::move(weight);
    arrays[name + ".bias"] = std::move(bias);
    in = out;
  }
  return arrays;
}

void write_weights(const std::string& path, const Arrays& arrays) {
  nlohmann::json header = nlohmann::json::object();
  std::size_t end = 0;
  for (const auto& [name, array] : arrays) {
    const std::size_t begin = end;
    end += array.values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", array.shape}, {"data_offsets", {begin, end}}};
  }
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&length), sizeof length);
  file << text;
  for (const auto& [name, array] : arrays) {
    file.write(reinterpret_cast<const char*>(array.values.data()),
               static_cast<std::streamsize>(array.values.size() * sizeof(float)));
  }
}

void write_picture(const std::string& path, std::int64_t width, std::int64_t height, int seed) {
  Tensor image = Tensor::host({1, 3, height, width});
  float* value = image.data();
  for (int c = 0; c < 3; ++c) {
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) {
        const auto u = static_cast<float>(x), v = static_cast<float>(y);
        const float wave = std::sin(0.3F * static_cast<float>(seed + 1) * u + 0.4F * v +
                                    static_cast<float>(c * seed));
        *value++ = 0.5F + 0.3F * wave + (x > width / 2 ? 0.2F : -0.1F);
      }
    }
  }
  save_image(path, image);
}

}  // namespace phosphene::test
