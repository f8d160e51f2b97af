// A .npy file, from its bytes to its values.
#include <cmath>
#include <string>

#include "engine/formats/npy.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string path = "fuzzed";
  fuzz::read_or_refuse([&] {
    const phosphene::HostArray array = phosphene::formats::read_npy(path, {data, size});
    std::uint64_t count = 1;
    for (const std::int64_t extent : array.shape) count *= static_cast<std::uint64_t>(extent);
    fuzz::require(count == array.values.size(), "the shape is the size");
    const bool finite =
        std::ranges::all_of(array.values, [](float value) { return std::isfinite(value); });
    fuzz::require(finite, "every value is finite");
  });
  return 0;
}
