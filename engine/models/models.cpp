#include "phosphene/models.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "engine/models/vgg.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

namespace fs = std::filesystem;

/// Where scripts/fetch_weights.sh puts what it brings: $PHOSPHENE_MODELS, then models/cache here or
/// in a folder above the program.
std::vector<fs::path> caches() {
  std::vector<fs::path> folders;
  if (const char* folder = std::getenv("PHOSPHENE_MODELS")) folders.emplace_back(folder);
  folders.emplace_back("models/cache");
  std::error_code ignored;
  fs::path above = fs::read_symlink("/proc/self/exe", ignored);
  while (above.has_relative_path()) {
    above = above.parent_path();
    folders.push_back(above / "models/cache");
  }
  return folders;
}

std::string find_weights(const std::string& name) {
  if (fs::exists(name) || name.find('/') != std::string::npos || name.ends_with(".safetensors")) {
    return name;
  }
  std::vector<std::string> known;
  for (const fs::path& folder : caches()) {
    const fs::path file = folder / (name + ".safetensors");
    if (fs::exists(file)) return file.string();
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
      if (entry.path().extension() == ".safetensors") known.push_back(entry.path().stem());
    }
  }
  std::string near;
  for (const std::string& candidate : near_names(name, known)) {
    near += (near.empty() ? "; cached: " : ", ") + candidate;
  }
  throw UsageError("--weights '" + name +
                   "': no such file, and none fetched under this name: try " +
                   "scripts/fetch_weights.sh " + name + near);
}

std::uint64_t parse_seed(const std::string& text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw UsageError("--weights 'random:" + text + "': expected random:SEED, SEED a whole number");
  }
  return seed;
}

/// What the networks of one paper share.
struct Family {
  const std::vector<std::string>& names;
  Graph (*graph)(const std::string& model, const Weights& weights);
  Weights (*random)(const std::string& model, std::uint64_t seed);
};

const std::vector<Family>& families() {
  static const std::vector<Family> all{{vgg_names(), vgg, random_vgg}};
  return all;
}

const Family& family_of(const std::string& model) {
  std::string expected;
  for (const Family& family : families()) {
    if (std::ranges::find(family.names, model) != family.names.end()) return family;
    for (const std::string& name : family.names) expected += (expected.empty() ? "" : ", ") + name;
  }
  throw UsageError("--model '" + printable(model) + "': expected one of " + expected);
}

}  // namespace

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const Family& family : families()) {
    names.insert(names.end(), family.names.begin(), family.names.end());
  }
  return names;
}

Network make_model(const std::string& model, Weights weights) {
  const Family& family = family_of(model);
  const auto said = weights.metadata().find("model");
  if (said != weights.metadata().end() && said->second != model) {
    throw Error(weights.source() + ": holds the weights of " + printable(said->second) +
                ", not of " + model);
  }
  Graph graph = family.graph(model, weights);
  return {std::move(graph), std::move(weights)};
}

Network load_network(const std::string& model, const std::string& weights) {
  constexpr std::string_view kRandom = "random:";
  if (weights.starts_with(kRandom)) {
    if (model.empty()) return load_network("vgg19", weights);
    const std::uint64_t seed = parse_seed(weights.substr(kRandom.size()));
    return make_model(model, family_of(model).random(model, seed));
  }
  Weights loaded = Weights::load(find_weights(weights));
  const auto said = loaded.metadata().find("model");
  const std::string name = !model.empty()                    ? model
                           : said != loaded.metadata().end() ? said->second
                                                             : "vgg19";
  return make_model(name, std::move(loaded));
}

Graph with_average_pooling(const Graph& graph) {
  Graph result(std::get<op::Input>(graph[0].op).channels);
  for (int i = 1; i < graph.size(); ++i) {
    const Node& node = graph[i];
    const auto* pool = std::get_if<op::MaxPool>(&node.op);
    result.add(node.name, pool ? Op{op::AvgPool{pool->window, false}} : node.op, node.inputs,
               node.weights);
  }
  return result;
}

}  // namespace phosphene
