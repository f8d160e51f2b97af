#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace phosphene {

/// 64 bits that change when a byte does: quick enough for the weights of a large network. Against
/// accidents, not against forgery.
class Fingerprint {
 public:
  void add(std::string_view bytes);
  std::string text() const;  ///< 16 hexadecimal digits

 private:
  std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

}  // namespace phosphene
