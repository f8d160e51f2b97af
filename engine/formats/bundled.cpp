// Weights that are part of the library: models/shapes.safetensors, put in by the assembler.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/formats/safetensors.hpp"
#include "phosphene/error.hpp"
#include "phosphene/network.hpp"

// clang-format off
__asm__(
    ".pushsection .rodata\n"
    ".balign 16\n"
    ".global phosphene_bundled_shapes_begin\n"
    ".global phosphene_bundled_shapes_end\n"
    "phosphene_bundled_shapes_begin:\n"
    ".incbin \"" PHOSPHENE_BUNDLED_SHAPES "\"\n"
    "phosphene_bundled_shapes_end:\n"
    ".popsection\n");
// clang-format on

extern "C" const std::uint8_t phosphene_bundled_shapes_begin[];
extern "C" const std::uint8_t phosphene_bundled_shapes_end[];

namespace phosphene {

const std::vector<std::string>& Weights::bundled_names() {
  static const std::vector<std::string> names{"shapes"};
  return names;
}

Weights Weights::bundled(const std::string& name) {
  if (name != "shapes") {
    throw UsageError("weights '" + printable(name) + "': not among the bundled ones: shapes");
  }
  const std::size_t size =
      static_cast<std::size_t>(phosphene_bundled_shapes_end - phosphene_bundled_shapes_begin);
  return formats::read_weights(name, {phosphene_bundled_shapes_begin, size});
}

}  // namespace phosphene
