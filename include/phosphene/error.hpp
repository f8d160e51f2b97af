#pragma once
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace phosphene {

/// What went wrong, in one line that a user can act on: it names the file, layer or flag, says
/// what was found and what was expected.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The user asked for something that cannot be (a flag's value, an unknown layer): exit code 2.
struct UsageError : Error {
  using Error::Error;
};

/// `text` fit for one line of an error message: control characters become '?', and what is longer
/// than 120 bytes is cut. Names that come out of a file go through it.
std::string printable(std::string_view text);

/// The up to `limit` candidates nearest to `name`, nearest first, each once: what begins with it or
/// begins it, then by edit distance; of equally near ones the one that begins most like it.
std::vector<std::string> near_names(std::string_view name, std::span<const std::string> candidates,
                                    std::size_t limit = 3);

}  // namespace phosphene
