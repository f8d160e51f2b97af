#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/tensor.hpp"
#include "record.hpp"

// What a run asks of itself, so that a number is not believed that should not be. docs/attacks.md
// says where the rules come from.
namespace apps {

/// One line, or nothing where all is well.
using Warning = std::optional<std::string>;

/// How far an attacked image is from the image; host both.
struct Distances {
  double linf = 0, l2 = 0;
};
Distances distances(const phosphene::Tensor& image, const phosphene::Tensor& attacked);

/// Throws phosphene::Error that names the image where the attacked one holds a value that is none,
/// lies outside [0,1], or, to 1e-6, outside the ball; where there is a mask ([1, 1 or 3, h, w]), or
/// where it differs from the image at a pixel whose mask is 0.
void check_image(const std::string& name, const phosphene::Tensor& image,
                 const phosphene::Tensor& attacked, phosphene::Norm norm,
                 std::optional<double> epsilon, const phosphene::Tensor& mask = {});

/// Each row of logits [n, classes, 1, 1] is a distribution: a softmax came before the scores.
Warning check_logits(const phosphene::Tensor& logits);

/// What the loss of an image does around it.
struct Slope {
  double gradient = 0;  ///< the largest of its absolute values
  double change = 0;    ///< of the loss, the largest over some random steps
};
/// The gradient is 0 or nearly so, where the loss changes (a stage that is not differentiable) or
/// not (a saturated loss).
Warning check_gradients(const std::vector<Slope>& slopes, const std::string& loss);

/// `same`: equal draws gave equal logits; `other`: other draws did too. `samples` is how many draws
/// the attack averages.
struct Repeats {
  bool same = true, other = true;
};
Warning check_repeats(const Repeats& repeats, bool white_box, int samples);

/// Images that withstood the white-box attack, and those of them that fell to `black_box`: the
/// gradient is masked, or the attack was merely weak.
Warning check_black_box(std::int64_t survivors, std::int64_t fallen, const std::string& black_box);

/// Of an attack on gradients in a ball: at one epsilon too many images whose margin did not rise.
Warning check_rise(const std::vector<Record>& records);

/// Some correctly classified images, and those of them that withstood at an epsilon that leaves
/// nothing of an image.
Warning check_large_epsilon(std::int64_t images, std::int64_t survivors, double epsilon);

/// Of an attack that looks for the nearest image, in no ball: some for which it found none.
Warning check_nearest(const std::vector<Record>& records);

/// Of an attack that begins at an image of the target: some of whose target there was none. `name`
/// is of a class.
Warning check_starts(const std::vector<Record>& records,
                     const std::function<std::string(std::int64_t)>& name);

/// At one epsilon, or of the nearest images, fewer than half of those that fool do so after
/// rounding to 8 bits.
Warning check_rounding(const std::vector<Record>& records);

/// The attack saw successes that the victim, asked afresh, does not show.
Warning check_confirmed(const std::vector<Record>& records);

/// No image is classified correctly, so that none was attacked. `first`: "of cat the network says
/// 282 tiger cat, not 281 tabby", the first of them; `alone`: there is no other.
Warning check_clean(const std::vector<Record>& records, const std::string& first, bool alone);

/// More images withstand a larger ball than a smaller one, which it contains.
Warning check_order(const std::vector<Record>& records);

}  // namespace apps
