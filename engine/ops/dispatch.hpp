#pragma once
#include "kernels/common.hpp"
#include "phosphene/context.hpp"
#include "phosphene/error.hpp"

/// Calls kernels::cpu::f(args...) or kernels::cuda::f(stream, args...), by the context's device.
#if PHOSPHENE_WITH_CUDA
#define PHOSPHENE_CALL(context, f, ...)                                                  \
  ((context).device().is_cuda()                                                          \
       ? ::phosphene::kernels::cuda::f(                                                  \
             static_cast<::phosphene::kernels::Stream>((context).stream()), __VA_ARGS__) \
       : ::phosphene::kernels::cpu::f(__VA_ARGS__))
#else
#define PHOSPHENE_CALL(context, f, ...) ((void)(context), ::phosphene::kernels::cpu::f(__VA_ARGS__))
#endif

namespace phosphene::ops {

/// Calls f with a null pointer of the element type.
template <class F>
void on_storage(DType dtype, F f) {
  switch (dtype) {
    case DType::f32:
      return f(static_cast<float*>(nullptr));
    case DType::bf16:
      return f(static_cast<kernels::bf16*>(nullptr));
    case DType::f64:
    case DType::i32:
      break;
  }
  throw Error("tensor ops: " + to_string(dtype) + " holds no activations");
}

}  // namespace phosphene::ops
