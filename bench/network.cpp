// A network's forward pass, and the forward pass with the gradient of one class's logits at the
// image, for bench/network.py:
//   bench_network MODEL WEIGHTS BATCH PRECISION SIDE DEVICE
// Prints one JSON line: milliseconds, the median of 20 runs after 3 (on a GPU of one recorded CUDA
// graph each, from its launch to its end), the memory held, the weights included, and the length of
// the first image's scores and gradient.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "engine/core/backend.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/models.hpp"
#include "phosphene/session.hpp"

namespace phosphene {
namespace {

constexpr int kWarmUp = 3, kRepetitions = 20;

/// The same numbers as bench/peers/network.py's.
Tensor pictures(std::int64_t n, std::int64_t side) {
  Tensor host = Tensor::host({n, 3, side, side});
  for (std::int64_t i = 0; i < host.count(); ++i) {
    host.data()[i] = static_cast<float>(i * 7919 % 1009) / 1009;
  }
  return host;
}

/// Of what belongs to the first of n images, so that the two sides can be compared.
double first_norm(const Context& context, const Tensor& tensor, std::int64_t n) {
  const Tensor host = ops::to_host(context, tensor);
  double sum = 0;
  for (std::int64_t i = 0; i < host.count() / n; ++i) {
    sum += static_cast<double>(host.data()[i]) * host.data()[i];
  }
  return std::sqrt(sum);
}

double median_ms(const Context& context, const std::function<void()>& work) {
  work();  // what is first made ready may not be recorded
  context.synchronize();
  const auto recording = backend_of(context).record(work);
  std::vector<double> times;
  for (int i = 0; i < kWarmUp + kRepetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    recording->replay();
    context.synchronize();
    const std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - start;
    if (i >= kWarmUp) times.push_back(taken.count());
  }
  std::sort(times.begin(), times.end());
  return (times[kRepetitions / 2 - 1] + times[kRepetitions / 2]) / 2;
}

int measure(char** arguments) {
  const std::int64_t batch = std::stoll(arguments[3]), side = std::stoll(arguments[5]);
  const Network network = load_network({.model = arguments[1], .weights = arguments[2]});
  const Context context({.device = arguments[6], .precision = parse_precision(arguments[4])});
  const std::string scores = score_layer(network.graph());
  double forward = 0;
  {
    Session session(
        context, network,
        {.height = side, .width = side, .batch = batch, .taps = {scores}, .backward = false});
    session.forward(pictures(batch, side), batch);
    forward = median_ms(context, [&] { session.forward(); });
  }
  Session session(context, network,
                  {.height = side, .width = side, .batch = batch, .taps = {scores}});
  session.forward(pictures(batch, side), batch);
  Tensor one_class = Tensor::host(session.tap(scores).shape());
  std::fill_n(one_class.data(), one_class.count(), 0.0F);
  for (std::int64_t i = 0; i < batch; ++i) one_class.data()[i * one_class.shape().c] = 1;
  const std::vector<Seed> seeds{seed_with(context, scores, one_class)};
  const double both = median_ms(context, [&] {
    session.forward();
    session.backward(seeds);
  });
  const double scores_norm = first_norm(context, session.tap(scores), batch);
  const double gradient_norm = first_norm(context, session.backward(seeds), batch);
  std::printf(
      "{\"forward_ms\": %.4f, \"gradient_ms\": %.4f, \"mb\": %.1f, \"scores_norm\": %.6g, "
      "\"gradient_norm\": %.6g, \"device\": \"%s\"}\n",
      forward, both, static_cast<double>(context.allocated_bytes()) / 1e6, scores_norm,
      gradient_norm, context.device_name().c_str());
  return 0;
}

}  // namespace
}  // namespace phosphene

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: bench_network MODEL WEIGHTS BATCH PRECISION SIDE DEVICE\n");
    return 2;
  }
  try {
    return phosphene::measure(argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_network: %s\n", error.what());
    return 1;
  }
}
