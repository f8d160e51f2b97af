#pragma once
#include <string>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/tensor.hpp"
#include "summary.hpp"

namespace apps {

struct NamedCurve {
  std::string name;
  std::vector<CurvePoint> points;
};

/// Robust accuracy against epsilon, with Wilson's intervals as bands.
phosphene::Tensor curves_picture(const std::string& title, phosphene::Norm norm,
                                 const std::vector<NamedCurve>& curves);

/// "tabby cat 98.1 %"; after a number "class 281: 98.1 %"
std::string caption(const std::string& name, double share);

/// One attacked image as the grid shows it: host images [1, 3, h, w] of one size.
struct Pair {
  phosphene::Tensor image, attacked;
  std::string name;      ///< of the image
  std::string clean;     ///< what the victim says of it: caption()
  std::string shown_as;  ///< the same of the attacked one
  std::string target;    ///< the class that it was to show; empty: any other
  bool fooled = false;
};

/// original | perturbation x k | adversarial, with k so large that the largest difference goes from
/// mid-grey to black or white, and what the victim makes of either. Small images are enlarged, each
/// pixel a square; more than four go in two columns.
phosphene::Tensor grid_picture(const std::string& title, const std::vector<Pair>& pairs);

}  // namespace apps
