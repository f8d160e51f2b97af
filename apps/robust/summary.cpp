#include "summary.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "phosphene/error.hpp"
#include "phosphene/statistics.hpp"

namespace apps {
namespace {

Spread spread(std::vector<double> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);  // a sum in this order is the same whatever the journal's
  double sum = 0;
  for (const double v : values) sum += v;
  const std::size_t middle = values.size() / 2;
  Spread s;
  s.known = true;
  s.mean = sum / static_cast<double>(values.size());
  s.median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  for (std::size_t k = 0; k < s.quantiles.size(); ++k) {
    const double place = Spread::kQuantiles[k] * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const double next = values[std::min(below + 1, values.size() - 1)];
    s.quantiles[k] = values[below] + (place - static_cast<double>(below)) * (next - values[below]);
  }
  return s;
}

/// "0.25"
std::string quantile_name(double q) {
  std::string name = std::to_string(q);
  name.erase(name.find_last_not_of('0') + 1);
  return name;
}

/// Of an image that fell the record says to which part; it had withstood those before it. One that
/// they all left, and that fell when it was looked at anew, as a random network lets some, counts
/// for the last.
std::vector<Summary::Part> after_parts(const std::vector<const Record*>& records,
                                       const Summary& all, const std::vector<std::string>& parts) {
  std::vector<Summary::Part> after;
  Rate left = all.robust;
  for (std::size_t k = parts.size(); k-- > 0;) {
    after.insert(after.begin(), {parts[k], left});
    left.count += std::ranges::count_if(records, [&](const Record* record) {
      if (!record->attacked || !record->attacked->success) return false;
      const std::string& by = record->attacked->by;
      return by == parts[k] || (by.empty() && k + 1 == parts.size());
    });
  }
  return after;
}

Summary counted(const std::vector<const Record*>& records, const std::vector<std::string>& parts) {
  Summary s;
  s.epsilon = records.front()->epsilon;
  std::vector<double> linf, l2, iterations, queries;
  for (const Record* record : records) {
    s.clean.count += record->correct() ? 1 : 0;
    if (!record->attacked) continue;
    const Record::Attacked& a = *record->attacked;
    ++s.success.of;
    s.success.count += a.success ? 1 : 0;
    s.robust.count += record->robust() ? 1 : 0;
    s.rounded.count += a.rounded == record->label ? 1 : 0;
    if (!a.no_start) {
      iterations.push_back(static_cast<double>(a.iterations));
      queries.push_back(static_cast<double>(a.queries));
    }
    s.total_queries += a.queries;
    if (!a.success) continue;
    const bool stays = a.target >= 0 ? a.rounded == a.target : a.rounded != record->label;
    s.rounded_success.count += stays ? 1 : 0;
    linf.push_back(a.linf);
    l2.push_back(a.l2);
  }
  s.clean.of = s.robust.of = s.rounded.of = static_cast<std::int64_t>(records.size());
  s.rounded_success.of = s.success.count;
  s.linf = spread(linf);
  s.l2 = spread(l2);
  s.iterations = spread(iterations);
  s.queries = spread(queries);
  s.after = after_parts(records, s, parts);
  return s;
}

}  // namespace

double Rate::value() const {
  return of == 0 ? 0 : static_cast<double>(count) / static_cast<double>(of);
}

std::vector<Summary> summarise(const std::vector<Record>& records,
                               const std::vector<std::string>& parts) {
  std::map<std::optional<double>, std::vector<const Record*>> by_epsilon;
  for (const Record& record : records) by_epsilon[record.epsilon].push_back(&record);
  std::vector<Summary> summaries;
  for (const auto& [epsilon, own] : by_epsilon) summaries.push_back(counted(own, parts));
  return summaries;
}

std::vector<Record> within(const std::vector<Record>& nearest, phosphene::Norm norm,
                           const std::vector<double>& epsilons) {
  std::vector<Record> records;
  for (const double epsilon : epsilons) {
    for (Record record : nearest) {
      record.epsilon = epsilon;
      if (record.attacked) {
        Record::Attacked& a = *record.attacked;
        if ((norm == phosphene::Norm::linf ? a.linf : a.l2) > epsilon) {
          a.adversarial = a.rounded = record.label;
          a.success = false;
        }
      }
      records.push_back(std::move(record));
    }
  }
  return records;
}

std::vector<CurvePoint> curve(const std::vector<Record>& records, phosphene::Norm norm,
                              const std::vector<double>& at) {
  const std::vector<Summary> summaries = summarise(records);
  if (summaries.empty()) return {};
  std::vector<CurvePoint> points{{0, summaries.front().clean}};
  for (const Summary& s : summaries) {
    if (s.epsilon && *s.epsilon > 0) points.push_back({*s.epsilon, s.robust});
  }
  if (summaries.front().epsilon) return points;
  for (const double epsilon : at) {
    if (epsilon <= 0) continue;
    points.push_back({epsilon, summarise(within(records, norm, {epsilon})).front().robust});
  }
  return points;
}

