#include "tests/reference/reference_lowering.hpp"

#include <type_traits>

#include "phosphene/error.hpp"
#include "tests/reference/reference_step.hpp"

namespace phosphene::reference {
namespace {

template <class T>
class ReferenceLowering final : public Lowering {
 public:
  DType storage() const override { return std::is_same_v<T, double> ? DType::f64 : DType::f32; }
  DType image_type() const override { return storage(); }

  std::unique_ptr<Step> lower(const StepSpec& spec) override {
    if ((spec.relu || spec.residual || !spec.folded_norm.empty()) &&
        !std::holds_alternative<op::Conv>(spec.op)) {
      throw Error("reference lowering: '" + spec.name + "' fuses into a " + kind(spec.op) +
                  "; only a Conv takes a fusion");
    }
    for (auto* make : {make_product_step<T>, make_pool_step<T>, make_activation_step<T>,
                       make_normalisation_step<T>, make_shape_step<T>}) {
      if (auto step = make(spec)) return step;
    }
    throw Error("reference lowering: '" + spec.name + "' is a " + kind(spec.op) +
                ", which never becomes a step");
  }

  void add(const void* x, void* y, std::int64_t count) override {
    for (std::int64_t i = 0; i < count; ++i) {
      static_cast<T*>(y)[i] += static_cast<const T*>(x)[i];
    }
  }

  void zero(void* y, std::int64_t count) override {
    for (std::int64_t i = 0; i < count; ++i) static_cast<T*>(y)[i] = 0;
  }
};

}  // namespace

template <class T>
std::unique_ptr<Lowering> make_reference_lowering() {
  return std::make_unique<ReferenceLowering<T>>();
}
template std::unique_ptr<Lowering> make_reference_lowering<float>();
template std::unique_ptr<Lowering> make_reference_lowering<double>();

}  // namespace phosphene::reference
