// How every family grows its graph: around the arrays of a file, or around arrays that are drawn.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/models/preprocessing.hpp"
#include "engine/models/random.hpp"
#include "phosphene/models.hpp"
#include "phosphene/network.hpp"

namespace phosphene {

/// A convolution of a published network. In a file it may have another number of output channels,
/// not another kernel.
struct ConvLayer {
  std::int64_t out = 0;
  int kernel = 1, stride = 1, pad = 0;
  bool bias = true;  ///< it must have one; without, it has one if the file has
};

/// Appends nodes behind a place in the graph, `here`, which moves along. Every array that a node
/// needs counts as used; without a file it is drawn in its published shape.
class ModelBuilder {
 public:
  /// Fills `weights` with random arrays if there is a `seed`.
  ModelBuilder(std::string model, Weights& weights, const NetworkOptions& options,
               std::optional<std::uint64_t> seed);

  const std::string& model() const { return model_; }
  const std::string& source() const { return weights_.source(); }
  bool drawn() const { return normal_.has_value(); }
  /// Whether the file has the layer of this prefix.
  bool has(const std::string& prefix) const { return weights_.has(prefix + ".weight"); }
  /// The extents of its weight; empty if there is none.
  std::vector<std::int64_t> shape(const std::string& prefix) const;
  std::string metadata(const std::string& key) const;

  int here() const { return here_; }
  void go_to(int node) { here_ = node; }
  std::int64_t channels() const { return channels_[static_cast<std::size_t>(here_)]; }

  /// The first node: what the file or the user says of the pixels, else the family's `usual`.
  void input(const op::Normalise& usual, std::int64_t size);
  /// The first node of a network that does its preprocessing itself.
  void input_as_is();
  int then(const std::string& name, Op op, const std::string& prefix = {});
  int join(const std::string& name, Op op, const std::vector<int>& inputs);
  /// A layer with weights; `prefix` is its name in the file, if another.
  int conv(const std::string& name, const ConvLayer& layer, const std::string& prefix = {});
  int norm(const std::string& name, const std::string& prefix = {}, float eps = 1e-5F);
  /// `in` is the published number of inputs.
  int linear(const std::string& name, std::int64_t out, std::int64_t in,
             const std::string& prefix = {});
  int relu(const std::string& name) { return then(name, op::Relu{}); }

  /// Tensors whose names begin so serve training alone.
  void skip(const std::string& prefix) { skipped_.push_back(prefix); }
  /// The network ends before this tensor, which the file has not.
  void ends_before(const std::string& tensor) { ended_at_ = tensor; }
  [[noreturn]] void refuse_other_model(const std::string& expected) const;

  /// Throws Error if the file has tensors that nothing used: it is another model's, or has a hole.
  Graph finish();
  /// Before finish().
  NetworkInfo info() const;

 private:
  void use(const std::string& prefix);
  void need(const std::string& tensor) const;

  std::string model_;
  Weights& weights_;
  const NetworkOptions& options_;
  std::optional<Normal> normal_;
  Graph graph_;
  std::int64_t size_ = 0;
  int here_ = 0;
  std::vector<std::int64_t> channels_{3};
  std::set<std::string> used_;
  std::vector<std::string> skipped_;
  std::string ended_at_;
};

/// A pooling or a padding alike on every side.
Window square_window(int kernel, int stride, int pad, bool ceil = false);

}  // namespace phosphene
