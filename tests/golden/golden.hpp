// What the golden tests share: the stored tensors, and the pictures and seeds that
// golden_ops.py draws by the same rule.
#pragma once
#include <cstdint>
#include <string>

#include "phosphene/network.hpp"
#include "tests/reference/fixtures.hpp"

namespace phosphene::golden {

using reference::Values;

/// data/NAME.safetensors.
Weights load(const std::string& name);
Values values(const Weights& golden, const std::string& name);

/// Every k-th value in nchw order, about 500 of them, k odd: what is stored of long ones.
Values sampled(const Values& all);

/// The picture that a golden was made on.
std::uint64_t stored_seed(const Weights& golden, const std::string& name);

/// Blocks of 8 x 8 pixels of one colour under a quarter of noise, on the host.
Tensor picture(const Shape& shape, std::uint64_t seed);

/// The file of the test data (environment variable PHOSPHENE_DATA), or an empty string if it is not
/// there.
std::string test_data(const std::string& file);

}  // namespace phosphene::golden
