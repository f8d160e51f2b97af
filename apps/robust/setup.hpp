#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

// What was attacked, and how, as attack --json has it at its top: "model", "weights_fingerprint",
// "data_fingerprint", "method", "norm", "targeted", "defence", "naive", "expectation", and
// "options", what the method ran with: {"steps": 10, "loss": "ce", ...}; of a report, not of a
// journal, "data". Under a mask "mask": {"fingerprint", "free"}, the share of the pixels that may
// change, and of a report "file"; else null.
namespace apps {

/// Of the settings in a journal's header.
nlohmann::json setup_of_journal(const nlohmann::json& settings);
/// Throws phosphene::Error where a field is missing.
nlohmann::json setup_of_report(const nlohmann::json& report);

/// The attacks that a suite makes one after the other; of no suite none.
std::vector<std::string> parts_of(const std::string& method);

/// One line: "resnet20_cifar10, data test_batch.bin: pgd, linf, steps 20, loss ce, ..."
std::string heading(const nlohmann::json& setup);

}  // namespace apps
