#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "phosphene/graph.hpp"
#include "phosphene/network.hpp"
#include "phosphene/session.hpp"

namespace phosphene {

/// One node after fusion, as a lowering sees it. Shapes carry the session's whole batch.
/// Possible fusions: conv (+ a following BatchNorm folded into its weights) (+ add) (+ ReLU).
struct StepSpec {
  std::string name;           ///< "conv1_1+relu1_1"
  Op op;                      ///< never Input, Dropout; Flatten only where it moves data
  std::vector<Shape> inputs;  ///< with `residual`, the last is added before the ReLU
  Shape output;
  bool relu = false;
  bool residual = false;
  bool backward = false;  ///< an input gradient will be asked for
  bool direct = false;    ///< products are summed as they are: no Winograd, no Fourier transform

  const Network* network = nullptr;
  std::string weights;      ///< prefix of the node's arrays
  std::string folded_norm;  ///< prefix of a BatchNorm to fold, or empty
  float folded_eps = 0;
};

/// The weights of a Conv or Linear step with its BatchNorm folded in:
///   w' = w g / sqrt(var + eps),  b' = (b - mean) g / sqrt(var + eps) + beta
/// `bias` is zeros where the node has none.
struct StepWeights {
  std::vector<std::int64_t> shape;  ///< of weight: [out, in / groups, kh, kw] or [out, in]
  std::vector<float> weight, bias;
};
StepWeights step_weights(const StepSpec& spec);

/// A BatchNorm that stays a step of its own: y = a x + b per channel.
struct ScaleShift {
  std::vector<float> a, b;
};
ScaleShift step_scale_shift(const StepSpec& spec);

/// The pointers of a step, fixed for the session's life.
struct StepBuffers {
  std::vector<const void*> x;  ///< inputs; nhwc in storage type (Normalise: nchw in image type)
  void* y = nullptr;
  void* d_y = nullptr;        ///< the step may overwrite it
  std::vector<void*> d_x;     ///< written, not added to; null where not wanted
  void* state = nullptr;      ///< kept from forward to backward
  void* workspace = nullptr;  ///< shared by all steps, lives for one call
};

/// One entry of a session's flat list.
class Step {
 public:
  /// What the memory plan must know.
  struct Needs {
    std::size_t state = 0;      ///< bytes: mask bits, argmax
    std::size_t workspace = 0;  ///< bytes
    bool input = false;         ///< backward reads x
    bool output = false;        ///< backward reads y
  };

  virtual ~Step() = default;
  virtual Needs needs() const = 0;
  /// Called once, after the memory plan and before the first forward().
  virtual void bind(const StepBuffers& buffers) = 0;
  virtual void forward() = 0;
  virtual void backward(ReluRule rule) = 0;
};

/// A backend: turns a StepSpec into a Step on its device.
class Lowering {
 public:
  virtual ~Lowering() = default;
  virtual DType storage() const = 0;  ///< of activations and their gradients
  virtual DType image_type() const { return DType::f32; }
  virtual std::unique_ptr<Step> lower(const StepSpec& spec) = 0;
  /// y += x and y = 0, for gradients that meet at a node; count elements of storage type.
  virtual void add(const void* x, void* y, std::int64_t count) = 0;
  virtual void zero(void* y, std::int64_t count) = 0;
};

std::unique_ptr<Lowering> make_cpu_lowering(const Context& context);
std::unique_ptr<Lowering> make_cuda_lowering(const Context& context);

}  // namespace phosphene
