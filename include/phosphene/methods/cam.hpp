#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "phosphene/context.hpp"
#include "phosphene/network.hpp"

namespace phosphene {

/// With A_k the feature maps of a layer, h x w, and S_c the score of class c before any softmax:
enum class CamMethod : std::uint8_t {
  cam,             ///< sum_k w_ck A_k, w the last linear layer's (Zhou et al. 2016; chapter, 21.8)
  grad_cam,        ///< ReLU(sum_k alpha_k A_k), alpha_k = mean over places of dS_c/dA_k
                   ///< (Selvaraju et al. 2017; chapter, 21.8.1)
  guided_grad_cam  ///< guided backpropagation times Grad-CAM, enlarged to the image
};
/// Throws UsageError, with the names, where there is no such method.
CamMethod parse_cam_method(const std::string& name);
const std::vector<std::string>& cam_method_names();

/// A gradient to go back from, in place of a class score's: what a captioning or a question
/// answering network would hand down to this one.
struct GivenGradient {
  std::string layer{};  ///< where it is put; empty: the class scores
  Tensor gradient;      ///< host, [1 or n, c, h, w] of that layer
};

struct CamOptions {
  CamMethod method = CamMethod::grad_cam;
  std::string layer{};                      ///< of Grad-CAM; empty: the last feature maps
  std::vector<std::int64_t> classes{};      ///< none: the strongest of each image
  bool keep_negative = false;               ///< Grad-CAM without its ReLU
  const GivenGradient* gradient = nullptr;  ///< with it, there are no classes
};

struct CamResult {
  std::string layer{};  ///< whose feature maps were taken
  /// One a class asked for (or one alone): host, [n, 1, mh, mw] of the layer's own size, and for
  /// guided Grad-CAM [n, 3, h, w].
  std::vector<Tensor> maps;
  /// classes[k][i] is the class that maps[k] shows of image i; -1 with a given gradient.
  std::vector<std::vector<std::int64_t>> classes;
  std::vector<std::vector<float>> scores;
};

/// One method on images of one size, lowered once and used for as many as there are.
class Cam {
 public:
  /// Throws UsageError for a layer that is not there or has no spatial extent, or a class out of
  /// range; Error, which says why, where CAM is asked of a network that does not end in global
  /// average pooling and one linear layer, or in a convolution to the classes and the pooling.
  Cam(const Context& context, const Network& network, std::int64_t height, std::int64_t width,
      std::int64_t batch, const CamOptions& options);
  ~Cam();
  Cam(Cam&&) noexcept;

  /// images: any number n of them, [n, 3, h, w] on the host or the device.
  CamResult operator()(const Tensor& images);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The same for one set of images.
CamResult class_activation(const Context& context, const Network& network, const Tensor& images,
                           const CamOptions& options);

}  // namespace phosphene
