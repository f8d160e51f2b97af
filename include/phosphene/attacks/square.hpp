#pragma once
#include <memory>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/context.hpp"

namespace phosphene {

/// The Square attack (Andriushchenko et al. 2020): random search by scores alone. L-infinity begins
/// with vertical stripes of +-eps, and a proposal sets a square of random place to +-eps, a sign a
/// channel; L2 begins with 5 x 5 tiles of two bumps each, and a proposal moves the length of one
/// square into a bump in another (kernels/square.hpp). A proposal that lowers the margin
///   z_y - max over j != y of z_j  (targeted: max over j != t of z_j - z_t)
/// stays. The area of the square is a fraction p of the image's, from p_init halved after proposals
/// 10, 50, 200, 500, 1000, 2000, 4000, 6000 and 8000, whatever `queries`. Places are uniform over
/// all that lie in the image. An image leaves as soon as it is fooled.
struct SquareOptions {
  Norm norm = Norm::linf;
  int queries = 5000;  ///< proposals a restart; the first point is one query more
  float p_init = 0.8F;
  int restarts = 1;
};

/// `images`: [slots, 3, h, w], the batch that the classifier is asked for. Throws UsageError that
/// names the flag. The context outlives it.
std::unique_ptr<Attack> square(const Context& context, Classifier classifier, const Shape& images,
                               const SquareOptions& options);

}  // namespace phosphene
