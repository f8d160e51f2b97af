#include "engine/cuda/conv_graph.hpp"

namespace phosphene::cuda {
namespace {

constexpr std::int64_t kAlignment = 16;  // bytes: every buffer of a memory plan keeps to it

/// The descriptors of one operation graph as it grows. They live as long as its plans.
class GraphBuilder {
 public:
  explicit GraphBuilder(const ConvProblem& problem) : problem_(problem) {}

  void forward();
  void input_gradient();
  const std::vector<cudnnBackendDescriptor_t>& operations() const { return operations_; }
  std::vector<Descriptor> take() { return std::move(kept_); }

 private:
  const Descriptor& keep(Descriptor descriptor) {
    kept_.push_back(std::move(descriptor));
    return kept_.back();
  }
  cudnnDataType_t storage() const {
    return problem_.precision == Precision::bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
  }
  Descriptor tensor(std::int64_t uid, const Shape& shape, cudnnDataType_t type,
                    bool is_virtual = false);
  Descriptor convolution();
  void add_operation(Descriptor operation, const char* what);
  /// Appends y = f(x) or f(x, b) and returns y, which is the graph's output if `last`.
  Descriptor pointwise(cudnnPointwiseMode_t mode, const Descriptor& x, const Descriptor* b,
                       bool last);

  const ConvProblem& problem_;
  std::vector<Descriptor> kept_;
  std::vector<cudnnBackendDescriptor_t> operations_;
  std::int64_t next_virtual_ = uid::kVirtual;
};

Descriptor GraphBuilder::tensor(std::int64_t uid, const Shape& s, cudnnDataType_t type,
                                bool is_virtual) {
  Descriptor d(CUDNN_BACKEND_TENSOR_DESCRIPTOR);
  d.set(CUDNN_ATTR_TENSOR_DATA_TYPE, type);
  d.set(CUDNN_ATTR_TENSOR_DIMENSIONS, std::vector<std::int64_t>{s.n, s.c, s.h, s.w});
  d.set(CUDNN_ATTR_TENSOR_STRIDES, std::vector<std::int64_t>{s.h * s.w * s.c, 1, s.w * s.c, s.c});
  d.set(CUDNN_ATTR_TENSOR_UNIQUE_ID, uid);
  d.set(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, kAlignment);
  d.set(CUDNN_ATTR_TENSOR_IS_VIRTUAL, is_virtual);
  d.finalize("cuDNN tensor of " + to_string(problem_));
  return d;
}

Descriptor GraphBuilder::convolution() {
  const Window& w = problem_.window;
  Descriptor d(CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
  d.set(CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
  d.set(CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_CROSS_CORRELATION);
  d.set(CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, std::int64_t{2});
  using Pair = std::vector<std::int64_t>;
  d.set(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, Pair{w.pad.top, w.pad.left});
  d.set(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, Pair{w.pad.bottom, w.pad.right});
  d.set(CUDNN_ATTR_CONVOLUTION_DILATIONS, Pair{w.dilation.h, w.dilation.w});
  d.set(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, Pair{w.stride.h, w.stride.w});
  d.finalize("cuDNN convolution of " + to_string(problem_));
  return d;
}

void GraphBuilder::add_operation(Descriptor operation, const char* what) {
  operation.finalize(std::string("cuDNN ") + what + " of " + to_string(problem_));
  operations_.push_back(keep(std::move(operation)).raw());
}

Descriptor GraphBuilder::pointwise(cudnnPointwiseMode_t mode, const Descriptor& x,
                                   const Descriptor* b, bool last) {
  Descriptor function(CUDNN_BACKEND_POINTWISE_DESCRIPTOR);
  function.set(CUDNN_ATTR_POINTWISE_MODE, mode);
  function.set(CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
  function.finalize("cuDNN pointwise function");
  Descriptor y = last ? tensor(uid::kY, problem_.y, storage())
                      : tensor(next_virtual_++, problem_.y, CUDNN_DATA_FLOAT, true);
  Descriptor operation(CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, function);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
  if (b) operation.set(CUDNN_ATTR_OPERATION_POINTWISE_BDESC, *b);
  operation.set(CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
  add_operation(std::move(operation), "epilogue");
  keep(std::move(function));
  return y;
}

void GraphBuilder::forward() {
  // In this order: with the bias before the residual, cuDNN finds no plan.
  int left = int{problem_.residual} + int{problem_.bias} + int{problem_.relu};
  Descriptor y = left == 0 ? tensor(uid::kY, problem_.y, storage())
                           : tensor(next_virtual_++, problem_.y, CUDNN_DATA_FLOAT, true);
  Descriptor operation(CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, keep(convolution()));
  operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                keep(tensor(uid::kX, problem_.x, storage())));
  operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                keep(tensor(uid::kW, problem_.w, storage())));
  operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y);
  operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, 1.0F);
  operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, 0.0F);
  add_operation(std::move(operation), "convolution");

  const auto append = [&](cudnnPointwiseMode_t mode, const Descriptor* b) {
    Descriptor next = pointwise(mode, y, b, --left == 0);
    keep(std::exchange(y, std::move(next)));
  };
  if (problem_.residual) {
    Descriptor z = tensor(uid::kResidual, problem_.y, storage());
    append(CUDNN_POINTWISE_ADD, &z);
    keep(std::move(z));
  }
  if (problem_.bias) {
    Descriptor bias = tensor(uid::kBias, {1, problem_.y.c, 1, 1}, storage());
    append(CUDNN_POINTWISE_ADD, &bias);
    keep(std::move(bias));
  }
  if (problem_.relu) append(CUDNN_POINTWISE_RELU_FWD, nullptr);
  keep(std::move(y));
}

void GraphBuilder::input_gradient() {
  Descriptor operation(CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR);
  operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, keep(convolution()));
  operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                keep(tensor(uid::kX, problem_.x, storage())));
  operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                keep(tensor(uid::kW, problem_.w, storage())));
  operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY,
                keep(tensor(uid::kY, problem_.y, storage())));
  operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, 1.0F);
  operation.set(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, 0.0F);
  add_operation(std::move(operation), "input gradient");
}

}  // namespace

std::optional<ConvGraph> build_conv_graph(const PlanTarget& target, const ConvProblem& problem) {
  GraphBuilder builder(problem);
  problem.direction == ConvDirection::forward ? builder.forward() : builder.input_gradient();
  Descriptor graph(CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
  target.describe_graph(graph);
  graph.set(CUDNN_ATTR_OPERATIONGRAPH_OPS, builder.operations());
  const cudnnStatus_t status = graph.try_finalize();
  if (is_unsupported(status)) return std::nullopt;
  check(status, "cuDNN operation graph of " + to_string(problem));
  return ConvGraph{builder.take(), std::move(graph)};
}

}  // namespace phosphene::cuda
