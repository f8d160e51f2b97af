#include "occlusion_flags.hpp"

#include <array>
#include <cstddef>
#include <filesystem>
#include <string_view>

#include "flag_values.hpp"
#include "phosphene/error.hpp"

namespace apps {

using namespace phosphene;

namespace {

constexpr const char* kBaselines =
    "grey, zero, blur, blur:SIGMA, noise, mean, a colour R,G,B in [0,1], or an image file";

/// "R,G,B"; false where the text is not made of numbers and commas at all.
bool read_colour(const std::string& text, std::array<float, 3>& colour) {
  if (text.find_first_not_of("0123456789.,+-eE ") != std::string::npos) return false;
  const std::string expected = "three numbers from 0 to 1: R,G,B";
  std::size_t from = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    const std::size_t comma = c < 2 ? text.find(',', from) : text.size();
    if (comma == std::string::npos)
      throw UsageError("--baseline '" + text + "': expected " + expected);
    colour[c] = number<float>("--baseline", std::string_view(text).substr(from, comma - from),
                              expected, 0, 1);
    from = comma + 1;
  }
  return true;
}

}  // namespace

void OcclusionFlags::add_to(CLI::App& app) {
  ExplainFlags::add_to(app, {},
                       "The folder to write to: a map (.npy), the windows' drops (-grid.npy) and a "
                       "picture (.png) for each photograph");
  app.get_option("--batch")->description(
      "Occluded images at once by the dense engine, or auto: by the device's memory");
  app.get_option("--colours")
      ->description(
          "Of the picture, from no drop to the largest: grey (a larger one is darker), jet or "
          "viridis; or diverging, which shows where the score rises too");
  app.add_option("--patch", patch, "Pixels of the network's input that are hidden: N, or HxW")
      ->capture_default_str();
  app.add_option("--stride", stride, "Pixels from one place to the next: N, or YxX")
      ->capture_default_str();
  app.add_option("--baseline", baseline, std::string("What hides them: ") + kBaselines)
      ->capture_default_str();
  app.add_option("--score", score, "Whose drop is mapped: softmax (probability) or logit")
      ->capture_default_str();
  app.add_flag("--relative", relative, "Drops as a share of the score without occlusion");
  app.add_option("--class", target, "Number or name of the class [the one that is predicted]");
  app.add_option("--aggregate", aggregate,
                 "Drops of the windows to pixels: mean or sum of those that cover one, or centre "
                 "(interpolated between the windows' centres)")
      ->capture_default_str();
  app.add_option("--smooth", smooth, "Sigma of a Gaussian over the map, in pixels of the input")
      ->capture_default_str();
  app.add_option("--engine", engine,
                 "dense (every occluded image through the whole network), incremental (only what a "
                 "window can change; the same answer), or auto: the faster one")
      ->capture_default_str();
  app.add_flag("--explain", explain, "Say what either engine would take, and which is taken");
  app.add_flag("--invert", invert, "Turn the colours around: with grey a larger drop is lighter");
}

std::string OcclusionFlags::baseline_file() const {
  std::array<float, 3> ignored{};
  for (const char* name : {"grey", "gray", "zero", "blur", "noise", "mean"}) {
    if (baseline == name) return {};
  }
  return baseline.starts_with("blur:") || read_colour(baseline, ignored) ? "" : baseline;
}

OcclusionOptions OcclusionFlags::options() const {
  OcclusionOptions o;
  o.patch = extent("--patch", patch);
  o.stride = extent("--stride", stride);
  o.score = choose<OcclusionScore>(
      "--score", score, {{"softmax", OcclusionScore::softmax}, {"logit", OcclusionScore::logit}});
  o.aggregate = choose<OcclusionAggregate>("--aggregate", aggregate,
                                           {{"mean", OcclusionAggregate::mean},
                                            {"sum", OcclusionAggregate::sum},
                                            {"centre", OcclusionAggregate::centre},
                                            {"center", OcclusionAggregate::centre}});
  o.engine = choose<OcclusionEngine>("--engine", engine,
                                     {{"auto", OcclusionEngine::automatic},
                                      {"dense", OcclusionEngine::dense},
                                      {"incremental", OcclusionEngine::incremental}});
  o.relative = relative;
  o.smooth = smooth;
  if (batch != "auto") {
    if (o.engine == OcclusionEngine::incremental) {
      throw UsageError("--batch " + printable(batch) +
                       ": is of the dense engine; --engine incremental has no batch");
    }
    o.batch =
        number<std::int64_t>("--batch", batch, "a whole number from 1 to 65536, or auto", 1, 65536);
  }
  if (baseline.starts_with("blur:")) {
    o.baseline = OcclusionBaseline::blur;
    o.blur_sigma = number<float>("--baseline", std::string_view(baseline).substr(5),
                                 "blur:SIGMA, a number above 0 and at most 1000", 1e-3F, 1000);
  } else if (read_colour(baseline, o.colour)) {
    o.baseline = OcclusionBaseline::constant;
  } else if (!baseline_file().empty()) {
    o.baseline = OcclusionBaseline::image;
    if (!std::filesystem::exists(baseline)) {
      throw UsageError("--baseline '" + printable(baseline) + "': no such file; expected " +
                       kBaselines);
    }
  } else {
    o.baseline = choose<OcclusionBaseline>("--baseline", baseline,
                                           {{"grey", OcclusionBaseline::grey},
                                            {"gray", OcclusionBaseline::grey},
                                            {"zero", OcclusionBaseline::zero},
                                            {"blur", OcclusionBaseline::blur},
                                            {"noise", OcclusionBaseline::noise},
                                            {"mean", OcclusionBaseline::mean}});
  }
  return o;
}

nlohmann::json OcclusionFlags::settings(const Network& network, std::int64_t label) const {
  nlohmann::json settings = ExplainFlags::settings(network);
  const std::string file = baseline_file();
  settings.update({{"--patch", patch},
                   {"--stride", stride},
                   {"--baseline", file.empty() ? baseline : content_of(file)},
                   {"--score", score},
                   {"--relative", relative},
                   {"--class", label},
                   {"--smooth", smooth},
                   {"--aggregate", aggregate},
                   {"--invert", invert}});
  return settings;
}

}  // namespace apps
