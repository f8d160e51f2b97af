#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace apps {

/// What became of an image at one epsilon: a line of an attack's journal.
struct Record {
  std::int64_t label = 0;  ///< the true class
  std::int64_t clean = 0;  ///< the class that the victim gives the image as it is
  /// max over j != y of z_j - z_y at the image, y its label: below 0 it is classified correctly.
  double clean_margin = 0;
  std::optional<double> epsilon;  ///< none: the attack looks for the nearest

  /// Of an image that is classified correctly: the others are not attacked.
  struct Attacked {
    std::int64_t target = -1;      ///< the class it was to show; -1: any other
    std::int64_t adversarial = 0;  ///< the class of the attacked image, asked for afresh
    std::int64_t rounded = 0;      ///< the same after rounding to 8 bits
    double margin = 0;             ///< as clean_margin, at the attacked image
    double linf = 0, l2 = 0;       ///< of the perturbation
    std::int64_t iterations = 0, queries = 0;
    std::string by;            ///< the attack that fooled it, where several were tried
    bool success = false;      ///< adversarial is another than the label, targeted: is the target
    bool unconfirmed = false;  ///< the attack saw a success that is none
    bool no_start = false;     ///< no image shows the target, and the attack begins at one
  };
  std::optional<Attacked> attacked;
  bool skipped = false;  ///< its true class is the --targeted one: neither attacked nor counted

  bool correct() const { return clean == label; }
  bool robust() const { return attacked && attacked->adversarial == label; }
};

/// A record and the image that it is of.
struct ImageRecord {
  std::int64_t image = 0;
  Record record;
};

nlohmann::json to_json(const Record& record);
/// Throws phosphene::Error that says which field is missing or of another kind.
Record record_of(const nlohmann::json& json);

/// A float as the shortest decimal number that gives it back.
double shortest(float value);

}  // namespace apps
