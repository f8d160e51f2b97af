#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "phosphene/attacks/transfer.hpp"
#include "phosphene/tensor.hpp"

namespace apps {

/// A Markdown table: a row for each surrogate, a column for each victim, with Wilson's intervals;
/// the last row is the victims' clean accuracy.
std::string table(const phosphene::TransferMatrix& matrix);

/// {"images", "networks": [{"name", "clean_accuracy", ...}], "matrix": [{"surrogate", "victim",
/// "fooled", "correct", "attack_success_rate", ...}]}
nlohmann::json to_json(const phosphene::TransferMatrix& matrix);

/// The matrix as a picture, the darker the more are fooled.
phosphene::Tensor matrix_picture(const std::string& title, const phosphene::TransferMatrix& matrix);

}  // namespace apps
