#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace phosphene {

/// "a, b, c".
std::string joined(std::span<const std::string> texts, std::string_view between = ", ");

/// "; near: a, b" to end a message on a name that is not there: its near_names (error.hpp), each
/// printable. Nothing where there are no candidates.
std::string near_text(std::string_view name, std::span<const std::string> candidates,
                      std::size_t limit = 3);

}  // namespace phosphene
