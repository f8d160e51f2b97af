#pragma once
#include <string>
#include <string_view>

#include "phosphene/fingerprint.hpp"

namespace apps {

/// CRC-32 as zlib's and PNG's (polynomial 0xedb88320), in 8 hexadecimal digits.
std::string crc32(std::string_view bytes);
/// Of a file's bytes. Throws phosphene::Error where it cannot be read.
std::string crc32_of_file(const std::string& path);

using phosphene::Fingerprint;

}  // namespace apps
