#include "engine/methods/style_problem.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// The factors of one layer's distances, for c channels and m pixels:
///   content: feature |F - F*|^2;  style: distance |gram F^T F - G*|^2.
struct Factors {
  double feature, gram, distance;
};

Factors factors(Normalisation normalisation, const Shape& features) {
  const auto c = static_cast<double>(features.c), m = static_cast<double>(features.pixels());
  switch (normalisation) {
    case Normalisation::johnson:
      return {1 / (c * m), 1 / (c * m), 1 / (c * c)};
    case Normalisation::gatys:
      return {0.5, 1 / m, 1 / (4 * c * c)};
    case Normalisation::chapter:
      return {1, 1 / m, m * m};  // |G - G*|^2, computed per pixel so that fp32 holds it
  }
  throw Error("unknown normalisation");
}

std::vector<std::string> names(const std::vector<LayerWeight>& layers) {
  std::vector<std::string> result;
  for (const LayerWeight& l : layers) result.push_back(l.layer);
  return result;
}

std::vector<float> blend_of(const StyleTransferOptions& options, std::size_t styles) {
  std::vector<float> blend = options.style_blend;
  if (blend.empty()) blend.assign(styles, 1.0F / static_cast<float>(styles));
  return blend;
}

/// A session for pictures of this shape; what it throws names the size.
std::unique_ptr<Session> open_session(const Context& context, const Network& network,
                                      const Shape& shape, std::vector<std::string> taps,
                                      bool backward) {
  try {
    return std::make_unique<Session>(
        context, network, SessionOptions{shape.h, shape.w, 1, std::move(taps), backward});
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    throw Error("a picture of " + std::to_string(shape.w) + "x" + std::to_string(shape.h) +
                " pixels: " + error.what());
  }
}

/// The Gram matrices of one style at every style layer.
std::map<std::string, Tensor> style_targets(const Context& context, const Network& network,
                                            const Tensor& style,
                                            const StyleTransferOptions& options) {
  const auto session =
      open_session(context, network, style.shape(), names(options.style_layers), false);
  session->forward(style, 1);
  std::map<std::string, Tensor> targets;
  for (const LayerWeight& layer : options.style_layers) {
    const Tensor& features = session->tap(layer.layer);
    const Shape& s = features.shape();
    Tensor scratch = ops::gram_scratch(context, s);
    Tensor gram = context.empty({1, 1, s.c, s.c});
    ops::gram(context, features, static_cast<float>(factors(options.normalisation, s).gram),
              scratch, gram);
    context.synchronize();  // before the scratch goes
    targets.insert_or_assign(layer.layer, std::move(gram));
  }
  return targets;
}

std::unique_ptr<Updater> make_updater(const Context& context, const Shape& image,
                                      const StyleTransferOptions& options) {
  const float rate = options.rate;
  switch (options.optimiser) {
    case OptimiserKind::lbfgs:
      return lbfgs(context, image, std::min(options.history, options.iterations),
                   rate > 0 ? rate : 1.0F);
    case OptimiserKind::adam:
      return adam(context, image, rate > 0 ? rate : 10.0F / 255);
    case OptimiserKind::gd:
      return gradient_descent(context, rate > 0 ? rate : 0.01F);
  }
  throw Error("unknown optimiser");
}

void check_layers(const char* flag, const std::vector<LayerWeight>& layers) {
  if (layers.empty()) throw UsageError(std::string(flag) + ": names no layer");
  for (const LayerWeight& l : layers) {
    if (!(l.weight >= 0) || !std::isfinite(l.weight)) {
      throw UsageError(std::string(flag) + ": the weight of '" + l.layer + "' is " +
                       std::to_string(l.weight) + ", expected a number >= 0");
    }
  }
}

}  // namespace

Size scaled(const Shape& shape, std::int64_t longest) {
  const double factor =
      static_cast<double>(longest) / static_cast<double>(std::max(shape.h, shape.w));
  const auto side = [&](std::int64_t s) {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(s) * factor));
  };
  return {side(shape.h), side(shape.w)};
}

