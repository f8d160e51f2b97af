#pragma once
#include <cstdint>
#include <functional>

#include "phosphene/context.hpp"
#include "phosphene/network.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

/// A black box from images to class scores: images [n, c, h, w] nchw fp32 in [0,1], on the device
/// of the context that it serves, to logits [n, classes, 1, 1] fp32, on that device or on the host.
/// Any n >= 1 is taken. The images are complete when it is called; logits on the device must be
/// when it returns, or be enqueued on the context's stream.
using Classifier = std::function<Tensor(const Tensor& images)>;

/// The class that the scores of an image show: the first of the largest; -1 where one is NaN, which
/// is nobody's class and fools nobody (fools() in attacks/attack.hpp).
std::int64_t predicted_class(const float* scores, std::int64_t classes);

/// The logits of `network` for images of this size, in one Session of `batch` images. A last batch
/// that is not full is computed whole, so that a score does not depend on its company. The
/// context and the network must outlive it. Throws Error where an image is too small for the
/// network, UsageError where the network ends in no class scores.
Classifier make_classifier(const Context& context, const Network& network, std::int64_t height,
                           std::int64_t width, std::int64_t batch);

/// The batch in which `images` images of this size run through a Session for forward passes alone:
/// as many as an eighth of the device's *total* memory holds, at most 64, evened out so that the
/// last batch is nearly full. The same on every run on the same device.
std::int64_t batch_for(const Context& context, const Network& network, std::int64_t height,
                       std::int64_t width, std::int64_t images);

}  // namespace phosphene
