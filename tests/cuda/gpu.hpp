// What the tests on a GPU share.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "phosphene/session.hpp"
#include "tests/reference/fixtures.hpp"

namespace phosphene::cuda {

/// Skips where the machine has no CUDA device. A device that the engine cannot open is a failure.
void skip_without_gpu();

class GpuTest : public testing::Test {
 protected:
  void SetUp() override { skip_without_gpu(); }
};

/// The tensor's values in nchw order, from any device and type.
reference::Values host_values(const Context& context, const Tensor& tensor);
/// A host tensor of uniform noise, nchw fp32.
Tensor noise(const Shape& shape, std::uint64_t seed, float low = 0, float high = 1);
/// The bytes of a tensor.
std::vector<unsigned char> bytes_of(const Context& context, const Tensor& tensor);

}  // namespace phosphene::cuda
