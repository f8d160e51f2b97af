#include "phosphene/error.hpp"

#include <algorithm>
#include <numeric>

namespace phosphene {
namespace {

/// Levenshtein's distance, one row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replace, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string printable(std::string_view text) {
  constexpr std::size_t kLongest = 120;
  std::string line(text.substr(0, kLongest));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  if (text.size() > kLongest) line += "...";
  return line;
}

std::vector<std::string> near_names(std::string_view name, std::span<const std::string> candidates,
                                    std::size_t limit) {
  // resnet20 is rather meant for resnet20_cifar10 than for resnet50. Not what is much shorter than
  // the name: a letter begins too many.
  const auto begins = [&](std::string_view candidate) {
    return candidate.starts_with(name) ||
           (2 * candidate.size() >= name.size() && name.starts_with(candidate));
  };
  struct Ranked {
    bool other;
    std::size_t distance;
    std::size_t unlike_from;  // names like relu4_1 and relu1_2 lie as far from relu4_2
    std::string_view name;
  };
  std::vector<Ranked> ranked;
  for (const std::string& candidate : candidates) {
    const auto unlike = std::ranges::mismatch(name, candidate).in1 - name.begin();
    ranked.push_back({!begins(candidate), edit_distance(name, candidate),
                      static_cast<std::size_t>(unlike), candidate});
  }
  std::ranges::stable_sort(ranked, [](const Ranked& a, const Ranked& b) {
    if (a.other != b.other) return b.other;
    return a.distance != b.distance ? a.distance < b.distance : a.unlike_from > b.unlike_from;
  });
  std::vector<std::string> near;
  for (const Ranked& candidate : ranked) {
    if (near.size() == limit) break;
    if (std::ranges::find(near, candidate.name) == near.end()) near.emplace_back(candidate.name);
  }
  return near;
}

}  // namespace phosphene
