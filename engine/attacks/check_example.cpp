#include "engine/attacks/check_image.hpp"

#include <algorithm>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// "0.5", "8"
std::string number(float value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

void check_class(const char* what, std::int64_t value, std::int64_t classes, std::int64_t index) {
  if (value >= 0 && value < classes) return;
  throw UsageError("image " + std::to_string(index) + ": " + what + " " + std::to_string(value) +
                   ", expected 0 to " + std::to_string(classes - 1));
}

}  // namespace

void check_epsilon(float epsilon, Norm norm) {
  if (epsilon >= 0 && (epsilon <= 1 || norm == Norm::l2)) return;
  std::string hint;
  if (epsilon > 1) hint = " (was " + number(epsilon) + "/255 meant? pixels lie in [0,1])";
  throw UsageError("--eps " + number(epsilon) + ": expected " +
                   (norm == Norm::linf ? "0 to 1" : "at least 0") + hint);
}

void check_example(const Victim& victim, const Example& example, Norm norm) {
  check_example(victim.images(), example, norm);
  check_classes(example.index, example.label, example.target, victim.classes());
}

void check_classes(std::int64_t index, std::int64_t label, std::int64_t target,
                   std::int64_t classes) {
  check_class("label", label, classes, index);
  if (target >= 0) check_class("target", target, classes, index);
}

void check_image(const std::string& what, const Shape& images, const Tensor& image) {
  const Shape want{1, images.c, images.h, images.w}, &have = image.shape();
  if (have != want) {
    throw UsageError(what + "has shape " + to_string(have) + ", the attack was made for " +
                     to_string(want));
  }
  const float* x = image.data();
  const auto outside = [](float v) { return !(v >= 0 && v <= 1); };
  const float* bad = std::find_if(x, x + image.count(), outside);
  if (bad != x + image.count()) {
    throw UsageError(what + "has the value " + number(*bad) + ", expected pixels in [0,1]" +
                     (*bad > 1 ? " (0 to 255 must be divided by 255)" : ""));
  }
}

void check_example(const Shape& images, const Example& example, Norm norm) {
  const std::string name = "image " + std::to_string(example.index) + ": ";
  check_image(name, images, example.image);
  if (example.target >= 0 && example.target == example.label) {
    throw UsageError(name + "the target is its own class " + std::to_string(example.label));
  }
  check_epsilon(example.epsilon, norm);
}

}  // namespace phosphene
