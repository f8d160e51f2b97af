// Crafts on each of several networks, and shows what came of it to all of them.
#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common.hpp"
#include "epsilons.hpp"
#include "explain_flags.hpp"
#include "flag_values.hpp"
#include "phosphene/attacks/transfer.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/datasets/dataset.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"
#include "phosphene/image.hpp"
#include "phosphene/models.hpp"
#include "progress.hpp"
#include "robust/flags.hpp"
#include "robust/methods.hpp"
#include "robust/summary.hpp"
#include "robust/transfer_report.hpp"
#include "stoppable.hpp"
#include "sweep.hpp"

namespace {

using namespace phosphene;
using apps::AttackPlan;

struct Flags : apps::AttackFlags {
  std::vector<std::string> networks;
};

/// Flags of attack that mean nothing here, and those that a matrix cannot take.
constexpr std::array kRemoved{"--image", "--label", "--shard",      "--defence",
                              "--naive", "--model", "--weights",    "--expectation",
                              "--mean",  "--std",   "--input-size", "--labels"};
constexpr std::array kNotHere{"--epsilons", "--targeted", "--stay",
                              "--mask",     "--samples",  "--pictures"};

struct Named {
  std::string name, argument;
  Network network;
};

/// "NAME=MODEL:WEIGHTS", or "NAME=WEIGHTS" where the file says which model it is.
Named read_network(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == argument.size()) {
    throw UsageError("--network '" + printable(argument) +
                     "': expected NAME=MODEL:WEIGHTS or NAME=WEIGHTS");
  }
  NetworkOptions options{.weights = argument.substr(equals + 1)};
  const std::size_t colon = options.weights.find(':');
  const std::string before = options.weights.substr(0, colon);
  const std::vector<std::string> models = model_names();
  if (colon != std::string::npos && std::ranges::find(models, before) != models.end()) {
    options.model = before;
    options.weights.erase(0, colon + 1);
  }
  try {
    return {argument.substr(0, equals), argument, load_network(options)};
  } catch (const UnnamedModel& error) {
    throw Error(std::string(error.what()) + ": name it by NAME=MODEL:WEIGHTS");
  }
}

std::vector<Named> read_networks(const Flags& f) {
  std::vector<Named> networks;
  for (const std::string& argument : f.networks) {
    networks.push_back(read_network(argument));
    const Named &first = networks.front(), &last = networks.back();
    for (std::size_t i = 0; i + 1 < networks.size(); ++i) {
      if (networks[i].name == last.name) {
        throw UsageError("--network: two are called '" + printable(last.name) + "'");
      }
    }
    const std::int64_t classes = apps::checked_classes("--network " + first.name, first.network);
    if (const std::int64_t own = class_count(last.network.graph()); own != classes) {
      throw UsageError("--network " + last.name + ": has " + std::to_string(own) +
                       " classes, expected the " + std::to_string(classes) + " of " + first.name);
    }
  }
  return networks;
}

/// The size that the networks take, where they say so; 0 where none does.
std::int64_t size_of(const std::vector<Named>& networks) {
  const Named* known = nullptr;
  for (const Named& each : networks) {
    const std::int64_t size = each.network.info().input_size;
    if (size == 0) continue;
    if (known == nullptr) known = &each;
    if (const std::int64_t other = known->network.info().input_size; size != other) {
      throw UsageError("--network " + each.name + ": takes images of " + std::to_string(size) +
                       " px, expected the " + std::to_string(other) + " px of " + known->name);
    }
  }
  return known == nullptr ? 0 : known->network.info().input_size;
}

std::unique_ptr<Dataset> open_data(const Flags& f, const AttackPlan& plan,
                                   const std::vector<Named>& networks) {
  DatasetOptions options;
  options.path = f.data;
  options.class_count = class_count(networks.front().network.graph());
  options.size = size_of(networks);
  options.count = plan.limit;
  options.warn = apps::warn;
  for (const Named& each : networks) {
    if (options.classes.empty()) options.classes = each.network.info().labels;
  }
  return open_dataset(options);
}

/// The images in their order, each anew.
NextExample examples_of(const Dataset& data, float epsilon) {
  return [&data, epsilon, next = std::int64_t{0}]() mutable -> std::optional<Example> {
    if (next == data.size()) return {};
    Example example;
    example.index = next;
    example.image = data.load(next);
    example.label = data.label(next++);
    example.epsilon = epsilon;
    return example;
  };
}

TransferNetwork transfer_network(const Context& context, const Named& named, const AttackPlan& plan,
                                 const Shape& image, std::int64_t batch) {
  const std::shared_ptr<Victim> victim = apps::stoppable(
      make_victim(context, named.network, image.h, image.w, batch), apps::kNothingSaved);
  const auto craft = [&context, &plan, victim](const NextExample& next, const TakeOutcome& done) {
    plan.method->make(context, *victim, plan.options)(next, done);
  };
  return {named.name, as_classifier(context, *victim), craft};
}

