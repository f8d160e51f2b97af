// Noise for n images of `count` floats, each with its own key and scale, so that an image's numbers
// depend neither on its place nor on its company:
//   image_uniform_noise  y_i = x_i + scale_i (2 U - 1), U the uniform numbers of kernels/philox.hpp
//   image_normal_noise   y_i = x_i + scale_i N, N as in kernels/normal_noise.hpp
// Image i takes the key {seed, keys[i].image, keys[i].sample}. Where scale_i is 0, y_i = x_i. The
// keys lie on the host and go with the launch: nothing is copied, nothing waits. x and y may be
// one. count < 2^34. Reads 1, writes 1 element.
#pragma once
#include "kernels/common.hpp"
#include "kernels/philox.hpp"

namespace phosphene::kernels {
struct ImageKey {
  std::uint64_t image = 0;
  std::uint32_t sample = 0;
};
}  // namespace phosphene::kernels

namespace phosphene::kernels::cpu {
void image_uniform_noise(const float* x, const float* scale, float* y, std::int64_t n,
                         std::int64_t count, std::uint64_t seed, const ImageKey* keys);
void image_normal_noise(const float* x, const float* scale, float* y, std::int64_t n,
                        std::int64_t count, std::uint64_t seed, const ImageKey* keys);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void image_uniform_noise(Stream stream, const float* x, const float* scale, float* y,
                         std::int64_t n, std::int64_t count, std::uint64_t seed,
                         const ImageKey* keys);
void image_normal_noise(Stream stream, const float* x, const float* scale, float* y, std::int64_t n,
                        std::int64_t count, std::uint64_t seed, const ImageKey* keys);
}  // namespace phosphene::kernels::cuda
