#include "phosphene/models.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "engine/models/alexnet.hpp"
#include "engine/models/builder.hpp"
#include "engine/models/densenet.hpp"
#include "engine/models/googlenet.hpp"
#include "engine/models/resnet.hpp"
#include "engine/models/small.hpp"
#include "engine/models/squeezenet.hpp"
#include "engine/models/vgg.hpp"
#include "phosphene/error.hpp"
#include "phosphene/text.hpp"

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
  const std::vector<std::string> near = near_names(name, known);
  throw UsageError(
      "--weights '" + name + "': no such file, and none fetched under this name: try " +
      "scripts/fetch_weights.sh " + name + (near.empty() ? "" : "; cached: " + joined(near)));
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
  void (*build)(ModelBuilder& builder);
};

const std::vector<Family>& families() {
  static const std::vector<Family> all{
      {vgg_names(), vgg},       {alexnet_names(), alexnet},     {densenet_names(), densenet},
      {resnet_names(), resnet}, {googlenet_names(), googlenet}, {squeezenet_names(), squeezenet},
      {small_names(), small}};
  return all;
}

const Family& family_of(const std::string& model) {
  for (const Family& family : families()) {
    if (std::ranges::find(family.names, model) != family.names.end()) return family;
  }
  throw UsageError("--model '" + printable(model) + "': no such model" +
                   near_text(model, model_names(), 4));
}

Network build(const std::string& model, Weights weights, const NetworkOptions& options,
              std::optional<std::uint64_t> seed) {
  ModelBuilder builder(model, weights, options, seed);
  family_of(model).build(builder);
  NetworkInfo info = builder.info();
  Graph graph = builder.finish();
  return {std::move(graph), std::move(weights), std::move(info)};
}

std::string model_of(const Weights& weights) {
  const auto said = weights.metadata().find("model");
  return said == weights.metadata().end() ? "" : said->second;
}

}  // namespace

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const Family& family : families()) {
    names.insert(names.end(), family.names.begin(), family.names.end());
  }
  return names;
}

Network make_model(const std::string& model, Weights weights, const NetworkOptions& options) {
  family_of(model);  // so that an unknown name is refused as such
  const std::string said = model_of(weights);
  if (!said.empty() && said != model) {
    throw Error(weights.source() + ": holds the weights of " + printable(said) + ", not of " +
                model);
  }
  return build(model, std::move(weights), options, {});
}

Network load_network(const NetworkOptions& options) {
  constexpr std::string_view kRandom = "random:";
  constexpr const char* kUsual = "vgg19";
  std::string model = options.model;
  if (options.weights.starts_with(kRandom)) {
    const std::uint64_t seed = parse_seed(options.weights.substr(kRandom.size()));
    Weights drawn;
    drawn.set_source(options.weights);
    return build(model.empty() ? kUsual : model, std::move(drawn), options, seed);
  }
  const bool bundled = std::ranges::count(Weights::bundled_names(), options.weights) > 0;
  Weights weights =
      bundled ? Weights::bundled(options.weights) : Weights::load(find_weights(options.weights));
  if (model.empty()) model = model_of(weights);
  if (!model.empty()) return make_model(model, std::move(weights), options);
  const std::string source = weights.source();
  try {
    return make_model(kUsual, std::move(weights), options);
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {  // which would speak of a model that nobody named
    std::string why = error.what();
    if (why.starts_with(source + ": ")) why.erase(0, source.size() + 2);
    throw UnnamedModel(source + ": does not say its model (tried as " + kUsual + ": " + why + ")");
  }
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
