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
    for (std::size_t m = 0; m < weight.size(); ++m) {
      sum += weight[m] * static_cast<double>(sizes[m]);
    }
    return sum * static_cast<double>(windows);
  };
  const auto waste = [&](const SizeClass& a, const SizeClass& b) {
    return cost(largest(a.sizes, b.sizes), a.windows + b.windows) - cost(a.sizes, a.windows) -
           cost(b.sizes, b.windows);
  };
  std::vector<std::vector<double>> wastes(now.size());  // of a and an earlier b
  for (std::size_t a = 0; a < now.size(); ++a) {
    for (std::size_t b = 0; b < a; ++b) wastes[a].push_back(waste(now[a], now[b]));
  }
  std::vector<Clusters> result;
  while (true) {
    if (now.size() <= most) {
      Clusters& clusters = result.emplace_back(Clusters{cluster_of, {}});
      for (const SizeClass& c : now) clusters.sizes.push_back(c.sizes);
    }
    if (now.size() == 1) return result;
    std::size_t keep = 0, gone = 1;
    for (std::size_t a = 0; a < now.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        if (wastes[a][b] >= wastes[gone][keep]) continue;
        gone = a;
        keep = b;
      }
    }
    now[keep] = {largest(now[keep].sizes, now[gone].sizes), now[keep].windows + now[gone].windows};
    const auto offset = static_cast<std::ptrdiff_t>(gone);
    now.erase(now.begin() + offset);
    wastes.erase(wastes.begin() + offset);
    for (std::size_t a = gone; a < now.size(); ++a) wastes[a].erase(wastes[a].begin() + offset);
    for (std::size_t b = 0; b < keep; ++b) wastes[keep][b] = waste(now[keep], now[b]);
    for (std::size_t a = keep + 1; a < now.size(); ++a) wastes[a][keep] = waste(now[a], now[keep]);
    for (int& c : cluster_of) {
      const auto mine = static_cast<std::size_t>(c);
      if (mine == gone) c = static_cast<int>(keep);
      if (mine > gone) --c;
    }
  }
}

}  // namespace phosphene::cone
