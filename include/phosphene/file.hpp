#pragma once
#include <string>
#include <string_view>

namespace phosphene {

/// Puts `text` at `path`, or leaves `path` as it was and throws Error: written under a temporary
/// name in the same folder, synced, renamed. A link goes on pointing at the file that is replaced.
void save_text(const std::string& path, std::string_view text);

/// Throws the Error that save_text would, as far as it can be known beforehand: a folder that is
/// missing, is none, or may not be written; a target that is not a regular file.
void check_writable(const std::string& path);

}  // namespace phosphene
