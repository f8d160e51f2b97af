// A .npy file, from its bytes to its values, as numbers and as labels.
#include <cmath>
#include <string>
#include <vector>

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
  fuzz::read_or_refuse([&] {
    const phosphene::formats::NpyHeader header =
        phosphene::formats::read_npy_header(path, {data, size});
    std::vector<std::int64_t> labels(header.count);
    phosphene::formats::read_npy_integers(path, header, {data, size}, 0, labels);
    const bool integers = header.kind == 'i' || header.kind == 'u';
    fuzz::require(integers, "labels are integers");
  });
  return 0;
}
