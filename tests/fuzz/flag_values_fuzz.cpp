// The text of a flag, read as each kind of value that the programs' flags have.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "apps/epsilons.hpp"
#include "apps/flag_values.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

/// A flag quotes what its user typed, so that its message may have more lines than one.
template <class Read>
void read_or_refuse(Read read) {
  try {
    read();
  } catch (const phosphene::UsageError&) {
  }
}

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t comma; (comma = text.find(',')) != std::string_view::npos;) {
    parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(comma + 1);
  }
  parts.emplace_back(text);
  return parts;
}

void check_layers(const std::vector<std::string>& parts) {
  std::set<std::string> layers;
  for (const auto& [layer, weight] : apps::layer_weights("--flag", parts)) {
    fuzz::require(std::isfinite(weight), "a layer's weight is a number");
    fuzz::require(layers.insert(layer).second, "no layer is named twice");
  }
}

void check_epsilons(const std::string& text) {
  for (const phosphene::Norm norm : {phosphene::Norm::linf, phosphene::Norm::l2}) {
    read_or_refuse([&] {
      double before = -1;
      for (const double epsilon : apps::epsilons("--flag", text, norm)) {
        fuzz::require(std::isfinite(epsilon) && epsilon > before, "epsilons rise");
        fuzz::require(norm == phosphene::Norm::l2 || epsilon <= 1, "pixels are in [0,1]");
        before = epsilon;
      }
    });
  }
}

/// A list of numbers, which CLI11 reads itself: --style-blend.
void check_numbers(const std::string& text) {
  CLI::App app;
  std::vector<float> numbers;
  app.add_option("--flag", numbers)->delimiter(',');
  try {
    app.parse(std::vector<std::string>{text, "--flag"});  // the last comes first
  } catch (const CLI::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::text_of({data, size}));
  const std::vector<std::string> parts = parts_of(text);
  for (const std::string& part : parts) {
    read_or_refuse([&] {
      const std::int64_t side = apps::side("--flag", part);
      fuzz::require(side >= 1 && side <= 1'000'000, "a side is of 1 to 1000000 pixels");
    });
    read_or_refuse([&] {
      const auto [h, w] = apps::extent("--flag", part);
      fuzz::require(h >= 1 && w >= 1 && std::max(h, w) <= 1'000'000, "and so are both of two");
    });
  }
  read_or_refuse([&] { check_layers(parts); });
  read_or_refuse([&] {
    const apps::IterationRange range = apps::iteration_range("--flag", text);
    fuzz::require(0 <= range.from && range.from < range.to, "a range is not empty");
  });
  check_epsilons(text);
  check_numbers(text);
  return 0;
}
