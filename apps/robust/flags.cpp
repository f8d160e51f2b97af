#include "flags.hpp"

#include <algorithm>

#include "epsilons.hpp"
#include "flag_values.hpp"
#include "phosphene/error.hpp"

namespace apps {
namespace {

using namespace phosphene;

const std::vector<std::string> kOfSome{"--loss",    "--steps",   "--alpha",   "--restarts",
                                       "--samples", "--stay",    "--mask",    "--momentum",
                                       "--lambda",  "--queries", "--searches"};

int count_of(const char* flag, const std::string& text) {
  constexpr int kMost = 1'000'000'000;
  return number<int>(flag, text, "a whole number of 1 or more", 1, kMost);
}

/// What was given must belong to the method.
void check_flags(const CLI::App& app, const Method& method) {
  for (const std::string& flag : kOfSome) {
    if (app.count(flag) == 0) continue;
    if (std::ranges::find(method.flags, flag) != method.flags.end()) continue;
    throw UsageError(flag + ": does not belong to " + method.name + " but to " +
                     methods_with(flag));
  }
  if (app.count("--targeted") > 0 && !method.targeted) {
    throw UsageError("--targeted: " + method.name + " looks for any other class alone");
  }
  if (app.count("--eps") > 0 && app.count("--epsilons") > 0) {
    throw UsageError("--eps and --epsilons: expected one of them");
  }
}

Norm norm_of(const std::string& text, const Method& method) {
  if (text.empty()) return method.norms.front();
  const Norm norm = parse_norm(text);
  if (std::ranges::find(method.norms, norm) != method.norms.end()) return norm;
  throw UsageError("--norm " + text + ": " + method.name + " is made for " +
                   to_string(method.norms.front()) + " alone");
}

MethodOptions options_of(const AttackFlags& f, const Method& method) {
  MethodOptions o;
  o.norm = norm_of(f.norm, method);
  o.stay = f.stay;
  if (!f.loss.empty()) o.loss = parse_attack_loss(f.loss);
  if (!f.steps.empty()) o.steps = count_of("--steps", f.steps);
  if (!f.restarts.empty()) o.restarts = count_of("--restarts", f.restarts);
  if (!f.samples.empty()) o.samples = count_of("--samples", f.samples);
  if (!f.searches.empty()) o.searches = count_of("--searches", f.searches);
  if (!f.queries.empty()) o.queries = count_of("--queries", f.queries);
  if (!f.alpha.empty()) {
    const double alpha = fraction("--alpha", f.alpha);
    if (!(alpha > 0)) {
      throw UsageError("--alpha '" + printable(f.alpha) + "': expected more than 0");
    }
    o.alpha = static_cast<float>(epsilon("--alpha", f.alpha, o.norm));
  }
  if (!f.momentum.empty()) {
    o.momentum = number<float>("--momentum", f.momentum, "a number of 0 or more", 0);
  }
  if (!f.lambda.empty()) {
    o.lambda = number<float>("--lambda", f.lambda, "a number of 0 or more", 0);
  }
  return o;
}

}  // namespace

void AttackFlags::add_to(CLI::App& app) {
  std::string names;
  for (const Method& m : methods()) names += (names.empty() ? "" : ", ") + m.name;
  const auto some = [](const char* flag) { return " (" + methods_with(flag) + ")"; };
  app.add_option("--data", data,
                 "What to attack: CIFAR-10's binary file, IMAGES.npy,LABELS.npy, a folder or list "
                 "of labelled photographs, or shapes:SEED:COUNT");
  app.add_option("--image", image, "One photograph instead, with --label");
  app.add_option("--label", label, "Its true class, by number or name");
  app.add_option("--limit", limit, "Only so many images, from the first on");
  app.add_option("--shard", shard, "Only a share: i/N, or auto for what Slurm or Open MPI says");
  app.add_option("--method", method, names)->capture_default_str();
  app.add_option("--norm", norm, "linf or l2 [the method's first]");
  app.add_option("--eps", eps,
                 std::string(kEpsHelp) +
                     ". Of methods that look for the nearest image, within which it counts");
  app.add_option("--epsilons", epsilons, "Several: 0,1/255,2/255 or FROM:TO:STEP, 0:16:1/255");
  app.add_option(
      "--targeted", targeted,
      "The class to be shown: a number or name, next (the one after the true one), "
      "random (drawn for each image), or least-likely (of the smallest score). Images that "
      "are of a class that is named are skipped; hopskipjump begins at the first that "
      "shows the target");
  app.add_option("--steps", steps, "Of the attack" + some("--steps"));
  app.add_option("--alpha", alpha, "Length of a step [eps / 4]" + some("--alpha"));
  app.add_option("--restarts", restarts, "Starts an image, at most" + some("--restarts"));
  app.add_option("--loss", loss, "ce, margin, dlr or score" + some("--loss"));
  app.add_option("--momentum", momentum, "Of the gradients" + some("--momentum"));
  app.add_option("--lambda", lambda, "Of the norm's penalty" + some("--lambda"));
  app.add_option("--queries", queries,
                 "Images that the network is asked for, at most" + some("--queries"));
  app.add_option("--searches", searches, "Of the constant c" + some("--searches"));
  app.add_option("--samples", samples,
                 "Draws of a random victim that a gradient is averaged over" + some("--samples"));
  app.add_flag(
      "--stay", stay,
      "Fooled images make all steps, and the last is scored; always so of --naive and of what "
      "is random" +
          some("--stay"));
  app.add_option("--mask", mask,
                 "A picture of the images' size, white where they may change" + some("--mask"));
  app.add_option("--defence", defences,
                 "Transformations before the network, jpeg:75+median:3; of several the scores are "
                 "averaged");
  app.add_flag("--naive", naive, "The attack does not know of the --defence, which is still tried");
  app.add_option("--expectation", expectation,
                 "What the world does to the image on its way, print or rotate:15+brightness:0.2: "
                 "attacked in expectation, over 16 --samples, and tried under a fresh draw");
  app.add_option(
         "--pictures", pictures,
         "Of so many images, from the first on, what became of them is saved as PNG too, at "
         "every epsilon")
      ->capture_default_str();
  app.add_option("--batch", batch, "Images in work at once, or auto")->capture_default_str();
  ClassifierFlags::add_to(app, "Folder for the journal, the attacked images and the pictures");
}

AttackPlan read(const AttackFlags& f, const CLI::App& app) {
  AttackPlan plan;
  plan.method = &method_of(f.method);
  check_flags(app, *plan.method);
  plan.options = options_of(f, *plan.method);
  const Norm norm = plan.options.norm;
  // Of pixels in [0,1], 8/255 in L2 would be next to nothing.
  const std::string eps = !f.eps.empty() ? f.eps : norm == Norm::linf ? "8/255" : "1";
  plan.epsilons = !f.epsilons.empty() ? epsilons("--epsilons", f.epsilons, norm)
                                      : std::vector{epsilon("--eps", eps, norm)};
  const double largest = plan.epsilons.back();
  if (plan.method->nearest) {
    if (!f.eps.empty() || !f.epsilons.empty()) plan.within = plan.epsilons;
    if (f.epsilons.empty()) {  // a curve costs nothing
      plan.epsilons = epsilons("--epsilons", usual_epsilons(norm), norm);
      plan.epsilons.insert(plan.epsilons.end(), plan.within.begin(), plan.within.end());
      std::ranges::sort(plan.epsilons);
      const auto same = std::ranges::unique(plan.epsilons);
      plan.epsilons.erase(same.begin(), same.end());
    }
  }
  plan.pictures = number<std::int64_t>("--pictures", f.pictures, "a whole number of 0 or more", 0);
  if (!f.limit.empty()) {
    plan.limit = number<std::int64_t>("--limit", f.limit, "a whole number of 1 or more", 1);
  }
  plan.naive = f.naive;
  if (plan.naive && f.defences.empty()) {
    throw UsageError("--naive: there is no --defence that the attack could not know of");
  }
  if (!f.expectation.empty() && !plan.options.samples) {
    if (std::ranges::find(plan.method->flags, "--samples") == plan.method->flags.end()) {
      throw UsageError("--expectation: " + plan.method->name +
                       " cannot average over draws; expected one of " + methods_with("--samples"));
    }
    plan.options.samples = 16;
  }
  if (norm == Norm::l2) {
    const bool has_linf = std::ranges::count(plan.method->norms, Norm::linf) > 0;
    const bool several = !f.epsilons.empty();
    const std::string tiny =
        tiny_l2(several ? "--epsilons" : "--eps", several ? f.epsilons : eps, largest, has_linf);
    if (!tiny.empty()) plan.warnings.push_back(tiny);
    for (const std::string& line : plan.warnings) warn(line);
  }
  return plan;
}

nlohmann::json used_options(const AttackPlan& plan) {
  nlohmann::json options = plan.method->used(plan.options);
  if (options.contains("relative_alpha") && !plan.epsilons.empty()) {
    options["alpha"] = options["relative_alpha"].get<double>() * plan.epsilons.back();
  }
  return options;
}

}  // namespace apps
