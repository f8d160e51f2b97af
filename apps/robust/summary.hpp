#pragma once
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "record.hpp"

namespace apps {

/// A share that was counted.
struct Rate {
  std::int64_t count = 0, of = 0;
  double value() const;  ///< 0 of none, which put() and percent() tell from 0
};

/// Where values lie; of none nothing is known, and all are 0.
struct Spread {
  /// Of a sorted sample x_0 .. x_n-1 quantile q is at q (n - 1), linear between neighbours.
  static constexpr std::array<double, 4> kQuantiles{0.1, 0.25, 0.75, 0.9};

  double mean = 0, median = 0;
  std::array<double, 4> quantiles{};
  bool known = false;
};

/// What an attack did to a data set at one epsilon.
struct Summary {
  std::optional<double> epsilon;  ///< none: the attack looked for the nearest
  Rate clean;                     ///< classified correctly as they are, of all images
  Rate success;                   ///< fooled (targeted: as the target), of those
  /// Still classified correctly when attacked, of all images. Of an attack that looks for the
  /// nearest image, which any image has, it says nothing.
  Rate robust;
  Rate rounded;                ///< the same after rounding to 8 bits
  Rate rounded_success;        ///< fooled and still so after rounding, of the fooled
  Spread linf, l2;             ///< of the perturbations that fooled
  Spread iterations, queries;  ///< of all that were attacked
  std::int64_t total_queries = 0;
  struct Part {
    std::string name;
    Rate robust;
  };
  std::vector<Part> after;  ///< of a suite: what is robust after each of its attacks
};

/// What the records of an attack that looks for the nearest image say of a ball of each epsilon: an
/// image whose perturbation is larger is not fooled.
std::vector<Record> within(const std::vector<Record>& nearest, phosphene::Norm norm,
                           const std::vector<double>& epsilons);

/// One for each epsilon that the records hold, rising; those without one are together, and first.
/// `parts`: the attacks of a suite, in their order.
std::vector<Summary> summarise(const std::vector<Record>& records,
                               const std::vector<std::string>& parts = {});

/// Robust accuracy within a ball.
struct CurvePoint {
  double epsilon = 0;
  Rate robust;
};

/// Against epsilon, from the clean accuracy at 0 on. Of an attack that looks for the nearest `at`
/// says where.
std::vector<CurvePoint> curve(const std::vector<Record>& records, phosphene::Norm norm,
                              const std::vector<double>& at);

/// {"value": ..., "value_interval": [low, high]} with Wilson's interval of 95 %; both null of none.
void put(nlohmann::json& json, const std::string& name, const Rate& rate);
/// {"mean", "median", "quantiles": {"0.1": ..., ...}}; of none they are null.
nlohmann::json to_json(const Spread& spread);
/// Without an epsilon there are no rates of what is robust.
nlohmann::json to_json(const Summary& summary);
nlohmann::json to_json(const std::vector<CurvePoint>& points);
/// What to_json() wrote. Both throw phosphene::Error.
Summary summary_of(const nlohmann::json& json);
std::vector<CurvePoint> curve_of(const nlohmann::json& json);

/// "0.1" where that is all of it, "8/255" or "0.25/255" where that is.
std::string epsilon_text(double epsilon);
/// "17.3 [15.1, 19.8]"; "-" of none
std::string percent(const Rate& rate);
/// A Markdown table with a line an epsilon; before it one of distances, where a summary has none.
/// `naive`: the attack did not know of a defence, and its columns say so.
std::string table(const std::vector<Summary>& summaries, phosphene::Norm norm, bool naive);

}  // namespace apps
