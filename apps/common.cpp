#include "common.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <new>

#include "phosphene/error.hpp"
#include "phosphene/models.hpp"
#include "phosphene/version.hpp"

namespace apps {
namespace {

namespace fs = std::filesystem;

volatile std::sig_atomic_t g_interrupted = 0;

void on_signal(int signal) {
  if (g_interrupted) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  g_interrupted = 1;
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
  app.add_option("--seed", seed, "Of everything random")->capture_default_str();
  app.add_option("--json", json, "Write what was done and measured to this file");
  app.add_flag("--tune", tune,
               "Time cuDNN's plans and take the fastest; waives 'the same bytes every time'");
}

phosphene::ContextOptions CommonFlags::context_options() const {
  return {device, phosphene::parse_precision(precision), seed, tune};
}

int run(CLI::App& app, int argc, char** argv, const std::function<int()>& body) {
  try {
    app.parse(argc, argv);
    return body();
  } catch (const CLI::Success& help) {
    return app.exit(help);
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
          {"seed", context.seed()},
          {"batch", 1}};
}

void check_writable(const std::string& path) {
  const fs::path folder = fs::absolute(path).parent_path();
  if (fs::is_directory(path)) throw phosphene::Error(path + ": is a folder, expected a file name");
  if (!fs::is_directory(folder)) {
    throw phosphene::Error(path + ": its folder " + folder.string() + " does not exist");
  }
  if (access(folder.c_str(), W_OK) != 0) {
    throw phosphene::Error(path + ": the folder " + folder.string() + " is not writable");
  }
}

void write_json(const std::string& path, const nlohmann::json& json) {
  check_writable(path);
  const std::string temporary = path + ".tmp" + std::to_string(getpid());
  std::ofstream file(temporary);
  file << json.dump(2) << "\n";
  file.close();
  std::error_code error;
  if (file) fs::rename(temporary, path, error);
  if (!file || error) {
    fs::remove(temporary, error);
    throw phosphene::Error(path + ": could not be written (is the disk full?)");
  }
}

void warn(const std::string& line) { std::fprintf(stderr, "warning: %s\n", line.c_str()); }

}  // namespace apps
