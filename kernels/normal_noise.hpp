// Adds normal noise: y[i] = x[i] + sigma N_i, i < count, where N_i depends on the key and i alone
// (kernels/philox.hpp). The four words w of counter i / 4 make, by Box and Muller (1958) with
// u = (w / 2^8 + 1) / 2^24 and v = (w' / 2^8) / 2^24 (whole numbers inside),
//   N_4q = sqrt(-2 ln u_0) cos 2 pi v_1,  N_4q+1 = sqrt(-2 ln u_0) sin 2 pi v_1
// and N_4q+2, N_4q+3 in the same way of u_2, v_3. |N| < 5.8. x and y may be one. count < 2^34.
// Reads 1, writes 1 element.
#pragma once
#include "kernels/common.hpp"
#include "kernels/philox.hpp"

namespace phosphene::kernels::cpu {
void add_normal_noise(const float* x, float* y, std::int64_t count, float sigma, NoiseKey key);
}  // namespace phosphene::kernels::cpu

namespace phosphene::kernels::cuda {
void add_normal_noise(Stream stream, const float* x, float* y, std::int64_t count, float sigma,
                      NoiseKey key);
}  // namespace phosphene::kernels::cuda
