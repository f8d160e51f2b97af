#include "engine/methods/target_neuron.hpp"

#include <algorithm>
#include <memory>

#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {

void check_target(const Target& target, const Shape& maps, bool scores) {
  const std::string layer = "'" + target.layer + "'";
  if (target.channel < -1 || target.channel >= maps.c) {
    const std::string found = std::to_string(target.channel), last = std::to_string(maps.c - 1);
    throw UsageError(scores ? "class " + found + ": the network has the classes 0 to " + last
                            : "channel " + found + ": layer " + layer + " has the channels 0 to " +
                                  last);
  }
  const bool placed = target.y >= 0 && target.x >= 0;
  const bool anywhere = target.y == -1 && target.x == -1;
  if (!(placed || anywhere) || target.y >= maps.h || target.x >= maps.w) {
    throw UsageError("place " + std::to_string(target.y) + "," + std::to_string(target.x) +
                     ": the maps of layer " + layer + " have rows 0 to " +
                     std::to_string(maps.h - 1) + " and columns 0 to " +
                     std::to_string(maps.w - 1));
  }
}

Neuron find_neuron(const Target& target, const Tensor& maps, std::int64_t i) {
  const Shape& s = maps.shape();
  const auto range = [](std::int64_t at, std::int64_t extent) {
    return at >= 0 ? std::pair{at, at + 1} : std::pair{std::int64_t{0}, extent};
  };
  const auto [c0, c1] = range(target.channel, s.c);
  const auto [y0, y1] = range(target.y, s.h);
  const auto [x0, x1] = range(target.x, s.w);
  Neuron best{-1, 0, 0, 0};
  for (std::int64_t c = c0; c < c1; ++c) {
    for (std::int64_t y = y0; y < y1; ++y) {
      for (std::int64_t x = x0; x < x1; ++x) {
        const float value = maps.data()[((i * s.c + c) * s.h + y) * s.w + x];
        if (best.channel < 0 || value > best.value) best = {c, y, x, value};
      }
    }
  }
  return best;
}

Seed seed_at(const Context& context, std::string layer, std::vector<Neuron> neurons) {
  Tensor unit = context.empty({});
  ops::fill(context, unit, 1);
  auto one = std::make_shared<Tensor>(ops::to_storage(context, unit));
  context.synchronize();  // before `unit` goes
  return {std::move(layer),
          [&context, one, neurons = std::move(neurons)](const Tensor&, Tensor& d_tap) {
            const Shape& s = d_tap.shape();
            for (std::size_t i = 0; i < neurons.size(); ++i) {
              const Neuron& at = neurons[i];
              const std::int64_t pixel = (static_cast<std::int64_t>(i) * s.h + at.y) * s.w + at.x;
              const auto element = static_cast<std::size_t>(pixel * s.c + at.channel);  // nhwc
              Tensor d = Tensor::view(d_tap.data<std::byte>() + element * size_of(d_tap.dtype()),
                                      d_tap.device(), {}, d_tap.dtype(), Layout::nhwc);
              ops::add(context, *one, d);
            }
          }};
}

}  // namespace phosphene
