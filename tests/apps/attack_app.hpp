#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/apps/app_inputs.hpp"
#include "tests/apps/run_app.hpp"
#include "tests/formats/support.hpp"

namespace phosphene::test {

/// A small, good command of attack whose flags a test changes, in a folder of its own: a few drawn
/// shapes and the bundled network. The app writes to out/.
class AttackApp : public InFolder {
 protected:
  AttackApp() {
    flags_ = {{"--data", "shapes:2:8"},  {"--weights", "shapes"}, {"--method", "pgd"},
              {"--eps", "8/255"},        {"--steps", "3"},        {"--device", "cpu"},
              {"--json", path("s.json")}};
  }

  /// A flag whose value is "on" takes none.
  Outcome run(const std::string& out = "out", const RunOptions& options = {}) const {
    std::vector<std::string> arguments{"--out", path(out)};
    for (const auto& [flag, value] : flags_) {
      arguments.push_back(flag);
      if (value != "on") arguments.push_back(value);
    }
    RunOptions quiet = options;
    quiet.environment.emplace("OMP_WAIT_POLICY", "passive");
    return run_app(ATTACK, arguments, quiet);
  }

  nlohmann::json json(const std::string& name = "s.json") const {
    const Bytes bytes = read(name);
    return nlohmann::json::parse(bytes.begin(), bytes.end());
  }

  std::string text(const std::string& name) const {
    const Bytes bytes = read(name);
    return {bytes.begin(), bytes.end()};
  }

  void expect_refused(int code, const std::vector<std::string>& parts) const {
    const Outcome outcome = run();
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    for (const std::string& part : parts) {
      EXPECT_NE(outcome.err.find(part), std::string::npos)
          << '"' << part << "\" is not in: " << outcome.err;
    }
  }

  std::map<std::string, std::string> flags_;
};

}  // namespace phosphene::test