std::string title_of(const AttackPlan& plan) {
  std::string title = plan.method->name + ", " + to_string(plan.options.norm);
  if (!plan.method->nearest) title += ", eps " + apps::epsilon_text(plan.epsilons.front());
  return title + ": fooled of the correctly classified";
}

nlohmann::json report(const TransferMatrix& matrix, const Flags& f, const AttackPlan& plan,
                      const std::vector<Named>& networks, const Dataset& data) {
  nlohmann::json json = apps::to_json(matrix);
  for (std::size_t k = 0; k < networks.size(); ++k) {
    json["networks"][k]["weights"] = networks[k].network.weights().source();
    json["networks"][k]["model"] = networks[k].network.info().model;
    json["networks"][k]["weights_fingerprint"] = apps::fingerprint(networks[k].network.weights());
  }
  json["method"] = plan.method->name;
  json["norm"] = to_string(plan.options.norm);
  json["options"] = apps::used_options(plan);
  if (!plan.method->nearest) json["epsilon"] = plan.epsilons.front();
  json["data"] = f.data;
  json["data_fingerprint"] = data.fingerprint();
  return json;
}

int transfer_app(const Flags& f, const CLI::App& app, int argc, char** argv) {
  for (const char* flag : kNotHere) {
    if (app.count(flag) > 0) throw UsageError(std::string(flag) + ": transfer does not take it");
  }
  if (apps::method_of(f.method).nearest && app.count("--eps") > 0) {
    throw UsageError("--eps: " + f.method +
                     " looks for the nearest image, in no ball, and transfer counts it however "
                     "far it is");
  }
  AttackPlan plan = apps::read(f, app);
  // An image that stops at the surrogate's boundary fools no other network.
  const std::vector<std::string>& flags = plan.method->flags;
  plan.options.stay = std::ranges::find(flags, "--stay") != flags.end();
  if (!f.out.empty()) check_writable_image(f.out);
  if (!f.json.empty()) check_writable(f.json);
  const std::vector<Named> networks = read_networks(f);
  const std::unique_ptr<Dataset> data = open_data(f, plan, networks);
  apps::NamedFiles inputs = apps::data_files("--data", f.data, *data);
  for (const Named& each : networks) {
    inputs.emplace_back("--network", each.network.weights().source());
  }
  apps::refuse_overwriting({{"--out", f.out}, {"--json", f.json}}, inputs);
  const auto device = apps::make_context(f);
  const Context& context = *device;
  const Shape image = data->image_shape();
  const std::int64_t most = apps::most_in_work(*plan.method, data->size());
  const std::int64_t batch =
      f.batch == "auto" ? batch_for(context, networks.front().network, image.h, image.w, most)
                        : apps::data_batch(f.batch, {}, context, image, most, most);
  apps::catch_interrupts();
  std::vector<TransferNetwork> all;
  for (const Named& each : networks) {
    all.push_back(transfer_network(context, each, plan, image, batch));
  }
  const auto epsilon = plan.method->nearest ? 0.0F : static_cast<float>(plan.epsilons.front());
  apps::Progress progress(static_cast<int>(data->size() * static_cast<std::int64_t>(all.size())));
  int done = 0;
  const TransferMatrix matrix = transfer(
      context, all, [&] { return examples_of(*data, epsilon); }, batch,
      [&] { progress.at(++done, "attacked"); });
  std::printf("%s, %lld images\n\n%s", title_of(plan).c_str(),
              static_cast<long long>(matrix.images), apps::table(matrix).c_str());
  if (!f.out.empty()) save_image(f.out, apps::matrix_picture(title_of(plan), matrix));
  if (!f.json.empty()) {
    nlohmann::json json = report(matrix, f, plan, networks, *data);
    json["provenance"] = apps::provenance(context, argc, argv);
    json["provenance"]["batch"] = batch;
    apps::write_json(f.json, json);
  }
  return apps::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  Flags f;
  CLI::App app("Crafts adversarial images on each network, and shows them to all.", "transfer");
  app.footer(
      "Example: transfer --network a=resnet20_cifar10:a.safetensors --network b=b.safetensors "
      "--data test_batch.bin --limit 200 --eps 4/255 --out matrix.png");
  f.add_to(app);
  for (const char* flag : kRemoved) app.remove_option(app.get_option(flag));
  for (const char* flag : kNotHere) app.get_option(flag)->group("");
  app.get_option("--data")->required();
  app.get_option("--eps")->description(std::string(apps::kEpsHelp) +
                                       ". Methods that look for the nearest image have none");
  app.get_option("--out")->required(false)->description("Picture of the matrix (.png or .jpg)");
  app.add_option("--network", f.networks,
                 "NAME=MODEL:WEIGHTS, or NAME=WEIGHTS where the file says its model; repeat it")
      ->required();
  return apps::run(app, argc, argv, [&] { return transfer_app(f, app, argc, argv); });
}
