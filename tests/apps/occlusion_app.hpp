#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/apps/app_inputs.hpp"
#include "tests/apps/run_app.hpp"
#include "tests/formats/support.hpp"

namespace phosphene::test {

/// A small, good command of occlusion whose flags a test changes, in a folder of its own: a network
/// of 32 pixels and 10 classes, whose weights are drawn, and a photograph. The app writes to out/.
class OcclusionApp : public InFolder {
 protected:
  OcclusionApp() {
    write_picture(path("photo.png"), 60, 48, 1);
    flags_ = {{"--image", path("photo.png")},
              {"--model", "convnetjs_cifar10"},
              {"--weights", "random:3"},
              {"--patch", "9"},
              {"--stride", "7"},
              {"--device", "cpu"},
              {"--out", path("out")}};
  }

  std::string out(const std::string& name) const { return path("out/" + name); }

  std::vector<std::string> written() const {
    std::vector<std::string> names;
    if (!std::filesystem::exists(path("out"))) return names;
    for (const auto& entry : std::filesystem::directory_iterator(path("out"))) {
      names.push_back(entry.path().filename());
    }
    std::ranges::sort(names);
    return names;
  }

  /// A flag whose value is "on" takes none.
  Outcome run(const RunOptions& options = {}) const {
    std::vector<std::string> arguments;
    for (const auto& [flag, value] : flags_) {
      arguments.push_back(flag);
      if (value != "on") arguments.push_back(value);
    }
    return run_app(OCCLUSION, arguments, options);
  }

  std::map<std::string, std::string> flags_;
};

}  // namespace phosphene::test
