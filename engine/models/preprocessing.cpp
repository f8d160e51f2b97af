#include "engine/models/preprocessing.hpp"

#include <regex>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

std::vector<float> three(const std::smatch& match, std::size_t first, float otherwise) {
  std::vector<float> values(3, otherwise);
  for (std::size_t i = 0; i < 3; ++i) {
    if (match[first + i].matched) values[i] = std::stof(match[first + i]);
  }
  return values;
}

}  // namespace

op::Normalise imagenet_input() {
  return {{0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}, 1, false};
}

op::Normalise parse_input(const std::string& text, const std::string& source) {
  const std::string number = R"(\s*([0-9.]+)\s*)";
  const std::string triple = R"(\()" + number + "," + number + "," + number + R"(\))";
  const std::regex grammar(R"(\s*(RGB|BGR)\s+(?:in\s+)?(\[0,1\]|0\.\.1|0\.\.255)(?:\s+minus\s+)" +
                           triple + R"()?(?:\s+over\s+)" + triple + R"()?\s*(?:;.*)?)");
  std::smatch match;
  if (!std::regex_match(text, match, grammar)) {
    throw Error(source + ": metadata 'input' is '" + text +
                "', expected e.g. 'BGR 0..255 minus (104,117,123)' or 'RGB 0..1 minus "
                "(0.485,0.456,0.406) over (0.229,0.224,0.225)'");
  }
  return {three(match, 3, 0), three(match, 6, 1), match[2] == "0..255" ? 255.0F : 1.0F,
          match[1] == "BGR"};
}

}  // namespace phosphene
