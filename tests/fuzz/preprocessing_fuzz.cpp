// The `input` entry of a weights file's metadata.
#include <cmath>
#include <string>

#include "engine/models/preprocessing.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::read_or_refuse([&] {
    const std::string text(fuzz::text_of({data, size}));
    const phosphene::op::Normalise input = phosphene::parse_input(text, "fuzzed").pixels;
    fuzz::require(input.mean.size() == 3 && input.std.size() == 3, "there are three channels");
    fuzz::require(
        std::ranges::all_of(input.mean, [](float v) { return v >= 0 && std::isfinite(v); }),
        "every mean is a number");
    fuzz::require(std::ranges::all_of(input.std, [](float v) { return v > 0 && std::isfinite(v); }),
                  "every divisor is a number over 0");
  });
  return 0;
}
