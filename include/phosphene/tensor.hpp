#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace phosphene {

/// Element type. i32 is of indices; f64 of optimisers' sums and the tests' reference lowering.
enum class DType : std::uint8_t { f32, bf16, f64, i32 };
std::size_t size_of(DType dtype);
std::string to_string(DType dtype);

/// Order of the elements in memory. Users hand over and receive nchw; activations inside a
/// Session are nhwc.
enum class Layout : std::uint8_t { nchw, nhwc };

struct Device {
  enum class Kind : std::uint8_t { cpu, cuda } kind = Kind::cpu;
  int index = 0;

  bool is_cuda() const { return kind == Kind::cuda; }
  bool operator==(const Device&) const = default;
};
std::string to_string(Device device);  // "cpu", "cuda:0"

/// Extents of a batch of images or feature maps. A vector of features is {n, c, 1, 1}.
struct Shape {
  std::int64_t n = 1, c = 1, h = 1, w = 1;

  std::int64_t count() const { return n * c * h * w; }
  std::int64_t pixels() const { return h * w; }
  bool operator==(const Shape&) const = default;
};
std::string to_string(const Shape& shape);  // "1x64x224x224"

/// A dense four-dimensional array on one device, which it owns or views. Move-only: copies are
/// made by name (`copy` in the tensor ops), never by accident.
class Tensor {
 public:
  Tensor() = default;
  /// Takes ownership of `memory`, which holds shape.count() elements and knows how to go.
  Tensor(std::shared_ptr<void> memory, Device device, Shape shape, DType dtype, Layout layout);
  /// A view of memory that somebody else keeps alive.
  static Tensor view(void* data, Device device, Shape shape, DType dtype = DType::f32,
                     Layout layout = Layout::nchw);
  /// Uninitialised host memory.
  static Tensor host(Shape shape, DType dtype = DType::f32, Layout layout = Layout::nchw);

  Tensor(Tensor&&) noexcept = default;
  Tensor& operator=(Tensor&&) noexcept = default;
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  Tensor view() const { return view(data_, device_, shape_, dtype_, layout_); }

  template <class T = float>
  T* data() {
    return static_cast<T*>(data_);
  }
  template <class T = float>
  const T* data() const {
    return static_cast<const T*>(data_);
  }

  const Shape& shape() const { return shape_; }
  DType dtype() const { return dtype_; }
  Layout layout() const { return layout_; }
  Device device() const { return device_; }
  std::int64_t count() const { return shape_.count(); }
  std::size_t bytes() const { return static_cast<std::size_t>(count()) * size_of(dtype_); }
  bool empty() const { return data_ == nullptr; }

 private:
  std::shared_ptr<void> memory_;
  void* data_ = nullptr;
  Device device_;
  Shape shape_{0, 0, 0, 0};
  DType dtype_ = DType::f32;
  Layout layout_ = Layout::nchw;
};

}  // namespace phosphene
