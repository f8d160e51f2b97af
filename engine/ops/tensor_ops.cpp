#include "engine/ops/tensor_ops.hpp"

#include "engine/core/backend.hpp"
#include "engine/ops/dispatch.hpp"
#include "kernels/crop.hpp"
#include "kernels/layout.hpp"
#include "kernels/normal_noise.hpp"
#include "kernels/resize.hpp"
#include "kernels/vector.hpp"

namespace phosphene::ops {
namespace {

kernels::Maps maps_of(const Shape& s) { return {s.n, s.h, s.w, s.c}; }

}  // namespace

Tensor to_device(const Context& context, const Tensor& host) {
  Tensor t = context.empty(host.shape(), host.dtype(), host.layout());
  copy(context, host, t);
  return t;
}

Tensor to_host(const Context& context, const Tensor& tensor) {
  const bool planar = tensor.layout() == Layout::nchw && tensor.dtype() == DType::f32;
  Tensor converted;
  if (!planar) {
    converted = context.empty(tensor.shape());
    to_nchw(context, tensor, converted);
  }
  const Tensor& source = planar ? tensor : converted;
  Tensor host = Tensor::host(tensor.shape());
  backend_of(context).copy(source.data<void>(), source.device(), host.data<void>(), host.device(),
                           host.bytes());
  return host;
}

void copy(const Context& context, const Tensor& from, Tensor& to) {
  backend_of(context).copy(from.data<void>(), from.device(), to.data<void>(), to.device(),
                           to.bytes());
}

Tensor clone(const Context& context, const Tensor& tensor) {
  Tensor t = context.empty(tensor.shape(), tensor.dtype(), tensor.layout());
  copy(context, tensor, t);
  return t;
}

Tensor to_storage(const Context& context, const Tensor& nchw) {
  Tensor t = context.empty(nchw.shape(), context.storage(), Layout::nhwc);
  to_storage(context, nchw, t);
  return t;
}

void to_storage(const Context& context, const Tensor& nchw, Tensor& y) {
  on_storage(y.dtype(), [&]<class T>(T*) {
    PHOSPHENE_CALL(context, to_nhwc, nchw.data(), y.data<T>(), maps_of(nchw.shape()));
  });
}

void to_nchw(const Context& context, const Tensor& nhwc, Tensor& y) {
  on_storage(nhwc.dtype(), [&]<class T>(T*) {
    PHOSPHENE_CALL(context, to_nchw, nhwc.data<T>(), y.data(), maps_of(nhwc.shape()));
  });
}

void fill(const Context& context, Tensor& y, float value) {
  PHOSPHENE_CALL(context, fill, y.data(), value, y.count());
}

void add(const Context& context, const Tensor& x, Tensor& y) {
  on_storage(y.dtype(), [&]<class T>(T*) {
    PHOSPHENE_CALL(context, add, x.data<T>(), y.data<T>(), y.count());
  });
}

void axpy(const Context& context, float a, const Tensor& x, Tensor& y) {
  PHOSPHENE_CALL(context, axpy, a, x.data(), y.data(), y.count());
}

void multiply(const Context& context, const Tensor& x, Tensor& y) {
  PHOSPHENE_CALL(context, multiply, x.data(), y.data(), y.count());
}

void scale(const Context& context, float a, Tensor& y) {
  PHOSPHENE_CALL(context, scale, a, y.data(), y.data(), y.count());
}

void clamp(const Context& context, Tensor& y, float low, float high) {
  PHOSPHENE_CALL(context, clamp, y.data(), y.data(), low, high, y.count());
}

Tensor resize(const Context& context, const Tensor& x, std::int64_t h, std::int64_t w) {
  const Shape& s = x.shape();
  if (s.h == h && s.w == w) return clone(context, x);
  Tensor scratch = context.empty({s.n, s.c, s.h, w});
  Tensor y = context.empty({s.n, s.c, h, w});
  PHOSPHENE_CALL(context, resize, x.data(), s.n * s.c, s.h, s.w, h, w, scratch.data(), y.data());
  context.synchronize();  // before the scratch goes
  return y;
}

Tensor crop(const Context& context, const Tensor& x, std::int64_t top, std::int64_t left,
            std::int64_t h, std::int64_t w) {
  const Shape& s = x.shape();
  Tensor y = context.empty({s.n, s.c, h, w});
  const kernels::CropWindow window{s.h, s.w, top, left, h, w};
  PHOSPHENE_CALL(context, crop, x.data(), s.n * s.c, window, y.data());
  return y;
}

void add_normal_noise(const Context& context, const Tensor& x, float sigma, std::int64_t image,
                      int sample, Tensor& y) {
  const kernels::NoiseKey key{context.seed(), static_cast<std::uint64_t>(image),
                              static_cast<std::uint32_t>(sample)};
  PHOSPHENE_CALL(context, add_normal_noise, x.data(), y.data(), y.count(), sigma, key);
}

Tensor slot(const Tensor& batch, std::int64_t i) {
  const Shape& s = batch.shape();
  const Shape one{1, s.c, s.h, s.w};
  Tensor whole = batch.view();
  auto* from =
      whole.data<std::byte>() + static_cast<std::size_t>(i * one.count()) * size_of(batch.dtype());
  return Tensor::view(from, batch.device(), one, batch.dtype(), batch.layout());
}

}  // namespace phosphene::ops
