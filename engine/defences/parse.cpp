// The names of transforms: "jpeg:75+rotate:15+scale:0.8..1.2".
#include <charconv>
#include <functional>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/defences/transforms.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

using namespace defences;

/// What stands between two '+', and what is said of it where it is wrong.
struct Part {
  std::string text, name, value;
  bool has_value = false;

  [[noreturn]] void fail(const std::string& expected) const {
    throw UsageError("transform '" + printable(text) + "': expected " + expected);
  }

  double number(std::string_view from, double least, double most,
                const std::string& expected) const {
    double value_of = 0;
    const char* end = from.data() + from.size();
    const auto [stop, error] = std::from_chars(from.data(), end, value_of);
    if (error != std::errc{} || stop != end || !(value_of >= least && value_of <= most)) {
      fail(expected);
    }
    return value_of;
  }
  double number(double least, double most, const std::string& expected) const {
    return number(value, least, most, expected);
  }
  int whole(int least, int most, const std::string& expected) const {
    const double found = number(least, most, expected);
    const int as_whole = static_cast<int>(found);
    if (as_whole != found) fail(expected);
    return as_whole;
  }
};

Part part_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) return {text, text, "", false};
  return {text, text.substr(0, colon), text.substr(colon + 1), true};
}

std::vector<Part> parts_of(const std::string& spec) {
  std::vector<Part> parts;
  std::size_t begin = 0;
  while (true) {
    const std::size_t plus = spec.find('+', begin);
    parts.push_back(part_of(spec.substr(begin, plus - begin)));
    if (plus == std::string::npos) return parts;
    begin = plus + 1;
  }
}

DrawWarp scaling_of(const Part& part) {
  const std::string expected = "scale:LOW..HIGH, factors from 0.1 to 10, as in scale:0.8..1.2";
  const std::size_t dots = part.value.find("..");
  if (dots == std::string::npos) part.fail(expected);
  const std::string_view value = part.value;
  const double low = part.number(value.substr(0, dots), 0.1, 10, expected);
  const double high = part.number(value.substr(dots + 2), 0.1, 10, expected);
  if (low > high) part.fail(expected);
  return scaling(low, high);
}

/// Warps that follow each other become one.
using MakeWarp = std::function<DrawWarp(const Part&)>;
const std::vector<std::pair<std::string, MakeWarp>>& warp_makers() {
  static const std::vector<std::pair<std::string, MakeWarp>> makers = {
      {"resize-pad",
       [](const Part& part) {
         return shrinking(part.number(0.1, 1, "resize-pad:LOW, a factor from 0.1 to 1"));
       }},
      {"rotate",
       [](const Part& part) {
         return rotation(part.number(0, 180, "rotate:DEGREES, from 0 to 180"));
       }},
      {"scale", scaling_of},
      {"viewpoint",
       [](const Part& part) {
         return viewpoint(part.number(0, 0.4, "viewpoint:STRENGTH, from 0 to 0.4"));
       }},
  };
  return makers;
}

using Make = std::function<void(const Context&, const Part&, Transforms&)>;
const std::vector<std::pair<std::string, Make>>& makers() {
  static const std::vector<std::pair<std::string, Make>> all = {
      {"jpeg",
       [](const Context& context, const Part& part, Transforms& to) {
         to.push_back(jpeg(context, part.text, part.whole(1, 100, "jpeg:QUALITY, from 1 to 100")));
       }},
      {"bits",
       [](const Context& context, const Part& part, Transforms& to) {
         to.push_back(bits(context, part.text, part.whole(1, 8, "bits:N, from 1 to 8")));
       }},
      {"gaussian",
       [](const Context& context, const Part& part, Transforms& to) {
         const double sigma = part.number(0.1, 100, "gaussian:SIGMA, from 0.1 to 100 pixels");
         to.push_back(gaussian(context, part.text, sigma));
       }},
      {"median",
       [](const Context& context, const Part& part, Transforms& to) {
         const int size = part.whole(3, 7, "median:SIZE, of 3, 5 or 7");
         if (size % 2 == 0) part.fail("median:SIZE, of 3, 5 or 7");
         to.push_back(median(context, part.text, size));
       }},
      {"tv",
       [](const Context& context, const Part& part, Transforms& to) {
         const double weight = part.number(1e-4, 10, "tv:WEIGHT, from 0.0001 to 10");
         to.push_back(denoise(context, part.text, weight));
       }},
      {"noise",
       [](const Context& context, const Part& part, Transforms& to) {
         const double sigma = part.number(0, 1, "noise:SIGMA, from 0 to 1");
         to.push_back(noise(context, part.text, sigma, sigma));
       }},
      {"brightness",
       [](const Context& context, const Part& part, Transforms& to) {
         const double range = part.number(0, 1, "brightness:RANGE, from 0 to 1");
         to.push_back(brightness(context, part.text, range));
       }},
      {"print",
       [](const Context& context, const Part& part, Transforms& to) {
         const double strength =
             part.has_value ? part.number(0, 1, "print or print:STRENGTH, from 0 to 1") : 1;
         to.push_back(print_colours(context, part.text + " (colours)", strength));
         to.push_back(random_blur(context, part.text + " (blur)", strength));
         to.push_back(noise(context, part.text + " (noise)", 0, 0.05 * strength));
       }},
  };
  return all;
}

std::string names() {
  std::string list;
  for (const auto& [name, make] : makers()) list += (list.empty() ? "" : ", ") + name;
  for (const auto& [name, make] : warp_makers()) list += ", " + name;
  return list;
}

template <class Makers>
auto find(const Makers& makers, const std::string& name) {
  auto maker = makers.begin();
  while (maker != makers.end() && maker->first != name) ++maker;
  return maker;
}

/// Passes everything on but the gradient.
class WithoutGradient : public Transform {
 public:
  WithoutGradient(const Context& context, std::unique_ptr<Transform> transform)
      : context_(context), transform_(std::move(transform)) {}
  std::string name() const override { return transform_->name(); }
  bool random() const override { return transform_->random(); }
  bool differentiable() const override { return transform_->differentiable(); }
  void forward(const Tensor& x, std::span<const Draw> draws, Tensor& y) override {
    transform_->forward(x, draws, y);
  }
  void backward(const Tensor&, std::span<const Draw>, const Tensor&, Tensor& d_x) override {
    ops::fill(context_, d_x, 0);
  }

 private:
  const Context& context_;
  std::unique_ptr<Transform> transform_;
};

}  // namespace

Transforms parse_transforms(const Context& context, const std::string& spec) {
  Transforms transforms;
  std::vector<DrawWarp> warps;
  std::string warps_name;
  const auto end_warps = [&] {
    if (!warps.empty()) transforms.push_back(warp(context, warps_name, std::move(warps)));
    warps = {};
    warps_name.clear();
  };
  for (const Part& part : parts_of(spec)) {
    if (const auto maker = find(warp_makers(), part.name); maker != warp_makers().end()) {
      warps.push_back(maker->second(part));
      warps_name += (warps_name.empty() ? "" : "+") + part.text;
      continue;
    }
    end_warps();
    const auto maker = find(makers(), part.name);
    if (maker == makers().end()) part.fail("one of " + names() + ", as in jpeg:75+median:3");
    maker->second(context, part, transforms);
  }
  end_warps();
  return transforms;
}

std::unique_ptr<Transform> without_gradient(const Context& context,
                                            std::unique_ptr<Transform> transform) {
  return std::make_unique<WithoutGradient>(context, std::move(transform));
}

}  // namespace phosphene
