#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "phosphene/context.hpp"
#include "phosphene/methods/target.hpp"
#include "phosphene/network.hpp"

namespace phosphene {

/// With S the value of the target neuron and x the image in [0,1], before normalisation:
enum class SaliencyMethod : std::uint8_t {
  gradient,              ///< dS/dx (Simonyan et al. 2014; chapter, 21.4.2)
  gradient_x_input,      ///< x dS/dx
  smoothgrad,            ///< mean over k of dS/dx at x + N(0, sigma^2) (Smilkov et al. 2017)
  integrated_gradients,  ///< (x - b) integral of dS/dx at b + a (x - b) over a in [0,1]
                         ///< (Sundararajan et al. 2017), by `samples` Gauss-Legendre nodes
  guided_backprop,       ///< dS/dx where a ReLU hands back what is positive, and only where it was
                         ///< on (Springenberg et al. 2015; chapter, 21.5.2)
  deconvnet              ///< dS/dx where a ReLU hands back what is positive (Zeiler, Fergus 2014)
};
/// Throws UsageError, with the names, where there is no such method.
SaliencyMethod parse_saliency_method(const std::string& name);
const std::vector<std::string>& saliency_method_names();

struct SaliencyOptions {
  SaliencyMethod method = SaliencyMethod::gradient;
  Target target{};
  int samples = 0;      ///< 0: the method's own number of them, see sample_count()
  float sigma = 0.15F;  ///< of SmoothGrad's noise, as a share of the range of pixels, which is 1
  const Tensor* baseline = nullptr;  ///< of integrated gradients, [1, 3, h, w]; null: black
};

/// Of how many noisy copies or nodes an image's result is made: `samples`, else 25 of SmoothGrad
/// and 50 of integrated gradients; 1 of the other methods. Throws UsageError for `samples` below 0
/// or above a million.
int sample_count(const SaliencyOptions& options);

struct SaliencyResult {
  Tensor attribution;           ///< host, [n, 3, h, w], signed
  std::vector<Neuron> neurons;  ///< an image; its value is S of the image itself
};

/// One method on images of one size, lowered once and used for as many as there are. Up to `batch`
/// images, or noisy copies and points of a path, run at once; another batch changes the numbers by
/// rounding at most.
class Saliency {
 public:
  /// Throws UsageError for a layer, channel or place that is not there, Error where the images are
  /// too small for the network. Context and network outlive it.
  Saliency(const Context& context, const Network& network, std::int64_t height, std::int64_t width,
           std::int64_t batch, const SaliencyOptions& options);
  ~Saliency();
  Saliency(Saliency&&) noexcept;

  /// images: any number n of them, [n, 3, h, w] on the host or the device. The noise of image i is
  /// keyed by the context's seed and indices[i], its number among all images (none: 0, 1, ...).
  SaliencyResult operator()(const Tensor& images, std::span<const std::int64_t> indices = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The same for one set of images.
SaliencyResult saliency(const Context& context, const Network& network, const Tensor& images,
                        const SaliencyOptions& options);

/// One value a pixel, [n, 1, h, w]: max over channels of |attribution| (the chapter's M).
Tensor max_abs(const Tensor& attribution);

}  // namespace phosphene
