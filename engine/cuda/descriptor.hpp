// A descriptor of cuDNN's backend API, owned: created, given attributes, finalized.
#pragma once
#include <cudnn.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/cuda/check.hpp"

namespace phosphene::cuda {

static_assert(CUDNN_VERSION >= 90800, "plans for a described device need cuDNN 9.8 or newer");

namespace detail {
template <class T>
constexpr void* attribute_type = nullptr;  // no type of attributes: does not compile
template <>
inline constexpr auto attribute_type<std::int64_t> = CUDNN_TYPE_INT64;
template <>
inline constexpr auto attribute_type<float> = CUDNN_TYPE_FLOAT;
template <>
inline constexpr auto attribute_type<bool> = CUDNN_TYPE_BOOLEAN;
template <>
inline constexpr auto attribute_type<char> = CUDNN_TYPE_CHAR;
template <>
inline constexpr auto attribute_type<cudnnHandle_t> = CUDNN_TYPE_HANDLE;
template <>
inline constexpr auto attribute_type<cudnnDataType_t> = CUDNN_TYPE_DATA_TYPE;
template <>
inline constexpr auto attribute_type<cudnnConvolutionMode_t> = CUDNN_TYPE_CONVOLUTION_MODE;
template <>
inline constexpr auto attribute_type<cudnnPointwiseMode_t> = CUDNN_TYPE_POINTWISE_MODE;
template <>
inline constexpr auto attribute_type<cudnnBackendHeurMode_t> = CUDNN_TYPE_HEUR_MODE;
template <>
inline constexpr auto attribute_type<cudnnBackendNumericalNote_t> = CUDNN_TYPE_NUMERICAL_NOTE;
template <>
inline constexpr auto attribute_type<cudnnBackendDescriptor_t> = CUDNN_TYPE_BACKEND_DESCRIPTOR;
}  // namespace detail

class Descriptor {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type) {
    check(cudnnBackendCreateDescriptor(type, &raw_), "cuDNN descriptor");
  }
  ~Descriptor() {
    if (raw_) cudnnBackendDestroyDescriptor(raw_);
  }
  Descriptor(Descriptor&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }

  cudnnBackendDescriptor_t raw() const { return raw_; }

  template <class T>
  void set(cudnnBackendAttributeName_t name, const T* values, std::size_t count) {
    check(cudnnBackendSetAttribute(raw_, name, detail::attribute_type<T>,
                                   static_cast<std::int64_t>(count), values),
          "cuDNN attribute " + std::to_string(name));
  }
  template <class T>
  void set(cudnnBackendAttributeName_t name, const std::vector<T>& values) {
    set(name, values.data(), values.size());
  }
  template <class T>
  void set(cudnnBackendAttributeName_t name, const T& value) {
    set(name, &value, 1);
  }
  void set(cudnnBackendAttributeName_t name, const Descriptor& value) { set(name, value.raw_); }

  /// Pointers to arrays; a raw descriptor is a void* too.
  void set_pointers(cudnnBackendAttributeName_t name, const std::vector<void*>& pointers) {
    check(cudnnBackendSetAttribute(raw_, name, CUDNN_TYPE_VOID_PTR,
                                   static_cast<std::int64_t>(pointers.size()), pointers.data()),
          "cuDNN attribute " + std::to_string(name));
  }

  /// How many values the attribute has; then these, into `values` (descriptors: already created).
  template <class T>
  std::int64_t get(cudnnBackendAttributeName_t name, T* values, std::int64_t count) const {
    std::int64_t found = 0;
    check(cudnnBackendGetAttribute(raw_, name, detail::attribute_type<T>, count, &found, values),
          "cuDNN attribute " + std::to_string(name));
    return found;
  }

  void finalize(const std::string& what) { check(cudnnBackendFinalize(raw_), what); }
  cudnnStatus_t try_finalize() { return cudnnBackendFinalize(raw_); }

 private:
  cudnnBackendDescriptor_t raw_ = nullptr;
};

}  // namespace phosphene::cuda
