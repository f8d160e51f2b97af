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
#include "phosphene/text.hpp"
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

bool is_flag(const std::string& text) { return text.size() > 2 && text.starts_with("--"); }

/// Of what no flag took: of flags the first, which may have left its value over too.
std::string not_expected(const CLI::App& app, const std::vector<std::string>& rest) {
  const auto found = std::ranges::find_if(rest, is_flag);
  if (found == rest.end()) {
    return "'" + phosphene::printable(rest.at(0)) + "': is no flag, and no flag takes it";
  }
  const std::string flag = found->substr(0, found->find('='));
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden from --help, as the program refuses it
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  return phosphene::printable(flag) + ": no such flag" + phosphene::near_text(flag, known);
}

/// Of a flag that was given too often; empty where none was.
std::string given_too_often(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const int most = option->get_items_expected_max();
    if (most < 1 || option->count() <= static_cast<std::size_t>(most)) continue;
    if (option->get_multi_option_policy() != CLI::MultiOptionPolicy::Throw) continue;
    return option->get_name() + ": given " + std::to_string(option->count()) + " times, expected " +
           (most == 1 ? "once" : "at most " + std::to_string(most));
  }
  return "";
}

/// In CLI11's words, but where these say little.
std::string message(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  const auto all = app.get_subcommands([](const CLI::App*) { return true; });
  if (chosen.empty() && !all.empty()) {
    std::vector<std::string> names;
    for (const CLI::App* each : all) names.push_back(each->get_name());
    return "expected one of " + phosphene::joined(names) + " first";
  }
  const CLI::App& own = chosen.empty() ? app : *chosen.front();
  // Before what is missing, which may be this very flag, mistyped.
  const std::vector<std::string> rest = app.remaining(true);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
      std::ranges::any_of(rest, is_flag)) {
    return not_expected(own, rest);
  }
  const std::string often = given_too_often(own);
  return often.empty() ? error.what() : often;
}

/// An empty value is a variable of a script that was not set, which must not mean the default. A
/// title may be empty.
void refuse_empty_values(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    const auto& values = option->results();
    if (option->count() == 0 || option->get_name() == "--title") continue;
    if (std::ranges::find(values, "") == values.end()) continue;
    throw phosphene::UsageError(option->get_name() + " '': is empty, expected a value");
  }
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
    refuse_empty_values(app);
    for (const CLI::App* chosen : app.get_subcommands()) refuse_empty_values(*chosen);
    return body();
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const Interrupted& interrupted) {
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), interrupted.what());
    return kInterrupted;
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "%s: %s (--help lists the flags)\n", app.get_name().c_str(),
                 message(app, error).c_str());
    return kUsage;
  } catch (const phosphene::UsageError& error) {
    std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), error.what());
    return kUsage;
  } catch (const phosphene::UnnamedModel& error) {
    std::fprintf(stderr, "%s: %s: name it by --model\n", app.get_name().c_str(), error.what());
    return kFailed;
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
    const fs::path one = fs::absolute(a, ignored), other = fs::absolute(b, ignored);
    return fs::weakly_canonical(one, ignored) == fs::weakly_canonical(other, ignored) ||
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

bool lies_in(const std::string& file, const std::string& folder) {
  const auto folder_of = [](const fs::path& path) {
    std::error_code ignored;
    return fs::weakly_canonical(fs::absolute(path, ignored), ignored).parent_path();
  };
  return folder_of(file) == folder_of(fs::path(folder) / "file");
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

bool make_folder(const std::string& flag, const std::string& path) {
  std::error_code error;
  const bool made = fs::create_directories(path, error);
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return made;
  throw phosphene::Error(
      flag + " " + phosphene::printable(path) + ": cannot be made a folder: " +
      (fs::exists(path, ignored) ? "there is a file of this name" : error.message()));
}

void warn(const std::string& line) { std::fprintf(stderr, "warning: %s\n", line.c_str()); }

}  // namespace apps
