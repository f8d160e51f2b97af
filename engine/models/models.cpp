#include "phosphene/models.hpp"

#include <unistd.h>

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

void check_model(const std::string& model) {
  if (is_vgg(model)) return;
  std::string names;
  for (const std::string& name : model_names()) names += (names.empty() ? "" : ", ") + name;
  throw UsageError("--model '" + model + "': expected one of " + names);
}

}  // namespace

const std::vector<std::string>& model_names() {
  static const std::vector<std::string> names{"vgg11",    "vgg13",    "vgg16",    "vgg19",
                                              "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn"};
  return names;
}

Network make_model(const std::string& model, Weights weights) {
  check_model(model);
  const auto said = weights.metadata().find("model");
  if (said != weights.metadata().end() && said->second != model) {
    throw Error(weights.source() + ": holds the weights of " + said->second + ", not of " + model);
  }
  Graph graph = vgg(model, weights);
  return {std::move(graph), std::move(weights)};
}

Network load_network(const std::string& model, const std::string& weights) {
  constexpr std::string_view kRandom = "random:";
  if (weights.starts_with(kRandom)) {
    if (model.empty()) return load_network("vgg19", weights);
    check_model(model);
    if (model.ends_with("_bn")) {
      throw UsageError("--weights " + weights + ": --model " + model +
                       " has BatchNorm, whose statistics cannot be drawn; take the one without");
    }
    return make_model(model, random_vgg(model, parse_seed(weights.substr(kRandom.size()))));
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
