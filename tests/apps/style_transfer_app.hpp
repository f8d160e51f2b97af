#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/apps/app_inputs.hpp"
#include "tests/apps/run_app.hpp"
#include "tests/formats/support.hpp"

namespace phosphene::test {

/// A small, good command of style_transfer whose flags a test changes, and a folder of its own
/// with the inputs in it; what the app writes goes to out/.
class StyleTransferApp : public InFolder {
 protected:
  StyleTransferApp() {
    std::filesystem::create_directory(path("out"));
    write_picture(path("content.png"), 40, 32, 1);
    write_picture(path("style.png"), 36, 28, 2);
    write_weights(path("tiny.safetensors"), tiny_vgg19());
    flags_ = {{"--content", {path("content.png")}},
              {"--style", {path("style.png")}},
              {"--weights", {path("tiny.safetensors")}},
              {"--size", {"32"}},
              {"--iterations", {"3"}},
              {"--device", {"cpu"}},
              {"--out", {out("o.png")}}};
  }

  std::string out(const std::string& name) const { return path("out/" + name); }

  std::vector<std::string> written() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path("out"))) {
      names.push_back(entry.path().filename());
    }
    std::ranges::sort(names);
    return names;
  }

  Outcome run(const RunOptions& options = {}) const {
    std::vector<std::string> arguments;
    for (const auto& [flag, values] : flags_) {
      arguments.push_back(flag);
      arguments.insert(arguments.end(), values.begin(), values.end());
    }
    return run_app(STYLE_TRANSFER, arguments, options);
  }

  std::map<std::string, std::vector<std::string>> flags_;
};

}  // namespace phosphene::test
