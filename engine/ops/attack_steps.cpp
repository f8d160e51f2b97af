#include "engine/ops/attack_steps.hpp"

#include <cstddef>

#include "engine/ops/dispatch.hpp"
#include "kernels/apgd_step.hpp"
#include "kernels/fab_step.hpp"
#include "kernels/philox.hpp"
#include "kernels/square_step.hpp"

namespace phosphene::ops {
namespace {

std::int64_t size_of_image(const Tensor& batch) { return batch.count() / batch.shape().n; }

static_assert(sizeof(SquareMove) == sizeof(kernels::SquareMove) &&
              offsetof(SquareMove, signs) == offsetof(kernels::SquareMove, signs));
static_assert(static_cast<int>(FabMove::back) == static_cast<int>(kernels::FabMove::back) &&
              static_cast<int>(FabMove::step) == static_cast<int>(kernels::FabMove::step));

}  // namespace

void apgd_step(const Context& context, Norm norm, const Tensor& g, const Tensor& x0,
               const Tensor& step, const Tensor& epsilon, const Tensor& inertia, Tensor& x,
               Tensor& old) {
  const kernels::ApgdNumbers numbers{step.data(), epsilon.data(), inertia.data()};
  const std::int64_t n = x.shape().n, size = size_of_image(x);
  if (norm == Norm::linf) {
    PHOSPHENE_CALL(context, apgd_step_linf, x.data(), old.data(), x0.data(), g.data(), numbers, n,
                   size);
  } else {
    PHOSPHENE_CALL(context, apgd_step_l2, x.data(), old.data(), x0.data(), g.data(), numbers, n,
                   size);
  }
}

void fab_step(const Context& context, Norm norm, const Tensor& w, const Tensor& f, const Tensor& x0,
              const Tensor& moves, FabFactors factors, Tensor& x) {
  const kernels::FabFactors by{factors.alpha_max, factors.eta, factors.beta};
  PHOSPHENE_CALL(context, fab_step, x.data(), x0.data(), w.data(), f.data(),
                 moves.data<kernels::FabMove>(), by, norm == Norm::l2, x.shape().n,
                 size_of_image(x));
}

void square_step(const Context& context, Norm norm, const Tensor& x, const Tensor& x0,
                 const Tensor& epsilon, const Tensor& moves, const Tensor& bumps, Tensor& y) {
  const Shape& s = x.shape();
  const kernels::SquarePlanes planes{s.n, s.c, s.h, s.w};
  const auto* each = moves.data<kernels::SquareMove>();
  if (norm == Norm::linf) {
    PHOSPHENE_CALL(context, square_step_linf, x.data(), x0.data(), epsilon.data(), each, planes,
                   y.data());
  } else {
    PHOSPHENE_CALL(context, square_step_l2, x.data(), x0.data(), epsilon.data(), each, bumps.data(),
                   planes, y.data());
  }
}

std::array<std::uint32_t, 4> random_words(const Context& context, const Draw& draw,
                                          std::int64_t q) {
  const kernels::PhiloxWords words = kernels::noise_words(
      {context.seed(), static_cast<std::uint64_t>(draw.image), draw.sample}, q);
  return {words.v[0], words.v[1], words.v[2], words.v[3]};
}

}  // namespace phosphene::ops
