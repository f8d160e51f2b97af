#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "apps/robust/record.hpp"
#include "phosphene/error.hpp"

// Records as attacks leave them, for the tests of what is made of them.
namespace apps {

inline std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const phosphene::Error& error) {
    return error.what();
  }
  return "";
}

/// A correctly classified image, attacked.
inline Record right(double epsilon, bool success, double margin = -1) {
  Record record{3, 3, -2, epsilon, Record::Attacked{}};
  Record::Attacked& a = *record.attacked;
  a.adversarial = a.rounded = success ? 5 : 3;
  a.success = success;
  a.margin = success ? 0.5 : margin;
  a.linf = epsilon;
  a.l2 = 10 * epsilon;
  a.iterations = success ? 4 : 20;
  a.queries = a.iterations + 1;
  return record;
}

/// 6 of 8 are right; of these 3 fall at 1/255 and 5 at 2/255.
inline std::vector<Record> two_epsilons() {
  std::vector<Record> records;
  for (int k = 1; k <= 2; ++k) {
    for (int i = 0; i < 6; ++i) records.push_back(right(k / 255.0, i < (k == 1 ? 3 : 5)));
    for (int i = 0; i < 2; ++i) records.push_back({3, 4, 0.5, k / 255.0, {}});
  }
  return records;
}

}  // namespace apps
