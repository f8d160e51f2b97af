#include "kernels/class_loss.hpp"

#include <cmath>

#include "kernels/class_loss_terms.hpp"
#include "kernels/cpu.hpp"

namespace phosphene::kernels::cpu {
namespace {

/// The loss; writes the gradient. Finite logits, the largest of them z_1.
float cross_entropy(const float* z, float largest, std::int32_t label, std::int32_t target,
                    std::int64_t classes, float* d_z) {
  const std::int32_t own = target >= 0 ? target : label;
  const float sign = target >= 0 ? -1.0F : 1.0F;
  float others = 0;
  for (std::int64_t c = 0; c < classes; ++c) {
    d_z[c] = std::exp(z[c] - largest);
    if (c != own) others += d_z[c];
  }
  const float sum = others + d_z[own];
  for (std::int64_t c = 0; c < classes; ++c) d_z[c] *= sign / sum;
  d_z[own] = -sign * others / sum;
  return sign * (std::log(sum) - (z[own] - largest));
}

}  // namespace

void class_loss(const float* logits, const std::int32_t* label, const std::int32_t* target,
                ClassLossKind kind, std::int64_t n, std::int64_t classes, ClassLossResult result) {
#pragma omp parallel for if (n * classes > kParallelFrom)
  for (std::int64_t i = 0; i < n; ++i) {
    const float* z = logits + i * classes;
    float* d_z = result.d_logits + i * classes;
    bool has_nan = false, finite = true;
    TopLogits top;
    for (std::int64_t c = 0; c < classes; ++c) {
      has_nan = has_nan || std::isnan(z[c]);
      finite = finite && std::isfinite(z[c]);
      top.add({z[c], static_cast<std::int32_t>(c)});
    }
    const ClassTerms margin = class_terms(ClassLossKind::margin, z, top, label[i], target[i]);
    result.predictions[i] = has_nan ? -1 : top.v[0].c;
    result.margins[i] = has_nan ? NAN : margin.loss;
    if (!finite) {
      result.losses[i] = NAN;
      for (std::int64_t c = 0; c < classes; ++c) d_z[c] = 0;
    } else if (kind == ClassLossKind::cross_entropy) {
      result.losses[i] = cross_entropy(z, top.v[0].z, label[i], target[i], classes, d_z);
    } else {
      const ClassTerms terms = class_terms(kind, z, top, label[i], target[i]);
      result.losses[i] = terms.loss;
      for (std::int64_t c = 0; c < classes; ++c) d_z[c] = terms.gradient(c);
    }
  }
}

}  // namespace phosphene::kernels::cpu
