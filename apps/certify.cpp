// Proves, image by image, how far a network's label holds.
#include <CLI/CLI.hpp>

#include "certify/flags.hpp"
#include "common.hpp"

int main(int argc, char** argv) {
  CLI::App app(
      "Proves, image by image, how far a label holds: by smoothing with noise in L2, or by "
      "interval "
      "bounds in L-infinity.",
      "certify");
  app.footer(
      "Examples: certify smooth --sigma 0.25 --n 10000 --data shapes:2:20 --weights shapes --out "
      "smoothed\n          certify ibp --epsilons 1/255,2/255 --data shapes:2:200 --weights shapes "
      "--out bounds");
  app.require_subcommand(1);
  apps::SmoothFlags smooth;
  apps::IbpFlags ibp;
  CLI::App* by_noise = app.add_subcommand("smooth", "Randomised smoothing (Cohen et al. 2019)");
  CLI::App* by_bounds = app.add_subcommand("ibp", "Interval bound propagation (Gowal et al. 2018)");
  smooth.add_to(*by_noise);
  ibp.add_to(*by_bounds);
  return apps::run(app, argc, argv, [&] {
    return by_noise->parsed() ? apps::certify_smooth(smooth, argc, argv)
                              : apps::certify_ibp(ibp, argc, argv);
  });
}
