#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "phosphene/context.hpp"
#include "phosphene/session.hpp"

namespace phosphene {

/// Reads a tap, writes its loss and adds its gradient. Losses stay on the device until asked for.
class Objective {
 public:
  virtual ~Objective() = default;
  virtual const std::string& tap() const = 0;
  /// Runs once a step, in stream order.
  virtual void seed(const Tensor& tap, Tensor& d_tap) = 0;
  /// One float on the device: the loss of the last step.
  virtual const Tensor& loss() const = 0;
};

/// The same on the image, nchw fp32.
class Regulariser {
 public:
  virtual ~Regulariser() = default;
  virtual void add(const Tensor& image, Tensor& d_image) = 0;
  virtual const Tensor& loss() const = 0;
};

/// Turns a gradient into the next image, in place. State lives on the device.
class Updater {
 public:
  virtual ~Updater() = default;
  virtual void step(Tensor& image, const Tensor& d_image) = 0;
};

/// s |F - F*|^2 on the first image's feature map (chapter, 21.12.1: content).
/// `target` is a tap's tensor, nhwc.
std::unique_ptr<Objective> feature_match(const Context& context, std::string tap, Tensor target,
                                         float scale);

/// sum_i s_i |G(F) - G_i*|^2, G = F^T F over pixels times `gram_scale` (chapter, 21.11.2), for one
/// or several styles (21.12.1, combining styles).
struct GramTarget {
  Tensor gram;  ///< c x c, fp32, already scaled
  float scale;
};
std::unique_ptr<Objective> gram_match(const Context& context, const Shape& features,
                                      std::string tap, std::vector<GramTarget> targets,
                                      float gram_scale);

/// weight * sum (u^2 + v^2)^(beta / 2) over forward differences u, v (chapter, 21.9).
std::unique_ptr<Regulariser> total_variation(const Context& context, float weight, float beta);

/// x -= rate g
std::unique_ptr<Updater> gradient_descent(const Context& context, float rate);
std::unique_ptr<Updater> adam(const Context& context, const Shape& image, float rate);
/// With a fixed step and `history` pairs, as neural-style's.
std::unique_ptr<Updater> lbfgs(const Context& context, const Shape& image, int history, float rate);

/// One optimisation: what is minimised, over which image, by which rule.
struct Problem {
  Session* session = nullptr;
  std::vector<std::unique_ptr<Objective>> objectives;
  std::vector<std::unique_ptr<Regulariser>> regularisers;
  std::unique_ptr<Updater> updater;
};

/// One step on session.image(): forward, seeds, backward, regularisers, update. No host sync, no
/// allocation: it can be recorded.
void iterate(Problem& problem);

struct LoopOptions {
  int iterations = 0;
  bool record = true;                      ///< replay the step as one CUDA graph
  int profile_from = -1, profile_to = -1;  ///< iterations between cudaProfilerStart and Stop
  int report_every = 10;
  /// Called every `report_every` iterations and at the end; false stops the loop.
  std::function<bool(int iteration)> report = nullptr;
};
/// Returns the number of iterations done.
int minimise(const Context& context, Problem& problem, const LoopOptions& options);

/// The value of a device float. Waits for the stream.
float read_scalar(const Context& context, const Tensor& scalar);

}  // namespace phosphene
