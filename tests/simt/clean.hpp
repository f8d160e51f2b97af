// What the tests share that require of kernels without a bug the right answer and no alarm,
// whatever the order of the threads.
#pragma once
#include <gtest/gtest.h>

#include "kernels/simt.hpp"

namespace phosphene::simt {

using kernels::cuda::kFullWarp;

class CleanKernel : public ::testing::Test {
 protected:
  ~CleanKernel() override { options() = {}; }

  template <class Run>
  void in_many_orders(Run run) {
    for (const Order order : {Order::forward, Order::reverse}) {
      options() = {order, 1};
      run();
    }
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      options() = {Order::shuffled, seed};
      run();
    }
  }
};

}  // namespace phosphene::simt
