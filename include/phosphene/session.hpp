#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "phosphene/context.hpp"
#include "phosphene/network.hpp"

namespace phosphene {

class Lowering;

/// What a ReLU does to the gradient d_y on its way back (Springenberg et al. 2015).
enum class ReluRule {
  standard,   ///< d_x = d_y [x > 0]
  deconvnet,  ///< d_x = d_y [d_y > 0]
  guided      ///< d_x = d_y [x > 0] [d_y > 0]
};

struct SessionOptions {
  std::int64_t height = 0, width = 0;
  std::int64_t batch = 1;         ///< images per forward, at most
  std::vector<std::string> taps;  ///< nodes whose output is kept; nothing past the last is run
  bool backward = true;           ///< plan the memory that gradients need
};

/// Adds a gradient onto `d_tap`; both are in the session's own layout (nhwc, storage type) and
/// hold the whole batch. Runs in the stream's order, must not synchronise.
using SeedFunction = std::function<void(const Tensor& tap, Tensor& d_tap)>;

struct Seed {
  std::string tap;
  SeedFunction add;
};

/// A Network lowered for one height, width, largest batch and set of taps: fused where no tap or
/// seed stands between, its memory planned once. Nothing is allocated after construction.
class Session {
 public:
  Session(const Context& context, const Network& network, const SessionOptions& options);
  /// The same through another lowering (tests compare them).
  Session(const Context& context, const Network& network, const SessionOptions& options,
          std::unique_ptr<Lowering> lowering);
  ~Session();
  Session(Session&&) noexcept;

  /// The images of the next forward(), [batch, c, h, w] nchw in [0,1]: owned by the session, to
  /// be written in place.
  Tensor& image();
  /// What backward() to the image leaves there, for regularisers to add to.
  Tensor& d_image();
  /// Runs on image().
  void forward();
  /// Copies n <= batch images in (host or device, nchw fp32) and runs. Always computes the whole
  /// batch, so that a result does not depend on its company; the other slots keep what they had.
  void forward(const Tensor& images, std::int64_t n);

  /// Output of a tapped node for the whole batch, nhwc in storage type, until the next forward().
  const Tensor& tap(std::string_view name) const;

  /// Runs back from the seeds to `wrt` ("image" or a tap) and returns the gradient there, valid
  /// until the next call: nchw fp32 for the image, nhwc in storage type for a tap. The gradient
  /// at a tap is its seed plus what comes from downstream, before its producer's own rule.
  const Tensor& backward(std::span<const Seed> seeds, ReluRule rule = ReluRule::standard,
                         std::string_view wrt = "image");

  const SessionOptions& options() const;
  std::size_t planned_bytes() const;       ///< of activations, gradients and workspace, after reuse
  std::size_t unshared_bytes() const;      ///< the same if no two buffers shared memory
  std::vector<std::string> steps() const;  ///< names after fusion: "conv1_1+relu1_1"

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Seeds with a given gradient: nchw fp32 on the host or the session's device, of the tap's shape.
Seed seed_with(const Context& context, std::string tap, const Tensor& gradient);

}  // namespace phosphene
