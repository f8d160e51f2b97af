#include "kernel_cases.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kernels/activation.hpp"
#include "kernels/adam.hpp"
#include "kernels/avg_pool.hpp"
#include "kernels/bias.hpp"
#include "kernels/class_loss.hpp"
#include "kernels/concat.hpp"
#include "kernels/flatten.hpp"
#include "kernels/gram.hpp"
#include "kernels/interval.hpp"
#include "kernels/layout.hpp"
#include "kernels/lrn.hpp"
#include "kernels/match.hpp"
#include "kernels/max_pool.hpp"
#include "kernels/mean_softmax.hpp"
#include "kernels/normal_noise.hpp"
#include "kernels/normalise.hpp"
#include "kernels/patched_crop.hpp"
#include "kernels/quantise.hpp"
#include "kernels/reduce.hpp"
#include "kernels/reflect_pad.hpp"
#include "kernels/relu.hpp"
#include "kernels/scale_shift.hpp"
#include "kernels/softmax.hpp"
#include "kernels/vector.hpp"

namespace phosphene::bench {
namespace {

namespace k = phosphene::kernels;
using k::Maps;
using k::Stream;

template <class T>
constexpr const char* kName = " fp32";
template <>
constexpr const char* kName<k::bf16> = " bf16";

class MapCases : public CaseList {
 public:
  using CaseList::CaseList;
  void add_all() {
    vectors();
    activations<float>();
    activations<k::bf16>();
    reductions();
  }

 private:
  void vectors() {
    const auto f = p_.array;
    const std::int64_t n = p_.maps.count();
    const double size = 4.0 * static_cast<double>(n);
    add("fill", size, [=](Stream s) { k::cuda::fill(s, f[0], 0.5F, n); });
    add("axpy", 3 * size, [=](Stream s) { k::cuda::axpy(s, 0.1F, f[1], f[0], n); });
    add("multiply", 3 * size, [=](Stream s) { k::cuda::multiply(s, f[1], f[0], n); });
    add("scale", 2 * size, [=](Stream s) { k::cuda::scale(s, 0.5F, f[1], f[0], n); });
    add("clamp", 2 * size, [=](Stream s) { k::cuda::clamp(s, f[1], f[0], 0.1F, 0.9F, n); });
    auto* bf16 = at<k::bf16>(0);
    add("convert to bf16", 1.5 * size, [=](Stream s) { k::cuda::convert(s, f[1], bf16, n); });
    add("convert to fp32", 1.5 * size, [=](Stream s) { k::cuda::convert(s, bf16, f[2], n); });
    auto* steps = values<std::int32_t>(1, 0);
    add("adam", 7 * size,
        [=](Stream s) { k::cuda::adam(s, f[0], f[1], f[2], f[3], steps, n, {.rate = 1e-3F}); });
    add("add_normal_noise", 2 * size,
        [=](Stream s) { k::cuda::add_normal_noise(s, f[1], f[0], n, 0.1F, {.seed = 1}); });
    add("quantise", 2 * size, [=](Stream s) { k::cuda::quantise(s, f[1], 255, f[0], n); });
    add("interval_middle", 4 * size,
        [=](Stream s) { k::cuda::interval_middle(s, f[0], f[1], f[2], f[3], 1, 0, n); });
    add("interval_ends", 4 * size,
        [=](Stream s) { k::cuda::interval_ends(s, f[2], f[3], true, n); });
  }

