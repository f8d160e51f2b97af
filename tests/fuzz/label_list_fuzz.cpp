// A list of photographs with their classes, from its bytes to the classes' numbers.
#include <string>

#include "engine/datasets/class_names.hpp"
#include "engine/datasets/label_list.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace phosphene::datasets;
  static const std::string path = "fuzzed";
  static const ClassNames classes({"tench, Tinca tinca", "great_white_shark", "crane", "crane"}, 4);
  fuzz::read_or_refuse([&] {
    const auto lines = parse_label_list(path, fuzz::text_of({data, size}));
    fuzz::require(!lines.empty(), "a list is not empty");
    for (const LabelLine& line : lines) {
      fuzz::require(!line.file.empty() && !line.label.empty(), "a line has a file and a class");
      fuzz::read_or_refuse([&] {
        const std::int64_t label = classes.find(path, line.label);
        fuzz::require(label >= 0 && label < classes.count(), "a class is one of the network's");
      });
    }
  });
  return 0;
}
