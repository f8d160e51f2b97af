#include <cstdint>
#include <vector>

#include "kernel_cases.hpp"
#include "kernels/apgd_step.hpp"
#include "kernels/blur.hpp"
#include "kernels/carlini_wagner.hpp"
#include "kernels/chambolle.hpp"
#include "kernels/colour_map.hpp"
#include "kernels/crop.hpp"
#include "kernels/deepfool.hpp"
#include "kernels/image_combine.hpp"
#include "kernels/image_noise.hpp"
#include "kernels/image_sums.hpp"
#include "kernels/interval.hpp"
#include "kernels/l2_step.hpp"
#include "kernels/linf_penalty.hpp"
#include "kernels/occlusion.hpp"
#include "kernels/resize.hpp"
#include "kernels/sign_step.hpp"
#include "kernels/square_step.hpp"
#include "kernels/total_variation.hpp"

namespace phosphene::bench {
namespace {

namespace k = phosphene::kernels;
using k::Maps;
using k::Stream;

class ImageCases : public CaseList {
 public:
  using CaseList::CaseList;
  void add_all() {
    image_maps();
    transforms();
    attack_steps();
  }

 private:
  /// Steps over images that each have numbers of their own.
  void image_maps() {
    const auto f = p_.array;
    const Maps i = p_.images;
    const std::int64_t n = i.n, each = i.h * i.w * i.c;
    const double size = 4.0 * static_cast<double>(i.count());
    float *half = values(n, 0.5F), *result = values(n, 0.0F);
    add("image_combine", 3 * size,
        [=](Stream s) { k::cuda::image_combine(s, half, f[1], half, f[0], n, each); });
    add("image_accumulate", 3 * size,
        [=](Stream s) { k::cuda::image_accumulate(s, f[1], half, half, f[0], n, each); });
    add("image_select", 2 * size,
        [=](Stream s) { k::cuda::image_select(s, half, f[1], f[0], n, each); });
    const std::vector<k::ImageKey> keys(static_cast<std::size_t>(n));
    add("image_uniform_noise", 2 * size, [=](Stream s) {
      k::cuda::image_uniform_noise(s, f[1], half, f[0], n, each, 1, keys.data());
    });
    add("image_normal_noise", 2 * size, [=](Stream s) {
      k::cuda::image_normal_noise(s, f[1], half, f[0], n, each, 1, keys.data());
    });
    add("image_norms", 2 * size,
        [=](Stream s) { k::cuda::image_norms(s, f[0], f[1], k::ImageNorm::l2, n, each, result); });
    add("image_dots", 2 * size,
        [=](Stream s) { k::cuda::image_dots(s, f[0], f[1], n, each, result); });
    add("interval_ball", 3 * size,
        [=](Stream s) { k::cuda::interval_ball(s, f[0], half, f[1], f[2], n, each); });
  }

  void transforms() {
    const auto f = p_.array;
    const Maps i = p_.images;
    const std::int64_t planes = i.n * i.c;
    const double size = 4.0 * static_cast<double>(i.count());
    const k::CropWindow window{i.h, i.w, 1, 1, i.h - 2, i.w - 2};
    add("crop", 8.0 * static_cast<double>(planes * window.out_h * window.out_w),
        [=](Stream s) { k::cuda::crop(s, f[0], planes, window, f[1]); });
    add("resize", 4 * size,
        [=](Stream s) { k::cuda::resize(s, f[0], planes, i.h, i.w, i.h, i.w, f[2], f[1]); });
    float* weights = values(i.n * 3, 0.2F);
    add("blur", 4 * size, [=](Stream s) { k::cuda::blur(s, f[0], weights, 2, f[2], f[1], i); });
    float* numbers = values(i.n * k::kColourNumbers, 0.2F);
    add("colour_map", 2 * size,
        [=](Stream s) { k::cuda::colour_map(s, f[0], numbers, f[1], i.n, i.h * i.w); });
    add("colour_map_backward", 3 * size, [=](Stream s) {
      k::cuda::colour_map_backward(s, f[0], numbers, f[2], f[3], i.n, i.h * i.w);
    });
    float *scratch = values(k::kReductionScratch, 0.0F), *loss = values(1, 0.0F);
    add("total_variation", 3 * size, [=](Stream s) {
      k::cuda::total_variation(s, f[0], planes, i.h, i.w, 1e-3F, 2, f[1], scratch, loss);
    });
    const std::vector<k::OccludedView> list(static_cast<std::size_t>(i.n),
                                            {.box = {1, 1, static_cast<int>(i.h / 4), 4}});
    const auto* views = static_cast<const k::OccludedView*>(
        p_.upload(list.data(), list.size() * sizeof(k::OccludedView)));
    add("occlude", size, [=](Stream s) {
      k::cuda::occlude(s, f[0], i.c, i.h, i.w, views, i.n, i.h, i.w, {.picture = f[2]}, f[1]);
    });
    // A field holds two floats a pixel: half the planes.
    add("chambolle_step", 2.5 * size, [=](Stream s) {
      k::cuda::chambolle_step(s, f[0], f[1], 0.1F, f[2], planes / 2, i.h, i.w);
    });
    add("chambolle_result", 2 * size, [=](Stream s) {
      k::cuda::chambolle_result(s, f[0], f[1], 0.1F, f[2], planes / 2, i.h, i.w);
    });
  }

  void attack_steps() {
    const auto f = p_.array;
    const Maps i = p_.images;
    const std::int64_t n = i.n, each = i.h * i.w * i.c;
    const double size = 4.0 * static_cast<double>(i.count());
    float *small = values(n, 0.01F), *one = values(n, 1.0F);
    add("sign_step", 4 * size,
        [=](Stream s) { k::cuda::sign_step(s, f[0], f[1], f[2], small, small, {}, n, each); });
    add("l2_step", 4 * size,
        [=](Stream s) { k::cuda::l2_step(s, f[0], f[1], f[2], small, small, {}, n, each); });
    add("linf_penalty", 4 * size,
        [=](Stream s) { k::cuda::linf_penalty(s, f[0], f[1], 0.1F, small, f[2], n, each); });
    const k::ApgdNumbers numbers{small, small, one};
    add("apgd_step_linf", 6 * size,
        [=](Stream s) { k::cuda::apgd_step_linf(s, f[0], f[3], f[1], f[2], numbers, n, each); });
    add("apgd_step_l2", 6 * size,
        [=](Stream s) { k::cuda::apgd_step_l2(s, f[0], f[3], f[1], f[2], numbers, n, each); });
    add("deepfool_step", 5 * size, [=](Stream s) {
      k::cuda::deepfool_step(s, one, small, false, 0.02F, f[1], f[2], f[3], f[0], n, each);
    });
    const auto* slots = values<k::CarliniWagnerSlot>(
        n, {.move = k::CarliniWagnerSlot::step, .weight = 0.1F, .rate = 0.01F, .root = 1});
    add("carlini_wagner", 9 * size, [=](Stream s) {
      k::cuda::carlini_wagner(s, slots, f[1], f[2], f[3], f[4], f[5], f[0], n, each);
    });
    const auto* moves = values<k::SquareMove>(n, {1, 1, 2, 2, 3, 0, 0, 5});
    add("square_step_linf", 3 * size, [=](Stream s) {
      k::cuda::square_step_linf(s, f[0], f[1], small, moves, {n, i.c, i.h, i.w}, f[2]);
    });
  }
};

}  // namespace

void add_image_cases(const Workplace& place, std::vector<KernelCase>& cases) {
  ImageCases(place, cases).add_all();
}

}  // namespace phosphene::bench
