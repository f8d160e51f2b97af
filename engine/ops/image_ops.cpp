#include "engine/ops/image_ops.hpp"

#include <vector>

#include "engine/core/backend.hpp"
#include "engine/ops/dispatch.hpp"
#include "kernels/class_loss.hpp"
#include "kernels/image_combine.hpp"
#include "kernels/image_noise.hpp"
#include "kernels/image_sums.hpp"
#include "kernels/l2_step.hpp"
#include "kernels/linf_penalty.hpp"
#include "kernels/sign_step.hpp"

namespace phosphene::ops {
namespace {

std::int64_t images(const Tensor& batch) { return batch.shape().n; }
std::int64_t each(const Tensor& batch) { return batch.count() / batch.shape().n; }

template <class T>
void write(const Context& context, std::span<const T> values, Tensor& to) {
  backend_of(context).copy(values.data(), {}, to.data<void>(), to.device(), values.size_bytes());
}

template <class T>
std::vector<T> read(const Context& context, const Tensor& from) {
  std::vector<T> values(static_cast<std::size_t>(from.count()));
  backend_of(context).copy(from.data<void>(), from.device(), values.data(), {}, from.bytes());
  return values;
}

template <class T>
Tensor uploaded(const Context& context, std::span<const T> values, DType dtype) {
  Tensor t = context.empty({static_cast<std::int64_t>(values.size()), 1, 1, 1}, dtype);
  write(context, values, t);
  return t;
}

void image_norms(const Context& context, const Tensor& x, const float* y, kernels::ImageNorm norm,
                 Tensor& norms) {
  PHOSPHENE_CALL(context, image_norms, x.data(), y, norm, images(x), each(x), norms.data());
}

kernels::ImageNorm kind_of(Norm norm) {
  return norm == Norm::linf ? kernels::ImageNorm::linf : kernels::ImageNorm::l2;
}

kernels::ClassLossKind kind_of(AttackLoss loss) {
  switch (loss) {
    case AttackLoss::cross_entropy:
      return kernels::ClassLossKind::cross_entropy;
    case AttackLoss::margin:
      return kernels::ClassLossKind::margin;
    case AttackLoss::dlr:
      return kernels::ClassLossKind::dlr;
    case AttackLoss::score:
      break;
  }
  return kernels::ClassLossKind::score;
}

kernels::ImageMask mask_of(const Tensor& mask) {
  if (mask.empty()) return {};
  const Shape& s = mask.shape();
  return {mask.data(), s.n > 1 ? s.c * s.pixels() : 0, s.c > 1 ? s.pixels() : 0, s.pixels()};
}

std::vector<kernels::ImageKey> keys_of(std::span<const Draw> draws) {
  std::vector<kernels::ImageKey> keys;
  for (const Draw& draw : draws) {
    keys.push_back({static_cast<std::uint64_t>(draw.image), draw.sample});
  }
  return keys;
}

/// Without a gradient: the projection alone.
void move(const Context& context, Norm norm, const float* g, const Tensor& x0, const float* alpha,
          const Tensor& epsilon, const Tensor& mask, Tensor& x) {
  if (norm == Norm::linf) {
    PHOSPHENE_CALL(context, sign_step, x.data(), x0.data(), g, alpha, epsilon.data(), mask_of(mask),
                   images(x), each(x));
  } else {
    PHOSPHENE_CALL(context, l2_step, x.data(), x0.data(), g, alpha, epsilon.data(), mask_of(mask),
                   images(x), each(x));
  }
}

}  // namespace

Tensor numbers(const Context& context, std::span<const float> values) {
  return uploaded(context, values, DType::f32);
}

Tensor classes(const Context& context, std::span<const std::int32_t> values) {
  return uploaded(context, values, DType::i32);
}

std::vector<float> host_numbers(const Context& context, const Tensor& numbers) {
  return read<float>(context, numbers);
}

std::vector<std::int32_t> host_classes(const Context& context, const Tensor& classes) {
  return read<std::int32_t>(context, classes);
}

void distances(const Context& context, const Tensor& x, const Tensor& y, Norm norm, Tensor& norms) {
  image_norms(context, x, y.data(), kind_of(norm), norms);
}

void norms(const Context& context, const Tensor& x, Norm norm, Tensor& norms) {
  image_norms(context, x, nullptr, kind_of(norm), norms);
}

void l1_norms(const Context& context, const Tensor& x, Tensor& norms) {
  image_norms(context, x, nullptr, kernels::ImageNorm::l1, norms);
}

void dots(const Context& context, const Tensor& x, const Tensor& y, Tensor& dots) {
  PHOSPHENE_CALL(context, image_dots, x.data(), y.data(), images(x), each(x), dots.data());
}

void combine(const Context& context, const Tensor& a, const Tensor& x, const Tensor& b, Tensor& y) {
  PHOSPHENE_CALL(context, image_combine, a.data(), x.data(), b.data(), y.data(), images(y),
                 each(y));
}

void accumulate(const Context& context, const Tensor& x, const Tensor& norms,
                const Tensor& momentum, Tensor& y) {
  PHOSPHENE_CALL(context, image_accumulate, x.data(), norms.data(), momentum.data(), y.data(),
                 images(y), each(y));
}

void select(const Context& context, const Tensor& chosen, const Tensor& x, Tensor& y) {
  PHOSPHENE_CALL(context, image_select, chosen.data(), x.data(), y.data(), images(y), each(y));
}

void step(const Context& context, Norm norm, const Tensor& g, const Tensor& x0, const Tensor& alpha,
          const Tensor& epsilon, const Tensor& mask, Tensor& x) {
  move(context, norm, g.data(), x0, alpha.data(), epsilon, mask, x);
}

void project(const Context& context, const Tensor& x0, const Tensor& epsilon, Norm norm, Tensor& y,
             const Tensor& mask) {
  move(context, norm, nullptr, x0, nullptr, epsilon, mask, y);
}

void add_uniform_noise(const Context& context, const Tensor& x, std::span<const Draw> draws,
                       const Tensor& radius, Tensor& y) {
  PHOSPHENE_CALL(context, image_uniform_noise, x.data(), radius.data(), y.data(), images(y),
                 each(y), context.seed(), keys_of(draws).data());
}

void add_normal_noise(const Context& context, const Tensor& x, std::span<const Draw> draws,
                      const Tensor& sigma, Tensor& y) {
  PHOSPHENE_CALL(context, image_normal_noise, x.data(), sigma.data(), y.data(), images(y), each(y),
                 context.seed(), keys_of(draws).data());
}

ClassLoss make_class_loss(const Context& context, std::int64_t n, std::int64_t classes) {
  return {context.empty({n, 1, 1, 1}), context.empty({n, classes, 1, 1}),
          context.empty({n, 1, 1, 1}), context.empty({n, 1, 1, 1}, DType::i32)};
}

void class_loss(const Context& context, AttackLoss loss, const Tensor& logits, const Tensor& label,
                const Tensor& target, ClassLoss& result) {
  const kernels::ClassLossResult to{result.loss.data(), result.d_logits.data(),
                                    result.margin.data(), result.prediction.data<std::int32_t>()};
  PHOSPHENE_CALL(context, class_loss, logits.data(), label.data<std::int32_t>(),
                 target.data<std::int32_t>(), kind_of(loss), images(logits), logits.shape().c, to);
}

void linf_penalty(const Context& context, const Tensor& x, const Tensor& x0, float lambda,
                  const Tensor& slack, Tensor& d_x) {
  PHOSPHENE_CALL(context, linf_penalty, x.data(), x0.data(), lambda, slack.data(), d_x.data(),
                 images(x), each(x));
}

}  // namespace phosphene::ops