  template <class T>
  void activations() {
    const auto f = p_.array;
    const std::string name = kName<T>;
    const Maps m = p_.maps;
    const std::int64_t n = m.count();
    const double size = static_cast<double>(sizeof(T)) * static_cast<double>(n);
    const double mask_bytes = 4 * static_cast<double>(k::mask_words(n));
    auto* mask = reinterpret_cast<std::uint32_t*>(f[5]);
    const auto two = [&](const char* op, auto forward, auto backward, double back) {
      add(op + name, 2 * size, std::move(forward));
      add(op + std::string("_backward") + name, back * size, std::move(backward));
    };
    T *x = at<T>(0), *y = at<T>(1), *d_y = at<T>(2), *d_x = at<T>(3);
    add("add" + name, 3 * size, [=](Stream s) { k::cuda::add(s, x, y, n); });
    add("relu" + name, 2 * size + mask_bytes, [=](Stream s) { k::cuda::relu(s, x, y, mask, n); });
    add("positive_mask" + name, size + mask_bytes,
        [=](Stream s) { k::cuda::positive_mask(s, x, mask, n); });
    add("relu_backward" + name, 2 * size + mask_bytes,
        [=](Stream s) { k::cuda::relu_backward(s, d_y, mask, d_x, n, k::ReluRule::guided); });
    two(
        "leaky_relu", [=](Stream s) { k::cuda::leaky_relu(s, x, y, n, 0.1F); },
        [=](Stream s) { k::cuda::leaky_relu_backward(s, d_y, y, d_x, n, 0.1F); }, 3);
    two(
        "elu", [=](Stream s) { k::cuda::elu(s, x, y, n, 1); },
        [=](Stream s) { k::cuda::elu_backward(s, d_y, y, d_x, n, 1); }, 3);
    float *a = values(m.c, 0.5F), *b = values(m.c, 0.25F);
    add("bias relu" + name, 2 * size,
        [=](Stream s) { k::cuda::bias<T>(s, y, b, nullptr, m, true); });
    add("bias add relu" + name, 3 * size, [=](Stream s) { k::cuda::bias<T>(s, y, b, x, m, true); });
    two(
        "scale_shift", [=](Stream s) { k::cuda::scale_shift(s, x, y, m, a, b); },
        [=](Stream s) { k::cuda::scale_shift_backward(s, d_y, d_x, m, a); }, 2);
    const Maps half{m.n, m.h, m.w, m.c / 2};
    add("concat" + name, size, [=](Stream s) { k::cuda::concat(s, x, y, half, m.c, half.c); });
    add("concat_backward" + name, size,
        [=](Stream s) { k::cuda::concat_backward(s, d_y, d_x, half, m.c, half.c); });
    two(
        "flatten", [=](Stream s) { k::cuda::flatten(s, x, y, m); },
        [=](Stream s) { k::cuda::flatten_backward(s, d_y, d_x, m); }, 2);
    two(
        "softmax", [=](Stream s) { k::cuda::softmax(s, x, y, m); },
        [=](Stream s) { k::cuda::softmax_backward(s, d_y, y, d_x, m); }, 3);
    const k::LrnParams lrn{5, 1e-4F, 0.75F, 1};
    two(
        "lrn", [=](Stream s) { k::cuda::lrn(s, x, y, m, lrn); },
        [=](Stream s) { k::cuda::lrn_backward(s, d_y, x, d_x, m, lrn); }, 3);
    float* scratch = values(k::kReductionScratch, 0.0F);
    float* loss = values(1, 0.0F);
    add("match" + name, 4 * size,
        [=](Stream s) { k::cuda::match(s, x, d_y, 1e-3F, d_x, n, scratch, loss); });
    pools<T>(name, size);
    const std::int64_t pixels = m.n * m.h * m.w;
    float* d = values(m.c * m.c, 1e-3F);
    add("gram_backward" + name, 3 * size,
        [=](Stream s) { k::cuda::gram_backward(s, x, d, pixels, m.c, 1e-3F, d_x); });
    k::CropPlace place{.top = -1, .left = -1};
    const std::vector<k::CropPlace> list(static_cast<std::size_t>(m.n), place);
    const auto* places = static_cast<const k::CropPlace*>(
        p_.upload(list.data(), list.size() * sizeof(k::CropPlace)));
    const Maps clean{1, m.h, m.w, m.c}, fresh{m.n, m.h / 2, m.w / 2, m.c};
    // Out once; in a quarter of it, fresh, and the one clean map.
    add("patched_crop" + name, 1.25 * size + size / static_cast<double>(m.n), [=](Stream s) {
      k::cuda::patched_crop(s, x, y, places, d_x, clean, fresh, m, k::Border::zero);
    });
  }

