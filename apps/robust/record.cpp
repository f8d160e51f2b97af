#include "record.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "phosphene/error.hpp"

namespace apps {
namespace {

template <class Value>
void read(const nlohmann::json& json, const char* field, Value& value) {
  try {
    json.at(field).get_to(value);
  } catch (const nlohmann::json::exception&) {
    throw phosphene::Error(std::string("has no '") + field + "' that an attack would write");
  }
}

}  // namespace

double shortest(float value) {
  if (!std::isfinite(value)) return static_cast<double>(value);
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  double result = 0;
  std::from_chars(text.data(), end, result);
  return result;
}

nlohmann::json to_json(const Record& record) {
  nlohmann::json json{
      {"label", record.label}, {"clean", record.clean}, {"clean_margin", record.clean_margin}};
  if (record.epsilon) json["epsilon"] = *record.epsilon;
  if (record.skipped) json["skipped"] = true;
  if (!record.attacked) return json;
  const Record::Attacked& a = *record.attacked;
  if (a.target >= 0) json["target"] = a.target;
  json.update({{"adversarial", a.adversarial},
               {"margin", a.margin},
               {"rounded", a.rounded},
               {"linf", a.linf},
               {"l2", a.l2},
               {"iterations", a.iterations},
               {"queries", a.queries},
               {"success", a.success}});
  if (!a.by.empty()) json["by"] = a.by;
  if (a.unconfirmed) json["unconfirmed"] = true;
  if (a.no_start) json["no_start"] = true;
  return json;
}

Record record_of(const nlohmann::json& json) {
  Record record;
  read(json, "label", record.label);
  read(json, "clean", record.clean);
  read(json, "clean_margin", record.clean_margin);
  if (json.contains("epsilon")) read(json, "epsilon", record.epsilon.emplace());
  if (json.contains("skipped")) read(json, "skipped", record.skipped);
  if (!json.contains("adversarial")) return record;
  Record::Attacked& a = record.attacked.emplace();
  if (json.contains("target")) read(json, "target", a.target);
  read(json, "adversarial", a.adversarial);
  read(json, "margin", a.margin);
  read(json, "rounded", a.rounded);
  read(json, "linf", a.linf);
  read(json, "l2", a.l2);
  read(json, "iterations", a.iterations);
  read(json, "queries", a.queries);
  read(json, "success", a.success);
  if (json.contains("by")) read(json, "by", a.by);
  if (json.contains("unconfirmed")) read(json, "unconfirmed", a.unconfirmed);
  if (json.contains("no_start")) read(json, "no_start", a.no_start);
  return record;
}

}  // namespace apps
