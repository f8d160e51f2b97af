#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "common.hpp"
#include "phosphene/context.hpp"
#include "phosphene/datasets/dataset.hpp"
#include "phosphene/network.hpp"
#include "sweep.hpp"

namespace apps {

/// What both ways of certifying are asked for.
struct CertifyFlags : ClassifierFlags {
  std::string data, shard, batch = "auto", limit;

  void add_to(CLI::App& app);
};

/// What is certified, and on what. Throws in one line what is wrong with the flags.
struct Certified {
  std::unique_ptr<phosphene::Network> network;
  std::unique_ptr<phosphene::Dataset> data;
  std::unique_ptr<phosphene::Context> context;
  std::int64_t batch = 1;

  /// `copies`: how many noisy copies of an image there are, that are a batch by themselves; 0: the
  /// batch is of images.
  Certified(const CertifyFlags& flags, std::int64_t copies);
};

/// The sweep as far as both have it in common.
SweepJob certify_job(const CertifyFlags& flags, const Certified& what, const std::string& method);

/// One line of what was certified: "resnet20_cifar10, data test_batch.bin: smooth, sigma 0.25,
/// ...".
std::string heading(const CertifyFlags& flags, const Certified& what, const std::string& how);

/// Writes --json: `summary`, and where it came from.
void write_report(const CertifyFlags& flags, const Certified& what, const SweepJob& job,
                  nlohmann::json summary, int argc, char** argv);

/// The first of the largest logits of an image [1, 3, h, w], or of each of a batch.
std::vector<std::int64_t> predictions(const phosphene::Tensor& logits);

struct SmoothFlags : CertifyFlags {
  std::string sigma = "0.25", n0 = "100", n = "100000", alpha = "0.001";
  std::string radii;

  void add_to(CLI::App& app);
};
int certify_smooth(const SmoothFlags& flags, int argc, char** argv);

struct IbpFlags : CertifyFlags {
  std::string eps, epsilons;

  void add_to(CLI::App& app);
};
int certify_ibp(const IbpFlags& flags, int argc, char** argv);

}  // namespace apps
