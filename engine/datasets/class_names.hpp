#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace phosphene::datasets {

/// The classes of a network, as a data set may call them: by number, or by name, without regard to
/// case and to whether blanks are underscores; "tench, Tinca tinca" is called that, "tench" and
/// "tinca_tinca".
class ClassNames {
 public:
  /// `count` 0: as many as there are names, or not known.
  ClassNames(const std::vector<std::string>& names, std::int64_t count);

  std::int64_t count() const { return count_; }  ///< 0: not known
  /// Throws UsageError that begins with `where`: no such number, an unknown name (the near ones are
  /// listed), one of several classes.
  std::int64_t find(const std::string& where, std::string_view text) const;
  /// Throws UsageError where there is no such class.
  void check(const std::string& where, std::int64_t label) const;

 private:
  std::string expected() const;

  std::int64_t count_;
  std::map<std::string, std::vector<std::int64_t>> known_;
};

}  // namespace phosphene::datasets
