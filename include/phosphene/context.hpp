#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "phosphene/tensor.hpp"

namespace phosphene {

class Backend;

/// How convolutions and activations are held and multiplied. fp32 is true fp32 (no TF32);
/// tf32 rounds the factors of a product to 10 bits; bf16 also stores activations so. Sums,
/// losses, Gram matrices and the image being optimised are fp32 in all three.
enum class Precision : std::uint8_t { fp32, tf32, bf16 };
std::string to_string(Precision precision);
Precision parse_precision(const std::string& text);

struct ContextOptions {
  std::string device = "auto";  ///< "cpu", "cuda", "cuda:N" or "auto"
  Precision precision = Precision::fp32;
  std::uint64_t seed = 0;
  bool tune = false;  ///< time cuDNN's plans; waives 'the same bytes every time'
};

/// A device with its stream, precision and seed: what every call that computes is given.
/// There are no globals. One Context serves one thread at a time.
class Context {
 public:
  /// Throws UsageError where the device or the precision on it cannot be had; "auto" takes the
  /// CPU then and `fallback_reason` says why.
  explicit Context(const ContextOptions& options = {});
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  Device device() const;
  std::string device_name() const;             ///< as the vendor names it
  std::string library_versions() const;        ///< "oneDNN 2.6.3" or "CUDA 13.0, cuDNN 9.19, ..."
  const std::string& fallback_reason() const;  ///< empty unless "auto" had to take the CPU
  Precision precision() const;
  DType storage() const;  ///< element type of activations
  std::uint64_t seed() const;
  bool tune() const;

  /// The CUDA stream (a cudaStream_t) that all work goes to; null on the CPU.
  void* stream() const;
  void synchronize() const;

  /// Uninitialised device memory, counted in `allocated_bytes`.
  Tensor empty(Shape shape, DType dtype = DType::f32, Layout layout = Layout::nchw) const;
  Tensor zeros(Shape shape, DType dtype = DType::f32, Layout layout = Layout::nchw) const;

  std::size_t allocated_bytes() const;  ///< now held through this Context
  std::size_t peak_bytes() const;       ///< most ever held
  std::size_t free_bytes() const;       ///< what the device could still give
  std::size_t total_bytes() const;      ///< all that it has, whoever holds it

 private:
  friend Backend& backend_of(const Context& context);
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Names what is done in its scope for a profiler (NVTX, domain "phosphene").
class Range {
 public:
  Range(const Context& context, const std::string& name);
  ~Range();
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;

 private:
  Backend& backend_;
};

}  // namespace phosphene
