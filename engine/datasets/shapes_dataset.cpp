#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "engine/datasets/loaders.hpp"
#include "phosphene/datasets/shapes.hpp"
#include "phosphene/error.hpp"
#include "phosphene/fingerprint.hpp"

namespace phosphene::datasets {
namespace {

class DrawnShapes final : public Labelled {
 public:
  DrawnShapes(std::uint64_t seed, std::int64_t count) : seed_(seed) {
    for (std::int64_t i = 0; i < count; ++i) {
      labels_.push_back(shapes_label(seed, static_cast<std::uint64_t>(i)));
    }
    shape_ = {1, 3, kShapesSize, kShapesSize};
    Fingerprint hash;
    hash.add(fmt::format("shapes:{}:{}", seed, count));
    fingerprint_ = hash.text();
  }

  std::string name(std::int64_t i) const override { return fmt::format("shapes-{:05}", i); }
  std::string path(std::int64_t) const override { return ""; }
  Tensor load(std::int64_t i) const override {
    return shapes(seed_, static_cast<std::uint64_t>(i)).image;
  }

 private:
  std::uint64_t seed_;
};

template <class Number>
bool parse(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

std::unique_ptr<Dataset> open_shapes(const std::string& text, const DatasetOptions& options) {
  std::uint64_t seed = 2;  // 1 is what the bundled classifier learnt
  std::int64_t count = 1000;
  if (text != "shapes") {
    const std::string_view rest = std::string_view(text).substr(text.find(':') + 1);
    const std::size_t colon = rest.find(':');
    constexpr std::int64_t kMost = 100'000'000;
    if (colon == std::string_view::npos || !parse(rest.substr(0, colon), seed) ||
        !parse(rest.substr(colon + 1), count) || count < 1 || count > kMost) {
      throw UsageError(printable(text) + ": expected shapes or shapes:SEED:COUNT");
    }
  }
  const auto classes = static_cast<std::int64_t>(shapes_labels().size());
  if (options.class_count > 0 && options.class_count != classes) {
    throw UsageError(fmt::format("{}: is of {} classes, the network has {}", text, classes,
                                 options.class_count));
  }
  check_image_size(text, kShapesSize, kShapesSize, options);
  return std::make_unique<DrawnShapes>(seed, taken(text, count, options));
}

}  // namespace phosphene::datasets
