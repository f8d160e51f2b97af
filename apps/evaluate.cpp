// Measures every method that says where a network looks, on pictures whose object is known.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "attributions.hpp"
#include "common.hpp"
#include "evaluate_report.hpp"
#include "evaluate_score.hpp"
#include "explain_flags.hpp"
#include "phosphene/datasets/shapes.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"
#include "phosphene/image.hpp"
#include "phosphene/methods/evaluate.hpp"
#include "phosphene/models.hpp"
#include "progress.hpp"

namespace {

using namespace phosphene;
using apps::Row;

struct Flags : apps::ClassifierFlags {
  std::int64_t count = 200;
  std::uint64_t data_seed = 2;
  double tolerance = 4;
  CausalOptions causal;
  std::vector<std::string> methods;
};

void add_flags(CLI::App& app, Flags& f) {
  f.add_to(app, "Folder for pictures of the maps of one object a class");
  app.get_option("--out")->required(false);
  app.add_option("--count", f.count, "How many pictures")
      ->check(CLI::Range(std::int64_t{8}, std::int64_t{100000}))
      ->capture_default_str();
  app.add_option("--data-seed", f.data_seed, "Which pictures; 1 is what the bundled network learnt")
      ->capture_default_str();
  app.add_option("--methods", f.methods, "Some of them: gradient,grad-cam [all]")->delimiter(',');
  app.add_option("--tolerance", f.tolerance,
                 "Of the pointing game, in pixels (the peers' 15 of 224 are 4 of 64)")
      ->check(CLI::Range(0.0, 64.0))
      ->capture_default_str();
  app.add_option("--step", f.causal.step, "Pixels an evaluation of insertion and deletion takes")
      ->check(CLI::Range(std::int64_t{1}, kShapesSize * kShapesSize))
      ->capture_default_str();
  app.add_option("--blur", f.causal.blur_sigma,
                 "Sigma in pixels of the picture that insertion starts from")
      ->check(CLI::Range(0.1, 64.0))
      ->capture_default_str();
}

/// Those of a host batch that `indices` name.
Tensor several(const Tensor& batch, const std::vector<std::int64_t>& indices) {
  const Shape& s = batch.shape();
  const std::int64_t size = s.c * s.pixels();
  Tensor result = Tensor::host({static_cast<std::int64_t>(indices.size()), s.c, s.h, s.w});
  float* to = result.data();
  for (std::int64_t i : indices) to = std::copy_n(batch.data() + i * size, size, to);
  return result;
}

apps::Pictures draw(std::uint64_t seed, std::int64_t count) {
  apps::Pictures pictures;
  pictures.images = Tensor::host({count, 3, kShapesSize, kShapesSize});
  pictures.masks = Tensor::host({count, 1, kShapesSize, kShapesSize});
  for (std::int64_t i = 0; i < count; ++i) {
    const ShapesSample sample = shapes(seed, static_cast<std::uint64_t>(i));
    const std::int64_t mask = sample.mask.count(), image = sample.image.count();
    std::copy_n(sample.image.data(), image, pictures.images.data() + i * image);
    std::copy_n(sample.mask.data(), mask, pictures.masks.data() + i * mask);
    pictures.labels.push_back(sample.label);
  }
  return pictures;
}

/// What chance says.
Tensor noise(std::uint64_t seed, const Shape& shape) {
  Tensor maps = Tensor::host(shape);
  std::mt19937_64 bits(seed);
  for (std::int64_t i = 0; i < maps.count(); ++i) {
    maps.data()[i] = static_cast<float>(bits() >> 40) * 0x1p-24F;
  }
  return maps;
}

/// Where Adebayo et al.'s cascade begins: nowhere but in the last layer, or in the upper half.
std::string upper_half(const Graph& graph) {
  std::vector<std::string> layers;
  for (const Node& node : graph.nodes()) {
    if (std::holds_alternative<op::Conv>(node.op) || std::holds_alternative<op::Linear>(node.op)) {
      layers.push_back(node.name);
    }
  }
  return layers[layers.size() / 2];
}

/// A network of random weights for each class: what one draw happens to show averages out. `from`
/// is the first node that is drawn.
std::vector<Network> drawn_networks(const Network& network, std::uint64_t seed,
                                    const std::string& from) {
  std::vector<Network> drawn;
  for (std::uint64_t k = 0; k < shapes_labels().size(); ++k) {
    drawn.push_back(with_random_weights(network, seed + k, from));
  }
  return drawn;
}

std::vector<const Network*> pointers(const std::vector<Network>& networks) {
  std::vector<const Network*> result;
  for (const Network& network : networks) result.push_back(&network);
  return result;
}

/// The maps of every picture's own class. networks[k] is asked for those of class k.
Tensor maps_of(const apps::Attribution& method, const Context& context,
               const std::vector<const Network*>& networks, const apps::Pictures& pictures) {
  const Shape& s = pictures.images.shape();
  Tensor maps = Tensor::host({s.n, 1, s.h, s.w});
  for (std::size_t label = 0; label < networks.size(); ++label) {
    std::vector<std::int64_t> indices;
    for (std::int64_t i = 0; i < s.n; ++i) {
      if (pictures.labels[static_cast<std::size_t>(i)] == static_cast<std::int64_t>(label)) {
        indices.push_back(i);
      }
    }
    const Tensor own = method.maps(context, *networks[label], several(pictures.images, indices),
                                   indices, static_cast<std::int64_t>(label));
    const float* from = own.data();
    for (std::int64_t i : indices) {
      std::copy_n(from, s.pixels(), maps.data() + i * s.pixels());
      from += s.pixels();
    }
  }
  return maps;
}

std::vector<apps::Attribution> chosen_methods(const std::vector<std::string>& names) {
  const std::vector<apps::Attribution>& all = apps::attributions();
  if (names.empty()) return all;
  std::vector<apps::Attribution> chosen;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(all, name, &apps::Attribution::name);
    if (found == all.end()) {
      std::string expected;
      for (const apps::Attribution& method : all) {
        expected += (expected.empty() ? "" : ", ") + method.name;
      }
      throw UsageError("--methods '" + printable(name) + "': expected some of " + expected);
    }
    chosen.push_back(*found);
  }
  return chosen;
}

