#include <array>
#include <cmath>
#include <cstdio>

#include "phosphene/statistics.hpp"
#include "summary.hpp"

namespace apps {
namespace {

template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

/// The last columns.
std::string work(const Summary& s) {
  if (!s.iterations.known) return " | - | - |\n";
  return formatted(" | %.1f | %.1f |\n", s.iterations.mean, s.queries.mean);
}

/// "robust % at 8/255 after apgd-ce 24.4, apgd-t 23.0, ...": a line an epsilon
std::string parts_text(const std::vector<Summary>& summaries, const std::string& by) {
  std::string text;
  for (const Summary& s : summaries) {
    if (s.after.empty()) continue;
    text += "\nrobust %" + by + " at " + epsilon_text(s.epsilon.value_or(0)) + " after";
    for (const Summary::Part& part : s.after) {
      text += (&part == &s.after.front() ? " " : ", ") + part.name +
              formatted(" %.1f", 100 * part.robust.value());
    }
  }
  return text.empty() ? text : text + "\n";
}

}  // namespace

std::string epsilon_text(double epsilon) {
  const std::string plain = formatted("%.6g", epsilon);
  if (std::abs(std::stod(plain) - epsilon) < 1e-12) return plain;
  const std::string parts = formatted("%.4g", epsilon * 255);
  return std::abs(std::stod(parts) - epsilon * 255) < 1e-6 ? parts + "/255" : plain;
}

std::string percent(const Rate& rate) {
  if (rate.of == 0) return "-";
  const phosphene::Interval interval = phosphene::wilson(rate.count, rate.of);
  return formatted("%.1f [%.1f, %.1f]", 100 * rate.value(), 100 * interval.low,
                   100 * interval.high);
}

std::string table(const std::vector<Summary>& summaries, phosphene::Norm norm, bool naive) {
  const std::string by = naive ? " (naive)" : "";
  const bool linf = norm == phosphene::Norm::linf;
  std::string distances, rates;
  for (const Summary& s : summaries) {
    if (!s.epsilon) {
      const Spread& d = linf ? s.linf : s.l2;
      distances += "| " + percent(s.clean) + " | " + percent(s.success);
      distances += d.known ? formatted(" | %.5f | %.5f | %.5f to %.5f", d.median, d.mean,
                                       d.quantiles.front(), d.quantiles.back())
                           : " | - | - | -";
      distances += " | " + percent(s.rounded_success) + work(s);
      continue;
    }
    rates += "| " + epsilon_text(*s.epsilon) + " | " + percent(s.clean);
    rates += " | " + percent(s.success) + " | " + percent(s.robust) + " | " + percent(s.rounded);
    rates += s.linf.known ? formatted(" | %.5f | %.4f", s.linf.median, s.l2.median) : " | - | -";
    rates += work(s);
  }
  if (!distances.empty()) {
    distances = "| clean % | fooled at any distance %" + by + " | median " +
                std::string(linf ? "Linf" : "L2") +
                " | mean | 10 to 90 % of them | of these fooled after 8 bits % | mean iterations | "
                "mean queries |\n|---|---|---|---|---|---|---|---|\n" +
                distances;
  }
  if (!rates.empty()) {
    rates = "| epsilon | clean % | attack success %" + by + " | robust %" + by +
            " | robust after 8 bits %" + by +
            " | median Linf | median L2 | mean iterations | mean queries "
            "|\n|---|---|---|---|---|---|---|---|---|\n" +
            rates;
  }
  return distances + (distances.empty() || rates.empty() ? "" : "\n") + rates +
         parts_text(summaries, by);
}

}  // namespace apps
