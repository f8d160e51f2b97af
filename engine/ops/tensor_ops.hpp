// What can be done with tensors: each op runs on its context's device, in stream order, and waits
// for nothing unless it says so.
#pragma once
#include <cstdint>

#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::ops {

/// The same elements on the context's device, or on the host as nchw fp32. Both wait.
Tensor to_device(const Context& context, const Tensor& host);
Tensor to_host(const Context& context, const Tensor& tensor);
/// The same bytes on the device; shapes and types are equal.
void copy(const Context& context, const Tensor& from, Tensor& to);
/// A copy on the device, of the same type and layout.
Tensor clone(const Context& context, const Tensor& tensor);
/// nchw fp32 to nhwc in the context's storage type.
Tensor to_storage(const Context& context, const Tensor& nchw);
/// The same into what is there: nchw fp32 to nhwc of y's type, and back.
void to_storage(const Context& context, const Tensor& nchw, Tensor& y);
void to_nchw(const Context& context, const Tensor& nhwc, Tensor& y);

void fill(const Context& context, Tensor& y, float value);
/// y += x, in any one storage type.
void add(const Context& context, const Tensor& x, Tensor& y);
/// y += a x
void axpy(const Context& context, float a, const Tensor& x, Tensor& y);
/// y = x y; y is fp32.
void multiply(const Context& context, const Tensor& x, Tensor& y);
/// y = a y
void scale(const Context& context, float a, Tensor& y);
/// y = min(max(y, low), high)
void clamp(const Context& context, Tensor& y, float low, float high);

/// Bilinear, antialiased as PIL's; nchw fp32.
Tensor resize(const Context& context, const Tensor& x, std::int64_t h, std::int64_t w);

/// The rectangle of h x w at (top, left) of every plane; nchw fp32.
Tensor crop(const Context& context, const Tensor& x, std::int64_t top, std::int64_t left,
            std::int64_t h, std::int64_t w);
/// y = x + sigma N(0, 1), keyed by the context's seed, `image` and `sample`
/// (kernels/normal_noise.hpp).
void add_normal_noise(const Context& context, const Tensor& x, float sigma, std::int64_t image,
                      int sample, Tensor& y);
/// Image i of a batch, whatever its layout and type: a view [1, c, h, w].
Tensor slot(const Tensor& batch, std::int64_t i);

/// Scratch that gram() needs for feature maps of this shape.
Tensor gram_scratch(const Context& context, const Shape& features);
/// g = factor F^T F of the first image's features, [1, 1, c, c] fp32 (kernels/gram.hpp).
void gram(const Context& context, const Tensor& features, float factor, Tensor& scratch, Tensor& g);
/// d_features += factor F D, D symmetric.
void gram_backward(const Context& context, const Tensor& features, const Tensor& d, float factor,
                   Tensor& d_features);

/// Scratch of the ops below, which leave a sum on the device.
Tensor loss_scratch(const Context& context);
/// sum = sum |x|; x is fp32.
void abs_sum(const Context& context, const Tensor& x, Tensor& scratch, Tensor& sum);
/// loss += s |x - target|^2, d_x += its gradient (kernels/match.hpp); the first target.count()
/// elements of x.
void match(const Context& context, const Tensor& x, const Tensor& target, float s, Tensor& d_x,
           Tensor& scratch, Tensor& loss);
/// loss += weight TV_beta(x), d_x += its gradient (kernels/total_variation.hpp).
void total_variation(const Context& context, const Tensor& x, float weight, float beta, Tensor& d_x,
                     Tensor& scratch, Tensor& loss);

}  // namespace phosphene::ops
