#include "phosphene/tensor.hpp"

#include <new>

#include "phosphene/error.hpp"

namespace phosphene {

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::bf16:
      return 2;
    case DType::f32:
    case DType::i32:
      return 4;
    case DType::f64:
      return 8;
  }
  throw Error("size_of: unknown element type");
}

std::string to_string(DType dtype) {
  switch (dtype) {
    case DType::bf16:
      return "bf16";
    case DType::f32:
      return "f32";
    case DType::f64:
      return "f64";
    case DType::i32:
      return "i32";
  }
  throw Error("to_string: unknown element type");
}

std::string to_string(Device device) {
  return device.is_cuda() ? "cuda:" + std::to_string(device.index) : "cpu";
}

std::string to_string(const Shape& shape) {
  return std::to_string(shape.n) + "x" + std::to_string(shape.c) + "x" + std::to_string(shape.h) +
         "x" + std::to_string(shape.w);
}

Tensor::Tensor(std::shared_ptr<void> memory, Device device, Shape shape, DType dtype, Layout layout)
    : memory_(std::move(memory)),
      data_(memory_.get()),
      device_(device),
      shape_(shape),
      dtype_(dtype),
      layout_(layout) {}

Tensor Tensor::view(void* data, Device device, Shape shape, DType dtype, Layout layout) {
  Tensor t;
  t.data_ = data;
  t.device_ = device;
  t.shape_ = shape;
  t.dtype_ = dtype;
  t.layout_ = layout;
  return t;
}

Tensor Tensor::host(Shape shape, DType dtype, Layout layout) {
  const std::size_t bytes = static_cast<std::size_t>(shape.count()) * size_of(dtype);
  return {std::shared_ptr<void>(::operator new(bytes), [](void* p) { ::operator delete(p); }),
          Device{}, shape, dtype, layout};
}

}  // namespace phosphene
