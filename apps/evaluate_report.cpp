#include "evaluate_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <utility>

#include "phosphene/heatmap.hpp"

namespace apps {
namespace {

using phosphene::Tensor;

struct Estimate {
  double mean = 0, error = 0;  // the standard error of the mean
};

Estimate estimate(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (double v : values) sum += v;
  const double mean = sum / n;
  for (double v : values) squares += (v - mean) * (v - mean);
  return {mean, n > 1 ? std::sqrt(squares / (n - 1) / n) : 0};
}

std::string cell(const std::vector<double>& values, double factor, int digits) {
  if (values.empty()) return "";
  const Estimate e = estimate(values);
  char text[64];
  std::snprintf(text, sizeof text, "%.*f ± %.*f", digits, factor * e.mean, digits,
                factor * e.error);
  return text;
}

}  // namespace

std::string table(const std::vector<Row>& rows) {
  std::string text =
      "| method | weights | pointing % | energy inside % | deletion | insertion | "
      "rank correlation: last layer random | upper half | all |\n"
      "|---|---|---|---|---|---|---|---|---|\n";
  for (const Row& row : rows) {
    text += "| " + row.method + " | " + row.weights;
    text += " | " + cell(row.pointing, 100, 1) + " | " + cell(row.energy, 100, 1);
    text += " | " + cell(row.deletion, 1, 3) + " | " + cell(row.insertion, 1, 3);
    for (const auto& values : row.correlation) text += " | " + cell(values, 1, 3);
    text += " |\n";
  }
  return text;
}

nlohmann::json to_json(const std::vector<Row>& rows) {
  nlohmann::json all = nlohmann::json::array();
  for (const Row& row : rows) {
    nlohmann::json entry = {{"method", row.method}, {"weights", row.weights}};
    const auto add = [&](const char* name, const std::vector<double>& values) {
      if (values.empty()) return;
      const Estimate e = estimate(values);
      entry[name] = {{"mean", e.mean}, {"standard_error", e.error}};
    };
    add("pointing", row.pointing);
    add("energy_inside", row.energy);
    add("deletion", row.deletion);
    add("insertion", row.insertion);
    add("rank_correlation_last", row.correlation[0]);
    add("rank_correlation_upper_half", row.correlation[1]);
    add("rank_correlation_all", row.correlation[2]);
    all.push_back(std::move(entry));
  }
  return all;
}

Tensor contact_sheet(const Pictures& pictures, const std::vector<const Tensor*>& maps) {
  std::vector<std::int64_t> chosen;
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; i < pictures.labels.size(); ++i) {
    if (seen.insert(pictures.labels[i]).second) chosen.push_back(static_cast<std::int64_t>(i));
  }
  std::sort(chosen.begin(), chosen.end(), [&](std::int64_t a, std::int64_t b) {
    return pictures.labels[static_cast<std::size_t>(a)] <
           pictures.labels[static_cast<std::size_t>(b)];
  });
  constexpr std::int64_t kGap = 2;
  const std::int64_t h = pictures.images.shape().h, w = pictures.images.shape().w;
  const auto columns = static_cast<std::int64_t>(maps.size()) + 2;
  Tensor sheet = Tensor::host({1, 3, static_cast<std::int64_t>(chosen.size()) * (h + kGap) - kGap,
                               columns * (w + kGap) - kGap});
  std::fill_n(sheet.data(), sheet.count(), 1.0F);
  const auto place = [&](const float* planes, std::int64_t channels, std::int64_t row,
                         std::int64_t column) {
    for (std::int64_t c = 0; c < 3; ++c) {
      for (std::int64_t y = 0; y < h; ++y) {
        std::copy_n(planes + ((c % channels) * h + y) * w, w,
                    sheet.data() + (c * sheet.shape().h + row * (h + kGap) + y) * sheet.shape().w +
                        column * (w + kGap));
      }
    }
  };
  for (std::size_t line = 0; line < chosen.size(); ++line) {
    const auto row = static_cast<std::int64_t>(line);
    const std::int64_t i = chosen[line];
    place(pictures.images.data() + i * 3 * h * w, 3, row, 0);
    place(pictures.masks.data() + i * h * w, 1, row, 1);
    for (std::size_t m = 0; m < maps.size(); ++m) {
      Tensor map = Tensor::host({1, 1, h, w});
      std::copy_n(maps[m]->data() + i * h * w, h * w, map.data());
      phosphene::HeatmapOptions options;
      options.colours = phosphene::ColourMap::viridis;
      options.range = phosphene::range_of(map, options.colours, 0.01F);
      place(phosphene::colourise(map, options).data(), 3, row, static_cast<std::int64_t>(m) + 2);
    }
  }
  return sheet;
}

}  // namespace apps
