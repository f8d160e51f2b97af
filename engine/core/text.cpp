#include "phosphene/text.hpp"

#include <vector>

#include "phosphene/error.hpp"

namespace phosphene {

std::string joined(std::span<const std::string> texts, std::string_view between) {
  std::string line;
  for (const std::string& text : texts) {
    if (&text != texts.data()) line += between;
    line += text;
  }
  return line;
}

std::string near_text(std::string_view name, std::span<const std::string> candidates,
                      std::size_t limit) {
  std::vector<std::string> near = near_names(name, candidates, limit);
  for (std::string& candidate : near) candidate = printable(candidate);
  return near.empty() ? "" : "; near: " + joined(near);
}

}  // namespace phosphene
