#pragma once
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "phosphene/tensor.hpp"

namespace apps {

/// Pictures with what is true of them: images [n, 3, h, w], masks [n, 1, h, w], host both.
struct Pictures {
  phosphene::Tensor images, masks;
  std::vector<std::int64_t> labels;
};

/// What one source of maps scored, a number a picture.
struct Row {
  std::string method;
  std::string weights;  ///< "trained", "random", or empty where no network is asked
  std::vector<double> pointing, energy, deletion, insertion;
  /// Rank correlation with the maps of a network whose last layer, upper half, or all layers have
  /// random weights; empty for other rows.
  std::array<std::vector<double>, 3> correlation{};
};

/// A Markdown table: means and their standard errors, pointing and energy in per cent.
std::string table(const std::vector<Row>& rows);

/// The same unrounded, with every field's mean and standard error.
nlohmann::json to_json(const std::vector<Row>& rows);

/// The first picture of each class from left to right beside its mask and each of the maps
/// [n, 1, h, w] in colours: one line a class.
phosphene::Tensor contact_sheet(const Pictures& pictures,
                                const std::vector<const phosphene::Tensor*>& maps);

}  // namespace apps
