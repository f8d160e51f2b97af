#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace phosphene::cone {

/// Extents along one axis in every map, and how many windows have them.
struct SizeClass {
  std::vector<std::int64_t> sizes;
  std::int64_t windows = 0;
};

/// Clusters of classes: by class, its cluster; by cluster, the largest sizes.
struct Clusters {
  std::vector<int> cluster_of;
  std::vector<std::vector<std::int64_t>> sizes;
};

/// One cluster, two, ... up to `most`: from every class alone, the two whose union wastes least are
/// joined again and again. `weight[m]` is what a unit of extent in map m costs a window.
std::vector<Clusters> cluster(const std::vector<SizeClass>& classes,
                              const std::vector<double>& weight, std::size_t most);

}  // namespace phosphene::cone
