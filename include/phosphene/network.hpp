#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "phosphene/context.hpp"
#include "phosphene/graph.hpp"

namespace phosphene {

/// A named array of a weights file, as fp32 on the host.
struct HostArray {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// Name -> array, and the file's metadata. Immutable once read.
class Weights {
 public:
  Weights() = default;
  /// Reads a safetensors file. F16, BF16 and F64 are converted to fp32. Throws Error that names
  /// the file and what is wrong with it (format, NaN or infinity in a tensor).
  static Weights load(const std::string& path);

  bool has(const std::string& name) const { return arrays_.contains(name); }
  /// Throws Error that names `name`, the file, and the near names.
  const HostArray& at(const std::string& name) const;
  /// The same, and the shape must be `shape`, where -1 stands for any extent.
  const HostArray& at(const std::string& name, const std::vector<std::int64_t>& shape) const;
  void set(std::string name, HostArray array) { arrays_[std::move(name)] = std::move(array); }

  const std::map<std::string, HostArray>& arrays() const { return arrays_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::string& source() const { return source_; }  ///< the file, or "random:SEED"
  void set_source(std::string source) { source_ = std::move(source); }
  void set_metadata(std::map<std::string, std::string> metadata) {
    metadata_ = std::move(metadata);
  }

 private:
  std::map<std::string, HostArray> arrays_;
  std::map<std::string, std::string> metadata_;
  std::string source_;
};

/// What is known of a network beyond its graph.
struct NetworkInfo {
  std::string model;                ///< "resnet50"; empty if the graph was built by hand
  std::int64_t input_size = 0;      ///< side of the square of pixels it was trained on; 0: unknown
  std::vector<std::string> labels;  ///< one a class; empty if unknown
};

/// A graph with its weights: unfused and frozen. Construction checks that every node finds its
/// arrays in the right shape. Sessions made from it share its cache of lowered weights.
class Network {
 public:
  Network(Graph graph, Weights weights, NetworkInfo info = {});

  const Graph& graph() const { return graph_; }
  const Weights& weights() const { return weights_; }
  const NetworkInfo& info() const { return info_; }

  /// Weights as a lowering wants them (folded, laid out, on the device), made once per key.
  template <class Make>
  const Tensor& lowered(const std::string& key, Make make) const {
    auto it = lowered_.find(key);
    if (it == lowered_.end()) it = lowered_.emplace(key, make()).first;
    return it->second;
  }

 private:
  Graph graph_;
  Weights weights_;
  NetworkInfo info_;
  mutable std::map<std::string, Tensor> lowered_;
};

}  // namespace phosphene
