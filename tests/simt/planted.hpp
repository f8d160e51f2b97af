// What the tests share that plant a bug in a kernel and require that the harness finds it.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kernels/simt.hpp"

namespace phosphene::simt {

using kernels::cuda::kFullWarp;

/// A buffer of exactly n floats on the heap.
inline std::unique_ptr<float[]> floats(std::size_t n) { return std::make_unique<float[]>(n); }

/// The message of the Error that `run` throws.
inline std::string error_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

inline void expect_error(const std::function<void()>& run, const std::vector<std::string>& parts) {
  const std::string message = error_of(run);
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << "'" << part << "' not in: " << message;
  }
}

}  // namespace phosphene::simt
