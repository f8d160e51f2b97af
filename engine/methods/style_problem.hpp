#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "phosphene/methods/style_transfer.hpp"
#include "phosphene/optimise.hpp"

namespace phosphene {

/// The optimisation at one scale: its session, and the problem over it.
struct StyleProblem {
  std::unique_ptr<Session> session;
  Problem problem;
  std::size_t content_terms = 0;  ///< the first so many objectives are the content's
};

struct Size {
  std::int64_t h = 0, w = 0;
};
/// h x w of `shape` scaled so that the longest side is `longest`.
Size scaled(const Shape& shape, std::int64_t longest);

/// Iterations of the scale with this index: each takes half of the one before.
int iterations_at(int iterations, std::size_t scale);

/// Throws UsageError, naming the app's flag, where the options make no sense.
void check_options(const StyleTransferOptions& options, std::size_t styles);

/// Everything is on the device: `content` at the size of the picture, `styles` at theirs.
StyleProblem make_style_problem(const Context& context, const Network& network,
                                const Tensor& content, std::span<const Tensor> styles,
                                const StyleTransferOptions& options);

}  // namespace phosphene
