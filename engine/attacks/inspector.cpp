#include "phosphene/attacks/inspector.hpp"

#include <algorithm>
#include <cmath>

#include "engine/attacks/loss_gradient.hpp"
#include "engine/ops/image_ops.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// Draws of random steps, beyond those that the victim itself gets.
constexpr std::uint32_t kStepDraw = kAttackDraw + kInspectionDraw;

}  // namespace

Inspector::Inspector(const Context& context, Victim& victim)
    : context_(context),
      victim_(victim),
      host_(Tensor::host(victim.images())),
      images_(context.empty(victim.images())),
      noise_(context.empty(victim.images())),
      moved_(context.empty(victim.images())),
      draws_(static_cast<std::size_t>(victim.images().n)) {}

void Inspector::place(std::span<const Specimen> images) {
  const Shape& s = victim_.images();
  const std::int64_t size = s.count() / s.n;
  for (std::int64_t slot = 0; slot < s.n; ++slot) {
    const auto k = static_cast<std::size_t>(slot);
    const Specimen& specimen = images[k < images.size() ? k : 0];
    if (specimen.image->count() != size) {
      throw Error("image " + std::to_string(specimen.index) + " is " +
                  to_string(specimen.image->shape()) + ", expected " +
                  to_string(Shape{1, s.c, s.h, s.w}));
    }
    std::copy_n(specimen.image->data(), size, host_.data() + slot * size);
    draws_[k] = {specimen.index, kInspectionDraw};
  }
  ops::copy(context_, ops::to_device(context_, host_), images_);
}

Tensor Inspector::logits(std::span<const Specimen> images, std::uint32_t draw) {
  const std::int64_t classes = victim_.classes();
  Tensor result = Tensor::host({static_cast<std::int64_t>(images.size()), classes, 1, 1});
  const auto batch = static_cast<std::size_t>(victim_.images().n);
  for (std::size_t first = 0; first < images.size(); first += batch) {
    const std::size_t count = std::min(batch, images.size() - first);
    place(images.subspan(first, count));
    for (Draw& d : draws_) d.sample += draw;
    const Tensor rows = ops::to_host(context_, victim_.forward(images_, draws_));
    std::copy_n(rows.data(), static_cast<std::int64_t>(count) * classes,
                result.data() + static_cast<std::int64_t>(first) * classes);
  }
  return result;
}

std::vector<LossSlope> Inspector::slopes(std::span<const Specimen> images, AttackLoss loss,
                                         float radius, int steps) {
  LossGradient gradient(context_, victim_, loss);
  const std::vector<float> one(static_cast<std::size_t>(victim_.images().n), 1);
  const Tensor ones = ops::numbers(context_, one);
  const Tensor radii = ops::numbers(context_, std::vector<float>(one.size(), radius));
  const Tensor none = ops::classes(context_, std::vector<std::int32_t>(one.size(), -1));
  Tensor largest = ops::numbers(context_, one);
  std::vector<LossSlope> result;
  for (std::size_t first = 0; first < images.size(); first += one.size()) {
    const auto own = images.subspan(first, std::min(one.size(), images.size() - first));
    place(own);
    std::vector<std::int32_t> labels(one.size());
    for (std::size_t k = 0; k < labels.size(); ++k) {
      labels[k] = static_cast<std::int32_t>(own[k < own.size() ? k : 0].label);
    }
    const Tensor label = ops::classes(context_, labels);
    gradient(images_, label, none, draws_);
    ops::norms(context_, gradient.gradient(), Norm::linf, largest);
    const std::vector<float> steepest = ops::host_numbers(context_, largest);
    const std::vector<float> at = ops::host_numbers(context_, gradient.losses());
    for (std::size_t k = 0; k < own.size(); ++k) {
      result.push_back({steepest[k], 0});
    }
    for (int step = 0; step < steps; ++step) {
      std::vector<Draw> draws(draws_);
      for (Draw& d : draws) d.sample = kStepDraw + static_cast<std::uint32_t>(step);
      ops::fill(context_, noise_, 0);
      ops::add_uniform_noise(context_, noise_, draws, ones, noise_);
      ops::copy(context_, images_, moved_);
      ops::step(context_, Norm::linf, noise_, images_, radii, radii, {}, moved_);  // to its signs
      gradient(moved_, label, none, draws_, false);
      const std::vector<float> there = ops::host_numbers(context_, gradient.losses());
      for (std::size_t k = 0; k < own.size(); ++k) {
        float& change = result[first + k].change;
        change = std::max(change, std::abs(there[k] - at[k]));
      }
    }
  }
  return result;
}

}  // namespace phosphene
