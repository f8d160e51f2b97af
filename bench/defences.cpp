// Transforms before a network under attack, the honest way; docs/defences.md has its tables.
//   bench_defences MODEL WEIGHTS DATA COUNT EPS/255 STEPS SAMPLES DEVICE SPEC...
// Each SPEC by itself, all of them stacked in their order, and all of them averaged. Prints a row
// of a table each: accuracy over the first COUNT images of DATA
//   clean     behind the defence
//   naive     on images crafted on the bare network, which does not know of the defence
//   singly    on the worst of the images crafted on each member alone, all steps of them, which
//             carry over better than those that stop where the member fails (stacked and averaged
//             only)
//   adaptive  on images crafted on the defended network itself: BPDA, and SAMPLES draws a step
// by PGD of STEPS steps of eps/4 from a random start on the cross-entropy. Where a defence is
// random, every accuracy is over fresh draws, those that no attack has seen.
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
#include "phosphene/attacks/pgd.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/datasets/dataset.hpp"
#include "phosphene/defences/defended.hpp"
#include "phosphene/models.hpp"

namespace phosphene {
namespace {

constexpr std::int64_t kBatch = 50;

struct Images {
  std::vector<Tensor> images;
  std::vector<std::int64_t> labels;
};

Images load(const std::string& path, std::int64_t count) {
  const auto data = open_dataset({.path = path, .count = count});
  Images loaded;
  for (std::int64_t i = 0; i < data->size(); ++i) {
    loaded.images.push_back(data->load(i));
    loaded.labels.push_back(data->label(i));
  }
  return loaded;
}

/// Whether each image is named rightly.
std::vector<bool> right(const Context& context, Victim& victim, const Images& set) {
  Shape all = set.images[0].shape();
  const std::int64_t size = all.count();
  all.n = static_cast<std::int64_t>(set.images.size());
  Tensor images = Tensor::host(all);
  for (std::int64_t i = 0; i < all.n; ++i) {
    std::copy_n(set.images[static_cast<std::size_t>(i)].data(), size, images.data() + i * size);
  }
  const Tensor logits = as_classifier(context, victim)(images);
  const std::int64_t classes = victim.classes();
  std::vector<bool> result;
  for (std::int64_t i = 0; i < all.n; ++i) {
    const float* row = logits.data() + i * classes;
    result.push_back(std::max_element(row, row + classes) - row ==
                     set.labels[static_cast<std::size_t>(i)]);
  }
  return result;
}

double share(const std::vector<bool>& values) {
  return 100.0 * static_cast<double>(std::count(values.begin(), values.end(), true)) /
         static_cast<double>(values.size());
}

Images attacked(const Context& context, Victim& victim, const Images& set, float epsilon, int steps,
                int samples, bool stay) {
  PgdOptions options;
  options.steps = steps;
  options.samples = victim.random() ? samples : 1;
  options.stay = stay || victim.random();  // one lucky draw is no success
  const auto attack = pgd(context, victim, std::move(options));
  Images result;
  result.images.resize(set.images.size());
  result.labels = set.labels;
  std::size_t next = 0;
  run_attack(
      *attack,
      [&]() -> std::optional<Example> {
        if (next == set.images.size()) return std::nullopt;
        Tensor image = Tensor::host(set.images[next].shape());
        std::copy_n(set.images[next].data(), image.count(), image.data());
        Example example{.index = static_cast<std::int64_t>(next),
                        .image = std::move(image),
                        .label = set.labels[next],
                        .epsilon = epsilon};
        ++next;
        return example;
      },
      [&](Outcome outcome) {
        result.images[static_cast<std::size_t>(outcome.index)] = std::move(outcome.image);
      });
  return result;
}

using MakeVictim = std::function<std::unique_ptr<Victim>(const Context&)>;

struct Bench {
  const Context& context;
  const Context& fresh;  ///< another seed: its draws are none that an attack has seen
  const Network& network;
  const Images& set;
  float epsilon;
  int steps, samples;
  Images naive{};

  std::unique_ptr<Victim> bare(const Context& of) const {
    const Shape shape = set.images[0].shape();
    return make_victim(of, network, shape.h, shape.w, kBatch);
  }
  MakeVictim behind(const std::string& spec) const {
    return [this, spec](const Context& of) {
      return defended(of, bare(of), parse_transforms(of, spec));
    };
  }
  Images crafted_on(const MakeVictim& make, bool stay) const {
    return attacked(context, *make(context), set, epsilon, steps, samples, stay);
  }
  void row(const std::string& name, const MakeVictim& make,
           const std::vector<Images>& singly) const {
    const auto judge = make(fresh);
    const auto accuracy = [&](const Images& images) { return share(right(fresh, *judge, images)); };
    std::vector<bool> worst(set.images.size(), true);
    for (const Images& images : singly) {
      const std::vector<bool> left = right(fresh, *judge, images);
      for (std::size_t i = 0; i < worst.size(); ++i) worst[i] = worst[i] && left[i];
    }
    char one_by_one[16] = "";
    if (!singly.empty()) std::snprintf(one_by_one, sizeof one_by_one, "%.1f", share(worst));
    std::printf("| %s | %.1f | %.1f | %s | %.1f |\n", name.c_str(), accuracy(set), accuracy(naive),
                one_by_one, accuracy(crafted_on(make, false)));
    std::fflush(stdout);
  }
};

void run(char** arguments, int count) {
  const Network network = load_network({.model = arguments[0], .weights = arguments[1]});
  const Images set = load(arguments[2], std::atoll(arguments[3]));
  const Context context({.device = arguments[7], .seed = 1});
  const Context fresh({.device = arguments[7], .seed = 2});
  Bench bench{context,
              fresh,
              network,
              set,
              static_cast<float>(std::atof(arguments[4]) / 255),
              std::atoi(arguments[5]),
              std::atoi(arguments[6])};
  const MakeVictim bare = [&](const Context& of) { return bench.bare(of); };
  bench.naive = bench.crafted_on(bare, true);
  bench.row("none", bare, {});

  std::vector<Images> singly;
  std::vector<MakeVictim> members;
  std::string stack;
  for (int k = 8; k < count; ++k) {
    const std::string spec = arguments[k];
    members.push_back(bench.behind(spec));
    bench.row(spec, members.back(), {});
    if (count > 9) singly.push_back(bench.crafted_on(members.back(), true));
    stack += (stack.empty() ? "" : "+") + spec;
  }
  if (members.size() < 2) return;
  bench.row("stacked", bench.behind(stack), singly);
  bench.row(
      "averaged",
      [&](const Context& of) {
        std::vector<std::unique_ptr<Victim>> made;
        for (const MakeVictim& make : members) made.push_back(make(of));
        return averaged(of, std::move(made));
      },
      singly);
}

}  // namespace
}  // namespace phosphene

int main(int argc, char** argv) {
  if (argc < 9) {
    std::fprintf(stderr,
                 "usage: bench_defences MODEL WEIGHTS DATA COUNT EPS/255 STEPS SAMPLES DEVICE "
                 "SPEC...\n");
    return 2;
  }
  try {
    phosphene::run(argv + 1, argc - 1);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_defences: %s\n", error.what());
    return 1;
  }
  return 0;
}