void put(nlohmann::json& json, const std::string& name, const Rate& rate) {
  if (rate.of == 0) {
    json[name] = json[name + "_interval"] = nullptr;
    return;
  }
  const phosphene::Interval interval = phosphene::wilson(rate.count, rate.of);
  json[name] = rate.value();
  json[name + "_interval"] = {interval.low, interval.high};
}

nlohmann::json to_json(const Spread& spread) {
  const auto value = [&](double v) { return spread.known ? nlohmann::json(v) : nlohmann::json(); };
  nlohmann::json json{{"mean", value(spread.mean)}, {"median", value(spread.median)}};
  for (std::size_t k = 0; k < spread.quantiles.size(); ++k) {
    json["quantiles"][quantile_name(Spread::kQuantiles[k])] = value(spread.quantiles[k]);
  }
  return json;
}

nlohmann::json to_json(const Summary& s) {
  nlohmann::json json;
  if (s.epsilon) json["epsilon"] = *s.epsilon;
  json["images"] = s.clean.of;
  json["correct"] = s.clean.count;
  json["attacked"] = s.success.of;
  json["successes"] = s.success.count;
  put(json, "clean_accuracy", s.clean);
  put(json, "attack_success_rate", s.success);
  if (s.epsilon) {
    put(json, "robust_accuracy", s.robust);
    put(json, "rounded_accuracy", s.rounded);
  }
  put(json, "rounded_success_rate", s.rounded_success);
  json["linf"] = to_json(s.linf);
  json["l2"] = to_json(s.l2);
  json["iterations"] = to_json(s.iterations);
  json["queries"] = to_json(s.queries);
  json["queries"]["total"] = s.total_queries;
  for (const Summary::Part& part : s.after) {
    nlohmann::json entry{{"part", part.name}, {"robust", part.robust.count}};
    put(entry, "robust_accuracy", part.robust);
    json["after"].push_back(entry);
  }
  return json;
}

nlohmann::json to_json(const std::vector<CurvePoint>& points) {
  nlohmann::json json = nlohmann::json::array();
  for (const CurvePoint& point : points) {
    nlohmann::json entry{
        {"epsilon", point.epsilon}, {"robust", point.robust.count}, {"images", point.robust.of}};
    put(entry, "robust_accuracy", point.robust);
    json.push_back(entry);
  }
  return json;
}

Summary summary_of(const nlohmann::json& json) {
  Summary s;
  try {
    const auto integer = [&](const char* name) { return json.at(name).get<std::int64_t>(); };
    const auto rate = [&](const char* name, std::int64_t of) {
      const double value = of == 0 ? 0 : json.at(name).get<double>();
      return Rate{std::llround(value * static_cast<double>(of)), of};
    };
    const auto values = [&](const char* name) {
      const nlohmann::json& entry = json.at(name);
      if (entry.at("mean").is_null()) return Spread{};
      Spread spread{entry.at("mean").get<double>(), entry.at("median").get<double>(), {}, true};
      for (std::size_t k = 0; k < spread.quantiles.size(); ++k) {
        entry.at("quantiles").at(quantile_name(Spread::kQuantiles[k])).get_to(spread.quantiles[k]);
      }
      return spread;
    };
    if (json.contains("epsilon")) s.epsilon = json["epsilon"].get<double>();
    const std::int64_t images = integer("images");
    s.clean = {integer("correct"), images};
    s.success = {integer("successes"), integer("attacked")};
    if (s.epsilon) {
      s.robust = rate("robust_accuracy", images);
      s.rounded = rate("rounded_accuracy", images);
    }
    s.rounded_success = rate("rounded_success_rate", s.success.count);
    s.linf = values("linf");
    s.l2 = values("l2");
    s.iterations = values("iterations");
    s.queries = values("queries");
    s.total_queries = json.at("queries").at("total").get<std::int64_t>();
    if (json.contains("after")) {
      for (const nlohmann::json& entry : json["after"]) {
        s.after.push_back({entry.at("part").get<std::string>(),
                           {entry.at("robust").get<std::int64_t>(), images}});
      }
    }
  } catch (const nlohmann::json::exception&) {
    throw phosphene::Error("has no summary that an attack would write");
  }
  return s;
}

std::vector<CurvePoint> curve_of(const nlohmann::json& json) {
  std::vector<CurvePoint> points;
  try {
    for (const nlohmann::json& entry : json) {
      points.push_back(
          {entry.at("epsilon").get<double>(),
           {entry.at("robust").get<std::int64_t>(), entry.at("images").get<std::int64_t>()}});
    }
  } catch (const nlohmann::json::exception&) {
    throw phosphene::Error("has no curve that an attack would write");
  }
  return points;
}

}  // namespace apps
