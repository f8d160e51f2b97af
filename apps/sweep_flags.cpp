#include <string_view>

#include "checksum.hpp"
#include "journal.hpp"
#include "sweep.hpp"

namespace apps {

void SweepFlags::add_to(CLI::App& app) {
  app.add_option("--image", image, "One photograph (JPEG, PNG, BMP)");
  app.add_option("--images", images,
                 "A folder of photographs, or a text file with a path a line, relative to its own "
                 "folder");
  app.add_option("--shard", shard,
                 "Of --images only a share: i/N, or auto for what Slurm or Open MPI says");
  app.add_option("--max-megapixels", max_megapixels, "Refuse larger images")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
}

nlohmann::json recorded_device(const std::string& shard, const std::string& out) {
  const Journal journal = read_journal(journal_path(out, parse_shard(shard, environment)));
  return journal.devices.empty() ? nlohmann::json() : nlohmann::json(journal.devices.back());
}

nlohmann::json recorded_device(const SweepFlags& flags, const std::string& out) {
  return flags.image.empty() ? recorded_device(flags.shard, out) : nlohmann::json();
}

std::map<std::int64_t, nlohmann::json> recorded_items(const std::string& shard,
                                                      const std::string& out) {
  const Journal journal = read_journal(journal_path(out, parse_shard(shard, environment)));
  std::map<std::int64_t, nlohmann::json> items;
  for (const auto& [index, entry] : journal.items) {
    items.emplace(index, nlohmann::json::parse(entry.line));
  }
  return items;
}

nlohmann::json device_json(const phosphene::Context& context) {
  return {{"kind", context.device().is_cuda() ? "cuda" : "cpu"},
          {"name", context.device_name()},
          {"libraries", context.library_versions()}};
}

std::string fingerprint(const phosphene::Weights& weights) {
  Fingerprint hash;
  const auto bytes = [](const auto& values) {
    return std::string_view(reinterpret_cast<const char*>(values.data()),
                            values.size() * sizeof values[0]);
  };
  for (const auto& [name, array] : weights.arrays()) {
    hash.add(name);
    hash.add(bytes(array.shape));
    hash.add(bytes(array.values));
  }
  return hash.text();
}

}  // namespace apps
