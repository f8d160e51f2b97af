// How far the roundings of one layer reach.
//
// A layer y = W x + b is computed in fp32 as sums of n products, in whatever order, fused or not.
// Each term goes through at most n + 1 roundings of u = 2^-24, so that what is computed of it is
//   |y' - (W x + b)| <= gamma_(n+1) (|W| |x| + |b|),   gamma_k = k u / (1 - k u)
// (Higham, Accuracy and Stability of Numerical Algorithms, 3.1). With x in m +- r:
//   y' at m, which is the middle here too, is off by gamma (|W| |m| + |b|);
//   y' of the network at any x of the interval by gamma (|W| (|m| + r) + |b|);
//   the two exact ones are |W| r apart at most.
// So a radius of |W| ((1 + gamma) r + 2 gamma |m|) + 2 gamma |b| encloses whatever the network
// computes. It is one product by |W| of a r + b |m|, which itself comes out too small by a factor
// 1 - gamma at most. With k = n + 8 there are five more roundings in gamma_k than the above needs:
// those of r (three) and of the products with the constants here. As gamma_k <= 1 / 100,
//   a = 1 + 4 gamma_k,  b = 3 gamma_k,  and 3 gamma_k |b| for the bias.
// What underflows is covered where the ends are made (kernels/interval_ends.hpp).
#pragma once
#include <cmath>
#include <cstdint>
#include <string>

#include "phosphene/error.hpp"

namespace phosphene::bounds {

struct Rounding {
  float radius = 1;  ///< a
  float middle = 0;  ///< b; of the bias too
};

/// Of a sum of `terms` products, the bias and whatever else is added counted among them.
inline Rounding rounding_of(std::int64_t terms, const std::string& layer) {
  const double k = static_cast<double>(terms + 8) * 0x1p-24, gamma = k / (1 - k);
  if (terms > (1 << 17) || gamma > 0.01) {
    throw Error("layer '" + layer + "' adds up " + std::to_string(terms) +
                " products: the roundings of so many are not bounded here (most: " +
                std::to_string(1 << 17) + ")");
  }
  const auto up = [](double v) { return std::nextafter(static_cast<float>(v), INFINITY); };
  return {up(1 + 4 * gamma), up(3 * gamma)};
}

}  // namespace phosphene::bounds
