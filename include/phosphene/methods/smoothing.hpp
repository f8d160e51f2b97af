#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "phosphene/attacks/victim.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

struct SmoothingOptions {
  float sigma = 0.25F;      ///< of the noise, in pixels of [0,1]
  std::int64_t n0 = 100;    ///< noisy copies by which the class is chosen
  std::int64_t n = 100000;  ///< others, by which its share is estimated
  double alpha = 0.001;     ///< how often a certificate may be wrong
};

/// Throws UsageError that names the app's flag.
void check(const SmoothingOptions& options);

constexpr std::int64_t kAbstained = -1;

/// What is known of the smoothed classifier at an image.
struct SmoothingCertificate {
  std::int64_t label = kAbstained;
  double radius = 0;          ///< in L2, of pixels in [0,1]: nobody inside is labelled otherwise
  double share = 0;           ///< lower bound of the label's share, sure to 1 - alpha
  std::int64_t guess = 0;     ///< the class chosen by the first n0
  std::int64_t agreeing = 0;  ///< of the n others that saw it
};

/// Randomised smoothing (Cohen, Rosenfeld and Kolter 2019). Of a classifier f,
///   g(x) = the class c for which P(f(x + noise) = c) is largest, noise ~ N(0, sigma^2 I).
/// Where one class has a share of at least p > 1/2, g gives it everywhere within
///   R = sigma Phi^-1(p)
/// of x. certify() chooses the class by n0 draws and bounds its share from below by n others
/// (Clopper and Pearson), so that each certificate fails with a probability of at most alpha; where
/// p <= 1/2 it abstains. It is g that is certified, not f. As in the original, pixels are not
/// clipped after the noise.
///
/// The noise is keyed by the context's seed, the image's index and the number of the draw:
/// certify() takes the draws from 0 on, predict() those from 2^30 on. It is made of floats, of
/// 24 random bits, and ends at 5.8 sigma: what the theorem says of real numbers is taken over.
class Smoothing {
 public:
  /// `batch` noisy copies of an image of height x width at once. The context outlives it.
  Smoothing(const Context& context, Classifier classifier, std::int64_t height, std::int64_t width,
            std::int64_t batch, const SmoothingOptions& options);
  ~Smoothing();
  Smoothing(Smoothing&&) noexcept;

  /// Of an image [1, 3, h, w], host or device. `progress` is told the draws done.
  SmoothingCertificate certify(const Tensor& image, std::int64_t index,
                               const std::function<void(std::int64_t)>& progress = nullptr);
  /// g(x) by n draws: the most frequent class, or kAbstained where its lead over the second could
  /// be chance (a fair coin's p-value above alpha). Wrong with a probability of at most alpha.
  std::int64_t predict(const Tensor& image, std::int64_t index);

  /// How often each class was seen in `draws` draws from `first` on.
  std::vector<std::int64_t> counts(const Tensor& image, std::int64_t index, std::int64_t first,
                                   std::int64_t draws);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The arithmetic of certify() and predict() alone.
SmoothingCertificate smoothing_certificate(std::span<const std::int64_t> counts0,
                                           std::span<const std::int64_t> counts,
                                           const SmoothingOptions& options);
std::int64_t smoothed_label(std::span<const std::int64_t> counts, double alpha);

/// The smoothed classifier as what an attack sees (SmoothAdv, Salman et al. 2019): the logits are
///   ln(mean over `copies` draws of softmax(f(x + noise))),
/// and the gradient runs through all of them. `victim` has a batch of slots x copies. Every copy
/// draws for itself, under a key of its own: its noise is no other's, neither an attack's start nor
/// certify()'s, whatever the slot's draw. The context outlives it. Throws UsageError where sigma is
/// not above 0 or the batch no multiple of copies.
std::unique_ptr<Victim> smoothed(const Context& context, std::unique_ptr<Victim> victim,
                                 float sigma, std::int64_t copies);

}  // namespace phosphene
