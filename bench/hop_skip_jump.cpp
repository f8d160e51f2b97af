// HopSkipJump on the first COUNT images of a file like CIFAR-10's, for bench/hop_skip_jump.py:
//   bench_hop_skip_jump MODEL WEIGHTS IMAGES.bin SIDE COUNT l2|linf QUERIES SLOTS BATCH DEVICE
// Prints one JSON line: the distance of each image (0 where the network names it wrongly, null
// where nothing was found), queries of all of them, and the seconds from the network in memory on.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "phosphene/attacks/hop_skip_jump.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/models.hpp"

namespace phosphene {
namespace {

std::vector<Example> examples(const std::string& path, std::int64_t side, std::int64_t count) {
  const std::int64_t pixels = 3 * side * side;
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
  if (static_cast<std::int64_t>(bytes.size()) < count * (1 + pixels)) {
    throw std::runtime_error(path + ": fewer than " + std::to_string(count) + " images");
  }
  std::vector<Example> list;
  for (std::int64_t i = 0; i < count; ++i) {
    const char* from = bytes.data() + i * (1 + pixels);
    Example& example = list.emplace_back();
    example.index = i;
    example.label = from[0];
    example.image = Tensor::host({1, 3, side, side});
    for (std::int64_t k = 0; k < pixels; ++k) {
      example.image.data()[k] = static_cast<float>(static_cast<unsigned char>(from[1 + k])) / 255;
    }
  }
  return list;
}

double distance(const Tensor& a, const Tensor& b, Norm norm) {
  double squares = 0, largest = 0;
  for (std::int64_t i = 0; i < a.count(); ++i) {
    const double d = std::abs(static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i]));
    squares += d * d;
    largest = std::max(largest, d);
  }
  return norm == Norm::l2 ? std::sqrt(squares) : largest;
}

Example copy_of(const Example& example) {
  Example copy;
  copy.index = example.index;
  copy.label = example.label;
  copy.image = example.image.view();
  return copy;
}

int attack(char** arguments) {
  const std::int64_t side = std::stoll(arguments[4]), count = std::stoll(arguments[5]);
  const std::int64_t batch = std::stoll(arguments[9]);
  const Network network = load_network({.model = arguments[1], .weights = arguments[2]});
  const Context context({.device = arguments[10]});
  const std::vector<Example> list = examples(arguments[3], side, count);
  HopSkipJumpOptions options;
  options.norm = parse_norm(arguments[6]);
  options.max_queries = std::stoll(arguments[7]);
  options.slots = std::stoll(arguments[8]);
  options.batch = batch;

  const auto start = std::chrono::steady_clock::now();
  const auto hop_skip_jump_attack =
      hop_skip_jump(context, make_classifier(context, network, side, side, batch), options);
  std::vector<double> distances(list.size());
  std::int64_t queries = 0, next = 0;
  run_attack(
      *hop_skip_jump_attack,
      [&]() -> std::optional<Example> {
        if (next == count) return {};
        return copy_of(list[static_cast<std::size_t>(next++)]);
      },
      [&](const Outcome& outcome) {
        const auto i = static_cast<std::size_t>(outcome.index);
        distances[i] = outcome.success ? distance(outcome.image, list[i].image, options.norm) : -1;
        queries += outcome.queries;
      });
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;

  std::printf("{\"seconds\": %.4f, \"queries\": %lld, \"device\": \"%s\", \"distances\": [",
              taken.count(), static_cast<long long>(queries), to_string(context.device()).c_str());
  for (std::size_t i = 0; i < distances.size(); ++i) {
    std::printf(i == 0 ? "" : ", ");
    distances[i] < 0 ? std::printf("null") : std::printf("%.7g", distances[i]);
  }
  std::printf("]}\n");
  return 0;
}

}  // namespace
}  // namespace phosphene

int main(int argc, char** argv) {
  if (argc != 11) {
    std::fprintf(stderr,
                 "usage: bench_hop_skip_jump MODEL WEIGHTS IMAGES.bin SIDE COUNT l2|linf QUERIES "
                 "SLOTS BATCH DEVICE\n");
    return 2;
  }
  try {
    return phosphene::attack(argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_hop_skip_jump: %s\n", error.what());
    return 1;
  }
}
