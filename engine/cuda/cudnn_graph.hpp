// Convolutions as operation graphs of cuDNN 9: what is asked, the plans that answer it, and a plan
// tied to its pointers. The raw backend API: NVIDIA's header-only frontend over it costs half a
// minute and 2 GB of memory for every file that includes it.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/cuda/descriptor.hpp"
#include "phosphene/context.hpp"
#include "phosphene/graph.hpp"

namespace phosphene::cuda {

/// What plans are built for: the device of a handle, or one known by its properties alone, which
/// needs neither GPU nor driver (such plans can be looked at, not executed).
class PlanTarget {
 public:
  explicit PlanTarget(cudnnHandle_t handle) : handle_(handle) {}
  /// `json` as CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION takes it.
  static PlanTarget from_properties(const std::string& json);

  void describe_graph(Descriptor& graph) const;
  void describe_heuristics(Descriptor& heuristics) const;
  void describe_plan(Descriptor& plan) const;

 private:
  PlanTarget() = default;
  cudnnHandle_t handle_ = nullptr;
  std::optional<Descriptor> properties_;
};

/// forward         y = relu(x * w + z + bias), the last three where asked for
/// input_gradient  d_x = the transpose of (x * w), applied to d_y
enum class ConvDirection { forward, input_gradient };

/// A convolution. Maps are nhwc and filters krsc, dense; they and the bias are in the storage type
/// of `precision` (with an fp32 bias on bf16 maps cuDNN has no precompiled plan); products are
/// summed, and the epilogue computed, in fp32.
struct ConvProblem {
  ConvDirection direction = ConvDirection::forward;
  Precision precision = Precision::fp32;
  Shape x, y;  ///< of the forward convolution, in either direction
  Shape w;     ///< {out, in / groups, kh, kw}
  Window window;
  std::int64_t groups = 1;
  bool bias = false, residual = false, relu = false;  ///< forward alone
  bool direct = false;  ///< neither Winograd's nor a Fourier transform
};
/// What a node asks for by itself, in fp32 and with nothing fused.
ConvProblem conv_problem(const op::Conv& op, const Shape& x, const Shape& y);
/// All of it in one line: the key of a plan cache, and what errors name.
std::string to_string(const ConvProblem& problem);

struct PlanLimits {
  std::size_t preferred_workspace = std::size_t{256} << 20;  ///< bytes
  std::size_t most_workspace = std::size_t{1} << 30;  ///< where nothing keeps to the preferred
  bool deterministic = true;
};
/// Prefers what takes up to 256 MiB, or a quarter of y where that is more: the engines that run an
/// image's three channels on tensor cores first pad them to eight.
PlanLimits limits_for(const ConvProblem& problem);

struct ConvGraph;

/// A finalized execution plan. Steps of the same problem share one.
class ConvPlan {
 public:
  ConvPlan(std::shared_ptr<const ConvGraph> graph, Descriptor config, Descriptor plan);

  std::size_t workspace() const { return workspace_; }  ///< bytes
  /// Whether its engine carries the note: tensor cores, nondeterministic, ...
  bool has(cudnnBackendNumericalNote_t note) const;
  const Descriptor& descriptor() const { return plan_; }

 private:
  std::shared_ptr<const ConvGraph> graph_;  // outlives what was made from it
  Descriptor config_, plan_;
  std::size_t workspace_ = 0;
};

/// The first `wanted` plans that keep to the precision and the limits, in the order of cuDNN's
/// heuristics; none where no engine takes the problem. fp32 refuses engines that use tensor cores.
/// Throws Error where the problem contradicts itself.
std::vector<ConvPlan> plan_conv(const PlanTarget& target, const ConvProblem& problem,
                                const PlanLimits& limits, std::size_t wanted = 1);

/// Where the arrays of a ConvProblem lie. x and y hold gradients for an input gradient.
struct ConvPointers {
  const void* x = nullptr;
  const void* w = nullptr;
  const void* y = nullptr;
  const void* bias = nullptr;
  const void* residual = nullptr;
  void* workspace = nullptr;
};

/// A plan, which outlives it, with its pointers: one call, no allocation.
class ConvCall {
 public:
  ConvCall(const ConvPlan& plan, const ConvPointers& pointers);
  void run(cudnnHandle_t handle) const;

 private:
  cudnnBackendDescriptor_t plan_;
  Descriptor pack_;
};

}  // namespace phosphene::cuda
