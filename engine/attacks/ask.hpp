// What a black box says of images, checked.
#pragma once
#include <string>

#include "engine/ops/tensor_ops.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/context.hpp"
#include "phosphene/error.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

/// The scores of all images, wherever they lie. Waits for the images, as a Classifier is promised
/// them. Throws Error where the scores are not two or more of each image.
inline Tensor ask(const Context& context, const Classifier& classifier, const Tensor& images) {
  context.synchronize();
  Tensor scores = classifier(images);
  const std::int64_t n = images.shape().n;
  if (const Shape& s = scores.shape(); s.n != n || s.c < 2 || s.pixels() != 1) {
    throw Error("the classifier gave " + to_string(s) + " scores for " + std::to_string(n) +
                " images, expected two classes or more of each");
  }
  return scores;
}

}  // namespace phosphene
