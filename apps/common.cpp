#include "common.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <new>
#include <string_view>

#include "flag_values.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"
#include "phosphene/version.hpp"
#include "stoppable.hpp"

namespace apps {
namespace {

namespace fs = std::filesystem;

volatile std::sig_atomic_t g_interrupted = 0;

void on_signal(int signal) {
  // Schedulers may send SIGTERM to a process and to its parent, which passes it on: it counts once.
  if (g_interrupted && signal == SIGTERM) return;
  if (g_interrupted) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  g_interrupted = 1;
  constexpr std::string_view kNote =
      "\ninterrupted: coming to an end (Ctrl-C once more: at once)\n";
  if (write(STDERR_FILENO, kNote.data(), kNote.size()) < 0) return;  // a signal can do no more
}

}  // namespace

void CommonFlags::add_to(CLI::App& app, const std::string& result) {
  std::string models;
  for (const std::string& name : phosphene::model_names()) models += name + ", ";
  app.set_version_flag("--version", phosphene::version());
  app.add_option("--out", out, result)->required();
  app.add_option("--model", model,
                 "Network: " + models + "or nothing for what the weights file says, else vgg19");
  app.add_option("--weights", weights,
                 "A safetensors file, a name that scripts/fetch_weights.sh has fetched, or "
                 "random:SEED")
      ->capture_default_str();
  app.add_option("--device", device, "cpu, cuda, cuda:N, or auto: the GPU if there is one")
      ->capture_default_str();
  app.add_option("--precision", precision,
                 "fp32, or on a GPU tf32 (faster) or bf16 (faster, half the memory)")
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--seed",
         [this](const std::string& text) {
           seed = number<std::uint64_t>("--seed", text, "a whole number below 2^64");
         },
         "Of everything random")
      ->default_str("0");
  app.add_option("--json", json, "Write what was done and measured to this file");
  app.add_flag("--tune", tune,
               "Time cuDNN's plans and take the fastest; waives 'the same bytes every time'");
}

void ClassifierFlags::add_to(CLI::App& app, const std::string& result) {
  CommonFlags::add_to(app, result);
  const auto triple = [&](const char* flag, std::vector<float>& values, const std::string& what) {
    app.add_option(flag, values,
                   what + " of the pixels, a number a channel, in the network's own order and " +
                       "range (0..1 or 0..255) [the file's, else the model's usual ones]")
        ->delimiter(',');
  };
  triple("--mean", mean, "Mean");
  triple("--std", std, "Standard deviation");
  app.add_option_function<std::string>(
      "--input-size", [this](const std::string& text) { input_size = side("--input-size", text); },
      "Side of the square of pixels that the network sees [the file's, else the model's]");
  app.add_option(
      "--labels", labels,
      "Names of the classes: a file (JSON, or a line each), or cat,dog,... [the file's]");
}

phosphene::ContextOptions CommonFlags::context_options() const {
  return {device, phosphene::parse_precision(precision), seed, tune};
}

int run(CLI::App& app, int argc, char** argv, const std::function<int()>& body) {
  std::signal(SIGPIPE, SIG_IGN);  // whoever stops reading the progress does not stop the work
  try {
    app.parse(argc, argv);
    return body();
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const Interrupted& interrupted) {
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), interrupted.what());
    return kInterrupted;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "%s: %s (--help lists the flags)\n", app.get_name().c_str(), error.what());
    return kUsage;
  } catch (const phosphene::UsageError& error) {
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), error.what());
    return kUsage;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "%s: out of memory: smaller images or a smaller --size need less\n",
                 app.get_name().c_str());
    return kFailed;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), error.what());
    return kFailed;
  }
}

bool interrupted() { return g_interrupted != 0; }

void catch_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

nlohmann::json provenance(const phosphene::Context& context, int argc, char** argv) {
  std::vector<std::string> command(argv, argv + argc);
  return {{"version", phosphene::version()},
          {"command", command},
          {"device", to_string(context.device())},
          {"device_name", context.device_name()},
          {"libraries", context.library_versions()},
          {"precision", to_string(context.precision())},
          {"seed", context.seed()}};
}

void refuse_overwriting(const NamedFiles& outputs, const NamedFiles& inputs) {
  const auto same = [](const std::string& a, const std::string& b) {
    std::error_code ignored;
    return fs::weakly_canonical(a, ignored) == fs::weakly_canonical(b, ignored) ||
           fs::equivalent(a, b, ignored);
  };
  for (auto output = outputs.begin(); output != outputs.end(); ++output) {
    NamedFiles others(inputs);
    others.insert(others.end(), outputs.begin(), output);
    for (const auto& [flag, path] : others) {
      if (output->second.empty() || path.empty() || !same(output->second, path)) continue;
      throw phosphene::UsageError(output->first + " " + output->second + ": would overwrite the " +
                                  "file of " + flag);
    }
  }
}

NamedFiles data_files(const std::string& flag, const std::string& text) {
  if (text.empty()) return {};
  NamedFiles files{{flag, text}, {flag, (fs::path(text) / "labels.txt").string()}};
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    files.emplace_back(flag, text.substr(from, comma - from));
    from = comma + 1;
  }
  return files;
}

NamedFiles data_files(const std::string& flag, const std::string& text,
                      const phosphene::Dataset& data) {
  NamedFiles files = data_files(flag, text);
  for (std::int64_t i = 0; i < data.size(); ++i) {
    const std::string path = data.path(i);
    if (files.back().second != path) files.emplace_back(flag, path);
  }
  return files;
}

void write_json(const std::string& path, const nlohmann::json& json) {
  // Names of files may hold bytes that are no UTF-8.
  const auto replace = nlohmann::json::error_handler_t::replace;
  phosphene::save_text(path, json.dump(2, ' ', false, replace) + "\n");
}

void warn(const std::string& line) { std::fprintf(stderr, "warning: %s\n", line.c_str()); }

}  // namespace apps
