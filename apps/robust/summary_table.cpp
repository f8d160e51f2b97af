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

}  // namespace

std::string epsilon_text(double epsilon) {
  const std::string plain = formatted("%.6g", epsilon);
  if (std::abs(std::stod(plain) - epsilon) < 1e-12) return plain;
  const std::string parts = formatted("%.4g", epsilon * 255);
  return std::abs(std::stod(parts) - epsilon * 255) < 1e-6 ? parts + "/255" : plain;
}

std::string percent(const Rate& rate) {
  const phosphene::Interval interval = phosphene::wilson(rate.count, rate.of);
  return formatted("%.1f [%.1f, %.1f]", 100 * rate.value(), 100 * interval.low,
                   100 * interval.high);
}

std::string table(const std::vector<Summary>& summaries) {
  std::string text =
      "| epsilon | clean % | attack success % | robust % | robust after 8 bits % | median Linf | "
      "median L2 | mean iterations | mean queries |\n|---|---|---|---|---|---|---|---|---|\n";
  for (const Summary& s : summaries) {
    text += "| " + (s.epsilon ? epsilon_text(*s.epsilon) : "nearest") + " | " + percent(s.clean);
    text += " | " + percent(s.success) + " | " + percent(s.robust) + " | " + percent(s.rounded);
    text += formatted(" | %.5f | %.4f | %.1f | %.1f |\n", s.linf.median, s.l2.median,
                      s.iterations.mean, s.queries.mean);
  }
  return text;
}

}  // namespace apps