void check(const Flags& f, const Network& network) {
  const auto expected = static_cast<std::int64_t>(shapes_labels().size());
  if (const std::int64_t classes = class_count(network.graph()); classes != expected) {
    throw UsageError("--weights " + f.weights + ": a network of " + std::to_string(classes) +
                     " classes, expected the " + std::to_string(expected) + " of the shapes");
  }
  if (f.input_size != 0 && f.input_size != kShapesSize) {
    throw UsageError("--input-size " + std::to_string(f.input_size) + ": the pictures have " +
                     std::to_string(kShapesSize) + " pixels a side, expected that or nothing");
  }
  apps::refuse_overwriting({{"--json", f.json}},
                           {{"--weights", f.weights}, {"--labels", f.labels}});
  if (!f.out.empty()) apps::make_folder("--out", f.out);
  if (!f.json.empty()) check_writable(f.json);
}

int evaluate(const Flags& f, int argc, char** argv) {
  const std::vector<apps::Attribution> methods = chosen_methods(f.methods);
  const Network network = load_network(f.network_options());
  check(f, network);
  const auto device = apps::make_context(f);
  const Context& context = *device;
  const apps::Pictures pictures = draw(f.data_seed, f.count);
  const apps::Scorer scorer(context, network, pictures, f.tolerance, f.causal);

  const std::string all;
  const std::array cascade{
      drawn_networks(network, f.seed, score_layer(network.graph())),
      drawn_networks(network, f.seed, upper_half(network.graph())),
      drawn_networks(network, f.seed, all),
  };
  const std::vector<const Network*> trained(shapes_labels().size(), &network);

  apps::Progress progress(static_cast<int>(methods.size()));
  std::vector<Row> rows, random_rows;
  std::vector<Tensor> maps;
  std::array<std::vector<Tensor>, 3> random_maps;  // by the cascade's three stages
  const Tensor chance = noise(f.seed, pictures.masks.shape());
  const Tensor edges = sobel(pictures.images);
  rows.push_back(scorer.row("random map", "", chance));
  rows.push_back(scorer.row("edges (Sobel)", "", edges));
  for (const apps::Attribution& method : methods) {
    maps.push_back(maps_of(method, context, trained, pictures));
    rows.push_back(scorer.row(method.name, "trained", maps.back()));
    for (std::size_t k = 0; k < cascade.size(); ++k) {
      random_maps[k].push_back(maps_of(method, context, pointers(cascade[k]), pictures));
      rows.back().correlation[k] = apps::correlations(maps.back(), random_maps[k].back());
    }
    random_rows.push_back(scorer.row(method.name, "random", random_maps.back().back()));
    progress.at(static_cast<int>(maps.size()), method.name);
  }
  rows.insert(rows.end(), std::make_move_iterator(random_rows.begin()),
              std::make_move_iterator(random_rows.end()));

  const double right = scorer.accuracy();
  std::printf("%lld pictures of shapes, seed %llu; the network names %.1f %% of them.\n\n%s",
              static_cast<long long>(f.count), static_cast<unsigned long long>(f.data_seed),
              100 * right, apps::table(rows).c_str());
  if (!f.out.empty()) {
    const auto save = [&](const char* name, const std::vector<Tensor>& shown) {
      std::vector<const Tensor*> columns{&chance, &edges};
      for (const Tensor& map : shown) columns.push_back(&map);
      save_image(f.out + "/" + name, apps::contact_sheet(pictures, columns));
    };
    save("maps_trained.png", maps);
    save("maps_upper_half_random.png", random_maps[1]);
    save("maps_random.png", random_maps[2]);
  }
  if (!f.json.empty()) {
    nlohmann::json result = {{"provenance", apps::provenance(context, argc, argv)},
                             {"weights", network.weights().source()},
                             {"model", network.info().model},
                             {"count", f.count},
                             {"data_seed", f.data_seed},
                             {"tolerance", f.tolerance},
                             {"step", f.causal.step},
                             {"blur", f.causal.blur_sigma},
                             {"hidden", zero_colour(network.graph())},
                             {"accuracy", right},
                             {"rows", apps::to_json(rows)}};
    apps::write_json(f.json, result);
  }
  return apps::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Measures every method that says where a network looks, on drawn objects",
               "evaluate");
  app.footer("Example: evaluate --count 200 --json evaluation.json --out maps/");
  Flags f;
  add_flags(app, f);
  return apps::run(app, argc, argv, [&] { return evaluate(f, argc, argv); });
}
