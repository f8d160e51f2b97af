// A weights file, from its bytes to a network with its shapes.
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "engine/formats/safetensors.hpp"
#include "phosphene/models.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace phosphene;

void check_values(const Weights& weights) {
  for (const auto& [name, array] : weights.arrays()) {
    const auto count = std::accumulate(array.shape.begin(), array.shape.end(), std::int64_t{1},
                                       std::multiplies<>());
    fuzz::require(count == static_cast<std::int64_t>(array.values.size()), "the shape is the size");
    const bool finite =
        std::ranges::all_of(array.values, [](float value) { return std::isfinite(value); });
    fuzz::require(finite, "every value is finite");
  }
}

/// As load_network does, but for its default: the shallowest model, of which a small file is one.
void build(Weights weights) {
  const auto said = weights.metadata().find("model");
  const std::string model = said == weights.metadata().end() ? "vgg11" : said->second;
  const Network network = make_model(model, std::move(weights));
  for (const Shape& shape : network.graph().infer_shapes({1, 3, 64, 64})) {
    fuzz::require(shape.c > 0 && shape.h > 0 && shape.w > 0, "no layer is empty");
  }
}

void read(fuzz::Input file) {
  static const std::string path = "fuzzed";
  fuzz::read_or_refuse([&] {
    Weights weights = formats::read_weights(path, file);
    check_values(weights);
    build(std::move(weights));
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Input file(data, size);
  read(file);
  // A mutation seldom gets the length right, so the same header goes in once more with its own.
  constexpr std::size_t kLengthBytes = 8;
  const std::size_t brace = fuzz::text_of(file).rfind('}');
  if (brace == std::string_view::npos || brace < kLengthBytes) return 0;
  std::vector<std::uint8_t> mended(file.begin(), file.end());
  const std::size_t length = brace + 1 - kLengthBytes;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    mended[i] = static_cast<std::uint8_t>(length >> 8 * i);
  }
  read(mended);
  return 0;
}