  template <class T>
  void pools(const std::string& name, double size) {
    const auto f = p_.array;
    T *x = at<T>(0), *y = at<T>(1), *d_y = at<T>(2), *d_x = at<T>(3);
    const Maps m = p_.maps, quarter{m.n, m.h / 2, m.w / 2, m.c}, one{m.n, 1, 1, m.c};
    const k::PoolWindow window{2, 2, 2, 2, 0, 0, 0, 0};
    auto* argmax = reinterpret_cast<std::uint8_t*>(f[4]);
    const auto choices = static_cast<double>(quarter.count());
    add("max_pool" + name, 1.25 * size + choices,
        [=](Stream s) { k::cuda::max_pool(s, x, y, argmax, m, quarter, window); });
    add("max_pool_backward" + name, 1.25 * size + choices,
        [=](Stream s) { k::cuda::max_pool_backward(s, d_y, argmax, d_x, m, quarter, window); });
    add("avg_pool" + name, 1.25 * size,
        [=](Stream s) { k::cuda::avg_pool(s, x, y, m, quarter, window, false); });
    add("avg_pool_backward" + name, 1.25 * size,
        [=](Stream s) { k::cuda::avg_pool_backward(s, d_y, d_x, m, quarter, window, false); });
    add("adaptive_avg_pool" + name, size,
        [=](Stream s) { k::cuda::adaptive_avg_pool(s, x, y, m, one); });
    add("adaptive_avg_pool_backward" + name, size,
        [=](Stream s) { k::cuda::adaptive_avg_pool_backward(s, d_y, d_x, m, one); });
    const Maps inner{m.n, m.h - 2, m.w - 2, m.c};  // padded by one on each side
    const double padded =
        size + static_cast<double>(sizeof(T)) * static_cast<double>(inner.count());
    add("reflect_pad" + name, padded,
        [=](Stream s) { k::cuda::reflect_pad(s, x, y, inner, 1, 1, 1, 1); });
    add("reflect_pad_backward" + name, padded,
        [=](Stream s) { k::cuda::reflect_pad_backward(s, d_y, d_x, inner, 1, 1, 1, 1); });
    add("to_nchw" + name, size + 4 * static_cast<double>(m.count()),
        [=](Stream s) { k::cuda::to_nchw(s, x, f[1], m); });
    const Maps i = p_.images;
    const double image_bytes =
        (4 + static_cast<double>(sizeof(T))) * static_cast<double>(i.count());
    float *mean = values(i.c, 0.45F), *std = values(i.c, 0.25F);
    add("to_nhwc" + name, image_bytes, [=](Stream s) { k::cuda::to_nhwc(s, f[0], y, i); });
    add("normalise" + name, image_bytes,
        [=](Stream s) { k::cuda::normalise(s, f[0], y, i, mean, std, 1, false); });
    add("normalise_backward" + name, image_bytes,
        [=](Stream s) { k::cuda::normalise_backward(s, d_y, f[3], i, std, 1, false); });
  }

  void reductions() {
    const auto f = p_.array;
    const std::int64_t n = p_.maps.count();
    const double size = 4.0 * static_cast<double>(n);
    float *scratch = values(k::kReductionScratch, 0.0F), *result = values(1, 0.0F);
    add("dot", 2 * size, [=](Stream s) { k::cuda::dot(s, f[0], f[1], n, scratch, result); });
    add("abs_sum", size, [=](Stream s) { k::cuda::abs_sum(s, f[0], n, scratch, result); });
    const std::int64_t classes = 1000, rows = std::max<std::int64_t>(n / classes / 8, 1);
    const double logits = 4.0 * static_cast<double>(rows * classes);
    const auto* labels = values<std::int32_t>(rows, 7);
    const auto* none = values<std::int32_t>(rows, -1);
    k::ClassLossResult out{values(rows, 0.0F), f[1], values(rows, 0.0F),
                           values<std::int32_t>(rows, 0)};
    if (rows * classes > n) return;
    add("class_loss", 2 * logits, [=](Stream s) {
      k::cuda::class_loss(s, f[0], labels, none, k::ClassLossKind::cross_entropy, rows, classes,
                          out);
    });
    add("mean_softmax", 2 * logits + logits / 8,
        [=](Stream s) { k::cuda::mean_softmax(s, f[0], f[1], f[2], 8, rows / 8, classes); });
    add("mean_softmax_backward", 2 * logits + logits / 4, [=](Stream s) {
      k::cuda::mean_softmax_backward(s, f[3], f[2], f[1], f[4], 8, rows / 8, classes);
    });
  }
};

}  // namespace

std::vector<KernelCase> kernel_cases(const Workplace& place) {
  std::vector<KernelCase> cases;
  MapCases(place, cases).add_all();
  add_image_cases(place, cases);
  return cases;
}

}  // namespace phosphene::bench