int iterations_at(int iterations, std::size_t scale) {
  return std::max(1, iterations >> std::min<std::size_t>(scale, 30));
}

void check_options(const StyleTransferOptions& options, std::size_t styles) {
  const auto not_negative = [](const char* flag, float value) {
    if (!(value >= 0) || !std::isfinite(value)) {
      throw UsageError(std::string(flag) + " " + std::to_string(value) +
                       ": expected a number >= 0");
    }
  };
  if (styles == 0) throw UsageError("--style: needs at least one image");
  not_negative("--content-weight", options.content_weight);
  not_negative("--style-weight", options.style_weight);
  not_negative("--tv-weight", options.tv_weight);
  not_negative("--lr", options.rate);
  check_layers("--content-layers", options.content_layers);
  check_layers("--style-layers", options.style_layers);
  for (float share : options.style_blend) not_negative("--style-blend", share);
  if (!options.style_blend.empty() && options.style_blend.size() != styles) {
    throw UsageError("--style-blend: has " + std::to_string(options.style_blend.size()) +
                     " numbers for " + std::to_string(styles) + " styles");
  }
  if (options.iterations < 1) {
    throw UsageError("--iterations " + std::to_string(options.iterations) +
                     ": expected at least 1");
  }
  if (options.history < 1) {
    throw UsageError("--history " + std::to_string(options.history) + ": expected at least 1");
  }
  if (!(options.style_scale > 0) || !std::isfinite(options.style_scale)) {
    throw UsageError("--style-scale " + std::to_string(options.style_scale) +
                     ": expected a number > 0");
  }
  std::int64_t before = 0;
  for (std::int64_t scale : options.scales) {
    if (scale <= before) {
      throw UsageError("--multiscale: " + std::to_string(scale) + " after " +
                       std::to_string(before) + ": expected growing sizes of at least 1");
    }
    before = scale;
  }
}

StyleProblem make_style_problem(const Context& context, const Network& network,
                                const Tensor& content, std::span<const Tensor> styles,
                                const StyleTransferOptions& options) {
  std::vector<std::map<std::string, Tensor>> grams;
  for (const Tensor& style : styles) {
    grams.push_back(style_targets(context, network, style, options));
  }
  std::vector<std::string> taps = names(options.content_layers);
  for (const std::string& name : names(options.style_layers)) {
    if (std::ranges::find(taps, name) == taps.end()) taps.push_back(name);
  }
  StyleProblem result;
  result.session = open_session(context, network, content.shape(), std::move(taps), true);
  Problem& problem = result.problem;
  problem.session = result.session.get();

  problem.session->forward(content, 1);
  for (const LayerWeight& layer : options.content_layers) {
    const Tensor& features = problem.session->tap(layer.layer);
    const double weight = double{options.content_weight} * layer.weight;
    const Factors f = factors(options.normalisation, features.shape());
    problem.objectives.push_back(feature_match(context, layer.layer, ops::clone(context, features),
                                               static_cast<float>(weight * f.feature)));
  }
  result.content_terms = problem.objectives.size();

  const std::vector<float> blend = blend_of(options, styles.size());
  for (const LayerWeight& layer : options.style_layers) {
    const Shape& s = problem.session->tap(layer.layer).shape();
    const Factors f = factors(options.normalisation, s);
    std::vector<GramTarget> targets;
    for (std::size_t i = 0; i < styles.size(); ++i) {
      const double weight = double{options.style_weight} * layer.weight * blend[i];
      targets.push_back(
          {std::move(grams[i].at(layer.layer)), static_cast<float>(weight * f.distance)});
    }
    problem.objectives.push_back(
        gram_match(context, s, layer.layer, std::move(targets), static_cast<float>(f.gram)));
  }
  if (options.tv_weight > 0) {
    problem.regularisers.push_back(total_variation(context, options.tv_weight / 2, 2.0F));
  }
  problem.updater = make_updater(context, content.shape(), options);
  return result;
}

}  // namespace phosphene
