// PGD over the images of one data set, for bench/attack.py:
//   bench_attack MODEL WEIGHTS DATA CLASSES BATCH STEPS EPSILON stay|leave DEVICE
// DATA is what apps take as --data. Prints one JSON line: seconds from the images in memory and the
// network lowered to the last outcome on the host (a first step beforehand makes everything ready),
// images, those that are left unfooled, and steps an image.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/attacks/pgd.hpp"
#include "phosphene/datasets/dataset.hpp"
#include "phosphene/models.hpp"

namespace phosphene {
namespace {

struct Run {
  double seconds = 0;
  std::int64_t images = 0, robust = 0, iterations = 0;
};

Run attacked(const Context& context, Victim& victim, const PgdOptions& options,
             std::vector<Example> examples) {
  PgdOptions own = bim_options(options.steps);
  own.random_start = options.random_start;
  own.stay = options.stay;
  const auto attack = pgd(context, victim, std::move(own));
  Run run;
  std::size_t next = 0;
  const auto start = std::chrono::steady_clock::now();
  run_attack(
      *attack,
      [&]() -> std::optional<Example> {
        if (next == examples.size()) return std::nullopt;
        return std::move(examples[next++]);
      },
      [&](const Outcome& outcome) {
        ++run.images;
        run.robust += outcome.success ? 0 : 1;
        run.iterations += outcome.iterations;
      });
  run.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return run;
}

int measure(char** arguments) {
  const Network network = load_network({.model = arguments[1], .weights = arguments[2]});
  const auto data = open_dataset({.path = arguments[3], .class_count = std::stoll(arguments[4])});
  const std::int64_t batch = std::stoll(arguments[5]);
  PgdOptions options;
  options.steps = std::stoi(arguments[6]);
  const float epsilon = std::stof(arguments[7]);
  options.stay = std::string(arguments[8]) == "stay";
  const Context context({.device = arguments[9], .seed = 1});
  const Shape shape = data->image_shape();
  const auto victim = make_victim(context, network, shape.h, shape.w, batch);
  const auto examples = [&](std::int64_t count) {
    std::vector<Example> all;
    for (std::int64_t i = 0; i < count; ++i) {
      all.push_back({i, data->load(i), data->label(i), -1, epsilon});
    }
    return all;
  };
  PgdOptions warm_up;
  warm_up.steps = 1;
  attacked(context, *victim, warm_up, examples(1));
  const Run run = attacked(context, *victim, options, examples(data->size()));
  std::printf("{\"seconds\": %.4f, \"images\": %lld, \"robust\": %lld, \"steps\": %.3f}\n",
              run.seconds, static_cast<long long>(run.images), static_cast<long long>(run.robust),
              static_cast<double>(run.iterations) / static_cast<double>(run.images));
  return 0;
}

}  // namespace
}  // namespace phosphene

int main(int argc, char** argv) {
  if (argc != 10) {
    std::fprintf(stderr,
                 "usage: bench_attack MODEL WEIGHTS DATA CLASSES BATCH STEPS EPSILON stay|leave "
                 "DEVICE\n");
    return 2;
  }
  try {
    return phosphene::measure(argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_attack: %s\n", error.what());
    return 1;
  }
}
