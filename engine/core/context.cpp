#include "phosphene/context.hpp"

#include <algorithm>
#include <charconv>

#include "engine/core/backend.hpp"
#include "phosphene/error.hpp"

namespace phosphene {

/// Shared with every Tensor made here, so that memory may outlive the Context.
struct Context::Impl {
  ContextOptions options;
  std::string fallback_reason;
  struct Pool {
    std::unique_ptr<Backend> backend;
    std::size_t allocated = 0, peak = 0;
  };
  std::shared_ptr<Pool> pool = std::make_shared<Pool>();
};

std::string to_string(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return "fp32";
    case Precision::tf32:
      return "tf32";
    case Precision::bf16:
      return "bf16";
  }
  throw Error("to_string: unknown precision");
}

Precision parse_precision(const std::string& text) {
  for (Precision p : {Precision::fp32, Precision::tf32, Precision::bf16}) {
    if (text == to_string(p)) return p;
  }
  throw UsageError("--precision '" + text + "': expected fp32, tf32 or bf16");
}

namespace {

int device_index(const std::string& text) {
  if (text == "cuda") return 0;
  int index = -1;
  const char* first = text.data() + 5;
  const char* last = text.data() + text.size();
  if (text.starts_with("cuda:")) {
    const auto [end, error] = std::from_chars(first, last, index);
    if (error == std::errc{} && end == last && index >= 0) return index;
  }
  throw UsageError("--device '" + text + "': expected cpu, cuda, cuda:N or auto");
}

}  // namespace

Context::Context(const ContextOptions& options) : impl_(std::make_unique<Impl>()) {
  impl_->options = options;
  auto& backend = impl_->pool->backend;
  if (options.device == "cpu") {
    backend = open_cpu();
  } else if (options.device == "auto") {
    try {
      backend = open_cuda(0);
    } catch (const UsageError& reason) {
      impl_->fallback_reason = reason.what();
      backend = open_cpu();
    }
  } else {
    backend = open_cuda(device_index(options.device));
  }
  if (!backend->device().is_cuda() && options.precision != Precision::fp32) {
    throw UsageError("--precision " + to_string(options.precision) +
                     ": the CPU computes in fp32 alone" +
                     (impl_->fallback_reason.empty() ? "" : " (" + impl_->fallback_reason + ")"));
  }
}

Context::~Context() = default;

Device Context::device() const { return impl_->pool->backend->device(); }
std::string Context::device_name() const { return impl_->pool->backend->device_name(); }
std::string Context::library_versions() const { return impl_->pool->backend->library_versions(); }
const std::string& Context::fallback_reason() const { return impl_->fallback_reason; }
Precision Context::precision() const { return impl_->options.precision; }
DType Context::storage() const { return precision() == Precision::bf16 ? DType::bf16 : DType::f32; }
std::uint64_t Context::seed() const { return impl_->options.seed; }
bool Context::tune() const { return impl_->options.tune; }
void* Context::stream() const { return impl_->pool->backend->stream(); }
void Context::synchronize() const { impl_->pool->backend->synchronize(); }
std::size_t Context::allocated_bytes() const { return impl_->pool->allocated; }
std::size_t Context::peak_bytes() const { return impl_->pool->peak; }
std::size_t Context::free_bytes() const { return impl_->pool->backend->free_bytes(); }
std::size_t Context::total_bytes() const { return impl_->pool->backend->total_bytes(); }

Tensor Context::empty(Shape shape, DType dtype, Layout layout) const {
  const std::size_t bytes = static_cast<std::size_t>(shape.count()) * size_of(dtype);
  auto pool = impl_->pool;
  std::shared_ptr<void> memory(pool->backend->allocate(bytes), [pool, bytes](void* p) {
    pool->backend->release(p);
    pool->allocated -= bytes;
  });
  pool->allocated += bytes;
  pool->peak = std::max(pool->peak, pool->allocated);
  return {std::move(memory), device(), shape, dtype, layout};
}

Tensor Context::zeros(Shape shape, DType dtype, Layout layout) const {
  Tensor t = empty(shape, dtype, layout);
  impl_->pool->backend->zero(t.data<void>(), t.bytes());
  return t;
}

Backend& backend_of(const Context& context) { return *context.impl_->pool->backend; }

Range::Range(const Context& context, const std::string& name) : backend_(backend_of(context)) {
  backend_.push_range(name.c_str());
}
Range::~Range() { backend_.pop_range(); }

}  // namespace phosphene
