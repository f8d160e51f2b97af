// A sticker on a photograph, and what becomes of it in the world; docs/defences.md shows one.
//   bench_sticker MODEL WEIGHTS PHOTO LABEL TARGET STEPS SAMPLES DRAWS DEVICE WORLD OUT.png
// A square of 4/10 of the side, in the lower right, is free to change as it likes, so that the
// network names TARGET: once for the photograph as it is, once in expectation over WORLD
// (transforms, SAMPLES draws a step), by PGD of STEPS steps of 8/255. Prints, of DRAWS fresh draws
// of WORLD, the shares that are named LABEL and TARGET, and writes three rows of pictures (without
// a sticker, with either one): as they are, and in four of the draws.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/mask.hpp"
#include "phosphene/attacks/pgd.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/defences/defended.hpp"
#include "phosphene/framing.hpp"
#include "phosphene/image.hpp"
#include "phosphene/models.hpp"

namespace phosphene {
namespace {

constexpr std::int64_t kShown = 5;  // pictures in a row

Tensor copy_of(const Tensor& image) {
  Tensor copy = Tensor::host(image.shape());
  std::copy_n(image.data(), image.count(), copy.data());
  return copy;
}

/// The image `n` times, as one batch.
Tensor repeated(const Tensor& image, std::int64_t n) {
  Tensor batch = Tensor::host({n, 3, image.shape().h, image.shape().w});
  for (std::int64_t i = 0; i < n; ++i) {
    std::copy_n(image.data(), image.count(), batch.data() + i * image.count());
  }
  return batch;
}

/// The picture as the world shows it, on the host.
Tensor seen(const Context& context, const std::string& world, const Tensor& images) {
  std::vector<Draw> draws;
  for (std::int64_t i = 0; i < images.shape().n; ++i) draws.push_back({i, 0});
  Tensor x = copy_of(images);
  for (const auto& transform : parse_transforms(context, world)) {
    Tensor y = context.empty(images.shape());
    transform->forward(x, draws, y);
    x = std::move(y);
  }
  return x;
}

void put(const Tensor& image, std::int64_t row, std::int64_t column, Tensor& grid) {
  const Shape& s = image.shape();
  for (std::int64_t c = 0; c < 3; ++c) {
    for (std::int64_t i = 0; i < s.h; ++i) {
      float* to =
          grid.data() + (c * grid.shape().h + row * s.h + i) * grid.shape().w + column * s.w;
      std::copy_n(image.data() + (c * s.h + i) * s.w, s.w, to);
    }
  }
}

struct Scene {
  const Network& network;
  std::int64_t side, label, target;
  std::string device, world;
  int steps, samples;
  std::int64_t draws;

  std::unique_ptr<Victim> victim(const Context& context, std::int64_t batch, bool outside) const {
    auto bare = make_victim(context, network, side, side, batch);
    return outside ? defended(context, std::move(bare), parse_transforms(context, world))
                   : std::move(bare);
  }

  Tensor with_sticker(const Tensor& photo, bool expectation) const {
    const Context context({.device = device, .seed = 1});
    const auto own = victim(context, 1, expectation);
    PgdOptions options;
    options.steps = steps;
    options.alpha = 8.0F / 255;
    options.samples = expectation ? samples : 1;
    options.stay = true;
    options.mask =
        sticker_mask(side, side, {.left = 0.55, .top = 0.55, .right = 0.95, .bottom = 0.95});
    const auto attack = pgd(context, *own, std::move(options));
    bool given = false;
    Tensor result;
    run_attack(
        *attack,
        [&]() -> std::optional<Example> {
          if (std::exchange(given, true)) return std::nullopt;
          return Example{.image = copy_of(photo), .label = label, .target = target, .epsilon = 1};
        },
        [&](Outcome outcome) { result = std::move(outcome.image); });
    return result;
  }

  /// Prints the row of the table.
  void judge(const char* name, const Tensor& image) const {
    const Context fresh({.device = device, .seed = 2});
    constexpr std::int64_t kBatch = 10;
    const auto shares = [&](bool outside, std::int64_t n) {
      const auto judge_victim = victim(fresh, kBatch, outside);
      const Tensor logits = as_classifier(fresh, *judge_victim)(repeated(image, n));
      std::int64_t right = 0, fooled = 0;
      for (std::int64_t i = 0; i < n; ++i) {
        const float* row = logits.data() + i * judge_victim->classes();
        const auto named = std::max_element(row, row + judge_victim->classes()) - row;
        right += named == label;
        fooled += named == target;
      }
      const double all = 0.01 * static_cast<double>(n);
      return std::pair{static_cast<double>(right) / all, static_cast<double>(fooled) / all};
    };
    const auto still = shares(false, 1), moving = shares(true, draws);
    std::printf("| %s | %s | %.0f | %.0f |\n", name,
                still.second > 0  ? "target"
                : still.first > 0 ? "right"
                                  : "another",
                moving.first, moving.second);
    std::fflush(stdout);
  }
};

void run(char** arguments) {
  const Network network = load_network({.model = arguments[0], .weights = arguments[1]});
  const std::int64_t side = network.info().input_size;
  const Tensor photo = frame_8bit(load_image(arguments[2]), side);
  const Scene scene{network,
                    side,
                    std::atoll(arguments[3]),
                    std::atoll(arguments[4]),
                    arguments[8],
                    arguments[9],
                    std::atoi(arguments[5]),
                    std::atoi(arguments[6]),
                    std::atoll(arguments[7])};
  const Tensor still = scene.with_sticker(photo, false), robust = scene.with_sticker(photo, true);
  scene.judge("none", photo);
  scene.judge("crafted on the photograph as it is", still);
  scene.judge("crafted in expectation", robust);

  const Context context({.device = "cpu", .seed = 2});
  Tensor grid = Tensor::host({1, 3, 3 * side, kShown * side});
  std::int64_t row = 0;
  for (const Tensor* image : {&photo, &still, &robust}) {
    const Tensor outside = seen(context, scene.world, repeated(*image, kShown - 1));
    put(*image, row, 0, grid);
    for (std::int64_t k = 1; k < kShown; ++k) {
      const Shape one{1, 3, side, side};
      auto* data = const_cast<float*>(outside.data()) + (k - 1) * one.count();
      put(Tensor::view(data, {}, one), row, k, grid);
    }
    ++row;
  }
  save_image(arguments[10], grid);
}

}  // namespace
}  // namespace phosphene

int main(int argc, char** argv) {
  if (argc != 12) {
    std::fprintf(stderr,
                 "usage: bench_sticker MODEL WEIGHTS PHOTO LABEL TARGET STEPS SAMPLES DRAWS DEVICE "
                 "WORLD OUT.png\n");
    return 2;
  }
  try {
    phosphene::run(argv + 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_sticker: %s\n", error.what());
    return 1;
  }
  return 0;
}
