#include "runs.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "checksum.hpp"
#include "epsilons.hpp"
#include "journal.hpp"
#include "phosphene/error.hpp"
#include "setup.hpp"

namespace apps {
namespace {

namespace fs = std::filesystem;
using phosphene::Error;

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The line's content without its checksum. Throws Error without the file's name.
Json opened(const std::string& line) {
  Json content = Json::parse(line, nullptr, false);
  if (!content.is_object() || !content.contains("crc32")) throw Error("is no line of a journal");
  const Json sum = content["crc32"];
  content.erase("crc32");
  if (sum != crc32(journal_text(content))) throw Error("does not have the checksum that it names");
  return content;
}

/// Some journals, or one that is merged.
struct Lines {
  Json header;
  std::map<std::int64_t, Json> records;
  std::set<std::int64_t> failed;  ///< and got through in no journal
  std::vector<std::string> files;

  void add(const std::string& path) {
    files.push_back(path);
    std::istringstream text(read_text(path));
    std::string line;
    for (int number = 1; std::getline(text, line); ++number) {
      try {
        take(opened(line));
      } catch (const Error& error) {
        throw Error(path + ": line " + std::to_string(number) + " " + error.what());
      }
    }
  }

 private:
  void take(const Json& content) {
    if (content.contains("journal")) {
      if (const std::string app = content.value("app", ""); app != "attack") {
        throw Error("is of the program " + (app.empty() ? "?" : app) + ", expected attack");
      }
      const std::string other = header.is_null() ? "" : difference(header, content);
      if (!other.empty()) throw Error("is of another run: " + other);
      header = content;
    } else if (content.contains("record")) {
      const auto item = content.at("item").get<std::int64_t>();
      records[item] = content["record"];
      failed.erase(item);
    } else if (content.contains("error")) {
      const auto item = content.at("item").get<std::int64_t>();
      if (!records.contains(item)) failed.insert(item);
    }
  }
};

Run run_of(const Lines& lines, const std::string& path, const std::string& at) {
  if (lines.header.is_null()) throw Error(path + ": has no first line of a journal");
  const auto count = lines.header["items"]["count"].get<std::int64_t>();
  const auto there = static_cast<std::int64_t>(lines.records.size() + lines.failed.size());
  if (there != count) {
    throw Error(path + ": holds " + std::to_string(there) + " of " + std::to_string(count) +
                " items; expected the journals of all shards, each run to its end");
  }
  std::vector<Record> records;
  for (const auto& [item, record] : lines.records) {
    try {
      Record read = record_of(nlohmann::json(record));
      if (!read.skipped) records.push_back(std::move(read));
    } catch (const Error& error) {
      throw Error(path + ": item " + std::to_string(item) + " " + error.what());
    }
  }
  Run run;
  run.files = lines.files;
  if (!lines.failed.empty()) {
    run.warnings.push_back(std::to_string(lines.failed.size()) + " of " + std::to_string(count) +
                           " items failed, and are in no rate");
  }
  run.setup = setup_of_journal(nlohmann::json(lines.header["settings"]));
  run.norm = phosphene::parse_norm(run.setup["norm"].get<std::string>());
  run.summaries = summarise(records, parts_of(run.setup["method"].get<std::string>()));
  const std::string where = at.empty() ? usual_epsilons(run.norm) : at;
  const std::vector<double> radii = epsilons("--epsilons", where, run.norm);
  run.curve = curve(records, run.norm, radii);
  if (run.nearest() && !at.empty()) {
    for (const Summary& s : summarise(within(records, run.norm, radii))) {
      run.summaries.push_back(s);
    }
  }
  return run;
}

Run read_journals(const std::string& path, const std::string& at) {
  Lines lines;
  if (!fs::is_directory(path)) {
    lines.add(path);
    return run_of(lines, path, at);
  }
  std::vector<std::string> journals;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("journal-") && name.ends_with(".jsonl")) journals.push_back(entry.path());
  }
  std::ranges::sort(journals);
  for (const std::string& journal : journals) lines.add(journal);
  return run_of(lines, path, at);
}

Run read_summary(const std::string& path, const nlohmann::json& json) {
  Run run;
  run.files = {path};
  try {
    run.setup = setup_of_report(json);
    run.norm = phosphene::parse_norm(run.setup["norm"].get<std::string>());
    run.curve = curve_of(json.at("curve"));
    for (const nlohmann::json& entry : json.at("epsilons")) {
      run.summaries.push_back(summary_of(entry));
    }
    run.warnings = json.value("warnings", run.warnings);
    if (json.contains("shard")) {
      run.warnings.push_back("is shard " + json["shard"].get<std::string>() + " of a run alone");
    }
  } catch (const nlohmann::json::exception&) {
    throw Error(path + ": is not what attack --json writes");
  } catch (const Error& error) {
    throw Error(path + ": " + error.what());
  }
  return run;
}

/// Leaves of a run what it says of these radii.
void select(Run& run, const std::string& path, const std::vector<double>& radii) {
  constexpr double kSame = 1e-9;
  const auto wanted = [&](double epsilon) {
    return std::ranges::any_of(radii, [&](double r) { return std::abs(r - epsilon) < kSame; });
  };
  for (const double radius : radii) {
    const bool there = std::ranges::any_of(run.curve, [&](const CurvePoint& point) {
      return std::abs(point.epsilon - radius) < kSame;
    });
    if (there) continue;
    std::string known;
    for (const CurvePoint& point : run.curve) {
      known += (known.empty() ? "" : ", ") + epsilon_text(point.epsilon);
    }
    const std::string remedy = run.nearest()
                                   ? "name its --out folder, whose journals have every radius"
                                   : "run attack with --epsilons " + epsilon_text(radius);
    throw phosphene::UsageError("--epsilons: " + path + " was not measured at " +
                                epsilon_text(radius) + ", expected of " + known + "; or " + remedy);
  }
  // The clean accuracy stays.
  std::erase_if(run.curve,
                [&](const CurvePoint& p) { return p.epsilon > 0 && !wanted(p.epsilon); });
  std::erase_if(run.summaries, [&](const Summary& s) { return s.epsilon && !wanted(*s.epsilon); });
}

}  // namespace

Run read_run(const std::string& argument, const std::string& at) {
  std::error_code too_long;  // a name and a path may be
  const std::size_t equals =
      fs::exists(argument, too_long) ? std::string::npos : argument.find('=');
  const bool named = equals != std::string::npos;
  const std::string path = named ? argument.substr(equals + 1) : argument;
  if (!fs::exists(path, too_long)) throw Error(path + ": no such file");
  nlohmann::json json;
  if (!fs::is_directory(path)) json = nlohmann::json::parse(read_text(path), nullptr, false);
  Run run = json.is_object() && !json.contains("journal") ? read_summary(path, json)
                                                          : read_journals(path, at);
  run.name = named ? argument.substr(0, equals) : run.setup["model"].get<std::string>();
  if (run.name.empty()) run.name = path;
  if (!at.empty()) select(run, path, epsilons("--epsilons", at, run.norm));
  return run;
}

}  // namespace apps
