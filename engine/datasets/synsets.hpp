#pragma once
#include <cstdint>
#include <string_view>

namespace phosphene::datasets {

/// "n01440764": an n and eight digits.
bool is_synset(std::string_view text);

/// The class of ImageNet-1k that a synset is: its place among the 1000, sorted. -1: none of them.
std::int64_t imagenet_class(std::string_view synset);

}  // namespace phosphene::datasets
