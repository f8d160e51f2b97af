#include "engine/models/builder.hpp"

#include <algorithm>
#include <utility>

#include "engine/models/labels.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

HostArray constant(std::int64_t count, float value) {
  return {{count}, std::vector<float>(static_cast<std::size_t>(count), value)};
}

}  // namespace

Window square_window(int kernel, int stride, int pad, bool ceil) {
  return {{kernel, kernel}, {stride, stride}, {}, Padding::all(pad), ceil};
}

ModelBuilder::ModelBuilder(std::string model, Weights& weights, const NetworkOptions& options,
                           std::optional<std::uint64_t> seed)
    : model_(std::move(model)), weights_(weights), options_(options) {
  if (seed) normal_.emplace(*seed);
}

std::vector<std::int64_t> ModelBuilder::shape(const std::string& prefix) const {
  return has(prefix) ? weights_.at(prefix + ".weight").shape : std::vector<std::int64_t>{};
}

std::string ModelBuilder::metadata(const std::string& key) const {
  const auto it = weights_.metadata().find(key);
  return it == weights_.metadata().end() ? "" : it->second;
}

void ModelBuilder::input(const op::Normalise& usual, std::int64_t size) {
  Preprocessing input =
      preprocessing_of(weights_.metadata(), weights_.source(), {usual, size}, options_);
  size_ = input.size;
  then("input", std::move(input.pixels));
}

void ModelBuilder::input_as_is() {
  if (!options_.mean.empty() || !options_.std.empty()) {
    throw UsageError("--mean, --std: " + source() + " brings its own preprocessing as a layer");
  }
  size_ = options_.input_size;
  then("input", op::Normalise{{0, 0, 0}, {1, 1, 1}, 1, false});
}

int ModelBuilder::then(const std::string& name, Op op, const std::string& prefix) {
  if (!prefix.empty()) use(prefix);
  std::int64_t out = channels();
  if (const auto* conv = std::get_if<op::Conv>(&op)) out = conv->out_channels;
  if (const auto* linear = std::get_if<op::Linear>(&op)) out = linear->out_features;
  here_ = graph_.add(name, std::move(op), {here_}, prefix);
  channels_.push_back(out);
  return here_;
}

int ModelBuilder::join(const std::string& name, Op op, const std::vector<int>& inputs) {
  std::int64_t out = 0;
  for (int from : inputs) out += channels_[static_cast<std::size_t>(from)];
  if (std::holds_alternative<op::Add>(op)) out = channels_[static_cast<std::size_t>(inputs[0])];
  here_ = graph_.add(name, std::move(op), inputs);
  channels_.push_back(out);
  return here_;
}

int ModelBuilder::conv(const std::string& name, const ConvLayer& layer, const std::string& given) {
  const std::string prefix = given.empty() ? name : given;
  const std::string weight = prefix + ".weight", bias = prefix + ".bias";
  if (normal_) {
    weights_.set(weight, normal_->weight({layer.out, channels(), layer.kernel, layer.kernel}));
    if (layer.bias) weights_.set(bias, constant(layer.out, 0));
  }
  need(weight);
  const HostArray& array = weights_.at(weight, {-1, -1, layer.kernel, layer.kernel});
  op::Conv conv;
  conv.window = square_window(layer.kernel, layer.stride, layer.pad);
  conv.out_channels = array.shape[0];
  conv.bias = layer.bias || weights_.has(bias);
  return then(name, conv, prefix);
}

int ModelBuilder::norm(const std::string& name, const std::string& given, float eps) {
  const std::string prefix = given.empty() ? name : given;
  if (normal_) {
    for (const char* zero : {".bias", ".running_mean"}) {
      weights_.set(prefix + zero, constant(channels(), 0));
    }
    for (const char* one : {".weight", ".running_var"}) {
      weights_.set(prefix + one, constant(channels(), 1));
    }
  }
  need(prefix + ".weight");
  return then(name, op::BatchNorm{eps}, prefix);
}

int ModelBuilder::linear(const std::string& name, std::int64_t out, std::int64_t in,
                         const std::string& given) {
  const std::string prefix = given.empty() ? name : given;
  if (normal_) {
    weights_.set(prefix + ".weight", normal_->weight({out, in}));
    weights_.set(prefix + ".bias", constant(out, 0));
  }
  need(prefix + ".weight");
  return then(name, op::Linear{weights_.at(prefix + ".weight", {-1, -1}).shape[0], true}, prefix);
}

void ModelBuilder::use(const std::string& prefix) {
  for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"}) {
    used_.insert(prefix + part);
  }
}

void ModelBuilder::need(const std::string& tensor) const {
  if (weights_.has(tensor)) return;
  if (used_.empty()) refuse_other_model("'" + tensor + "'");
  throw Error(weights_.source() + ": holds the weights of another model than " + model_ +
              ", or not all of them: it has no '" + tensor + "' (--model names another)");
}

void ModelBuilder::refuse_other_model(const std::string& expected) const {
  const auto& arrays = weights_.arrays();
  throw Error(
      weights_.source() + ": holds no " + model_ + " weights: expected " + expected + ", found " +
      (arrays.empty() ? "no tensor at all" : "e.g. '" + printable(arrays.begin()->first) + "'"));
}

Graph ModelBuilder::finish() {
  for (const auto& [name, array] : weights_.arrays()) {
    const bool idle =
        name.ends_with("num_batches_tracked") || name.find("_aux.") != std::string::npos ||
        std::ranges::any_of(
            skipped_, [&name = name](const std::string& part) { return name.starts_with(part); });
    if (!idle && !used_.contains(name)) {
      throw Error(weights_.source() + ": holds the weights of another model than " + model_ +
                  ", or not all of them: it has '" + printable(name) + "' but " +
                  (ended_at_.empty() ? model_ + " has not" : "no '" + ended_at_ + "'") +
                  " (--model names another)");
    }
  }
  return std::move(graph_);
}

NetworkInfo ModelBuilder::info() const {
  NetworkInfo info{model_, size_, {}};
  std::string where = "--labels";
  if (!options_.labels.empty()) {
    where += " " + printable(options_.labels);
    info.labels = load_labels(options_.labels);
  } else {
    for (const char* key : {"labels", "classes"}) {
      if (metadata(key).empty() || !info.labels.empty()) continue;
      where = weights_.source() + ": metadata '" + key + "'";
      info.labels = parse_labels(metadata(key), ',', where);
    }
  }
  if (info.labels.empty()) return info;
  const auto count = static_cast<std::int64_t>(info.labels.size());
  std::int64_t classes = 0;
  try {
    classes = class_count(graph_);
  } catch (const UsageError& error) {
    if (!options_.labels.empty()) throw UsageError(where + ": " + error.what());
    return {model_, size_, {}};  // the file was cut off before the classes that it speaks of
  }
  if (count == classes) return info;
  const std::string what = where + ": " + std::to_string(count) + " names, the network has " +
                           std::to_string(classes) + " classes";
  if (options_.labels.empty()) throw Error(what);
  throw UsageError(what);
}

}  // namespace phosphene
