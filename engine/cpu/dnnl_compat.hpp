// The two places where oneDNN 2 and 3 differ for us: how a primitive is described, and how a
// memory layout is read.
#pragma once
#include <oneapi/dnnl/dnnl.hpp>
#include <string>

namespace phosphene::cpu {

struct ConvDescription {
  dnnl::memory::desc x, w, b, y;
  dnnl::memory::dims strides, dilations, pad_before, pad_after;  ///< dilation 0 is none
};

inline dnnl::convolution_forward::primitive_desc describe_forward(const ConvDescription& d,
                                                                  const dnnl::primitive_attr& attr,
                                                                  const dnnl::engine& engine) {
  using dnnl::algorithm, dnnl::prop_kind;
#if DNNL_VERSION_MAJOR >= 3
  return {engine,
          prop_kind::forward_inference,
          algorithm::convolution_direct,
          d.x,
          d.w,
          d.b,
          d.y,
          d.strides,
          d.dilations,
          d.pad_before,
          d.pad_after,
          attr};
#else
  return {{prop_kind::forward_inference, algorithm::convolution_direct, d.x, d.w, d.b, d.y,
           d.strides, d.dilations, d.pad_before, d.pad_after},
          attr,
          engine};
#endif
}

inline dnnl::convolution_backward_data::primitive_desc describe_backward(
    const ConvDescription& d, const dnnl::convolution_forward::primitive_desc& hint,
    const dnnl::primitive_attr& attr, const dnnl::engine& engine) {
  using dnnl::algorithm;
#if DNNL_VERSION_MAJOR >= 3
  return {engine,      algorithm::convolution_direct,
          d.x,         d.w,
          d.y,         d.strides,
          d.dilations, d.pad_before,
          d.pad_after, hint,
          attr};
#else
  return {{algorithm::convolution_direct, d.x, d.w, d.y, d.strides, d.dilations, d.pad_before,
           d.pad_after},
          attr,
          engine,
          hint};
#endif
}

inline void append_relu(dnnl::post_ops& ops) {
#if DNNL_VERSION_MAJOR >= 3
  ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0, 0);
#else
  ops.append_eltwise(1, dnnl::algorithm::eltwise_relu, 0, 0);
#endif
}

/// Tells blocked layouts apart: strides, then inner blocks. Two equal descriptions of one array
/// are one layout.
inline std::string layout_key(const dnnl::memory::desc& desc) {
  std::string key = std::to_string(desc.get_size());
  const auto append = [&](const auto& numbers, int count) {
    for (int i = 0; i < count; ++i) key += "," + std::to_string(numbers[i]);
  };
#if DNNL_VERSION_MAJOR >= 3
  append(desc.get_strides().data(), desc.get_ndims());
  append(desc.get_inner_blks().data(), desc.get_inner_nblks());
  append(desc.get_inner_idxs().data(), desc.get_inner_nblks());
#else
  const auto& blocking = desc.data.format_desc.blocking;
  append(blocking.strides, desc.data.ndims);
  append(blocking.inner_blks, blocking.inner_nblks);
  append(blocking.inner_idxs, blocking.inner_nblks);
#endif
  return key;
}

}  // namespace phosphene::cpu
