#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/context.hpp"
#include "phosphene/datasets/dataset.hpp"
#include "phosphene/models.hpp"

namespace apps {

/// Exit codes, the same for every app.
enum Exit { kDone = 0, kFailed = 1, kUsage = 2, kInterrupted = 75 };

/// The flags that every app has.
struct CommonFlags {
  std::string model, weights = "vgg16_hed";
  std::string device = "auto", precision = "fp32";
  std::uint64_t seed = 0;
  std::string out, json;
  bool tune = false;

  /// `result` says what --out is to name.
  void add_to(CLI::App& app, const std::string& result);
  phosphene::ContextOptions context_options() const;
  phosphene::NetworkOptions network_options() const { return {.model = model, .weights = weights}; }
};

/// Those of the apps that look at the classes of a network, whose weights file need not say how it
/// wants its pixels, or what its classes are called.
struct ClassifierFlags : CommonFlags {
  std::vector<float> mean, std;
  std::int64_t input_size = 0;
  std::string labels;

  ClassifierFlags() { weights = "shapes"; }
  void add_to(CLI::App& app, const std::string& result);
  phosphene::NetworkOptions network_options() const {
    return {model, weights, mean, std, input_size, labels};
  }
};

/// Parses and runs: bad flags exit with 2; a phosphene::UsageError too; any other error with 1.
/// Each prints one line on stderr.
int run(CLI::App& app, int argc, char** argv, const std::function<int()>& body);

/// True once Ctrl-C or SIGTERM came; a Ctrl-C after that ends the program at once.
bool interrupted();
void catch_interrupts();

/// What made a result: version, command line, device, libraries, precision, seed.
nlohmann::json provenance(const phosphene::Context& context, int argc, char** argv);

/// Writes under a temporary name and renames. Throws phosphene::Error.
void write_json(const std::string& path, const nlohmann::json& json);

/// Flags and the files that they name; an empty name is none.
using NamedFiles = std::vector<std::pair<std::string, std::string>>;
/// Throws UsageError where one output is an input, or another output.
void refuse_overwriting(const NamedFiles& outputs, const NamedFiles& inputs);

/// Neither need be there.
bool lies_in(const std::string& file, const std::string& folder);

/// The files that --data or its like names: of "A.npy,B.npy" both, of a folder its list of labels.
NamedFiles data_files(const std::string& flag, const std::string& text);
/// With those of its photographs.
NamedFiles data_files(const std::string& flag, const std::string& text,
                      const phosphene::Dataset& data);

/// Makes the folder that `flag` names, where it is not there; says whether it was not. Throws
/// phosphene::Error.
bool make_folder(const std::string& flag, const std::string& path);

void warn(const std::string& line);

}  // namespace apps
