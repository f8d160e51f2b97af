#include "engine/cone/clusters.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace phosphene::cone {
namespace {

std::vector<std::int64_t> largest(const std::vector<std::int64_t>& a,
                                  const std::vector<std::int64_t>& b) {
  std::vector<std::int64_t> result(a.size());
  std::ranges::transform(a, b, result.begin(), [](auto x, auto y) { return std::max(x, y); });
  return result;
}

}  // namespace

std::vector<Clusters> cluster(const std::vector<SizeClass>& classes,
                              const std::vector<double>& weight, std::size_t most) {
  std::vector<SizeClass> now = classes;
  std::vector<int> cluster_of(classes.size());
  std::iota(cluster_of.begin(), cluster_of.end(), 0);
  const auto cost = [&](const std::vector<std::int64_t>& sizes, std::int64_t windows) {
    double sum = 0;
    for (std::size_t m = 0; m < weight.size(); ++m)
      sum += weight[m] * static_cast<double>(sizes[m]);
    return sum * static_cast<double>(windows);
  };
  const auto waste = [&](const SizeClass& a, const SizeClass& b) {
    return cost(largest(a.sizes, b.sizes), a.windows + b.windows) - cost(a.sizes, a.windows) -
           cost(b.sizes, b.windows);
  };
  std::vector<Clusters> result;
  while (true) {
    if (now.size() <= most) {
      Clusters& clusters = result.emplace_back(Clusters{cluster_of, {}});
      for (const SizeClass& c : now) clusters.sizes.push_back(c.sizes);
    }
    if (now.size() == 1) break;
    std::size_t best_a = 0, best_b = 1;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t a = 0; a < now.size(); ++a) {
      for (std::size_t b = a + 1; b < now.size(); ++b) {
        if (const double w = waste(now[a], now[b]); w < least) {
          least = w;
          best_a = a;
          best_b = b;
        }
      }
    }
    now[best_a] = {largest(now[best_a].sizes, now[best_b].sizes),
                   now[best_a].windows + now[best_b].windows};
    now.erase(now.begin() + static_cast<std::ptrdiff_t>(best_b));
    for (int& c : cluster_of) {
      if (static_cast<std::size_t>(c) == best_b) c = static_cast<int>(best_a);
      if (static_cast<std::size_t>(c) > best_b) --c;
    }
  }
  return result;
}

}  // namespace phosphene::cone
