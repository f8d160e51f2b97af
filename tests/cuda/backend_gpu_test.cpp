// The CUDA backend: errors, memory, copies, recording.
#include <cuda_runtime_api.h>
#include <gmock/gmock.h>

#include <stdexcept>

#include "engine/core/backend.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"
#include "tests/cuda/gpu.hpp"

namespace phosphene::cuda {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class GpuBackend : public GpuTest {};

TEST_F(GpuBackend, NamesItselfAndItsLibraries) {
  const Context context({.device = "cuda"});
  EXPECT_FALSE(context.device_name().empty());
  EXPECT_THAT(context.library_versions(),
              testing::ContainsRegex("CUDA [0-9]+\\.[0-9]+, cuDNN 9\\."));
  EXPECT_THAT(context.library_versions(), HasSubstr("cuBLAS "));
  EXPECT_THAT(context.library_versions(), HasSubstr("driver for CUDA "));
}

TEST_F(GpuBackend, RefusesAnIndexOutOfRange) {
  int count = 0;
  ASSERT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  try {
    const Context context({.device = "cuda:" + std::to_string(count)});
    FAIL() << "opened " << context.device_name();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), StartsWith("--device cuda:" + std::to_string(count) + ": "));
    EXPECT_THAT(error.what(), HasSubstr("expected 0 to " + std::to_string(count - 1)));
  }
}

TEST_F(GpuBackend, OutOfMemoryNamesBothSizesAndLeavesTheDeviceUsable) {
  const Context context({.device = "cuda"});
  const std::size_t free = context.free_bytes();
  EXPECT_GE(context.total_bytes(), free);
  try {
    const Tensor tensor = context.empty({1, 1, 1 << 20, 1 << 20});  // 4 TiB
    FAIL() << "got 4 TiB of " << free << " bytes";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("out of memory on cuda:0: asked for 4194304 MiB"));
    EXPECT_THAT(error.what(), HasSubstr(" MiB ("));
  }
  EXPECT_EQ(context.allocated_bytes(), 0U);
  const Tensor tensor = context.zeros({1, 1, 1, 5});
  EXPECT_EQ(host_values(context, tensor), reference::Values(5, 0));
}

TEST_F(GpuBackend, CopiesToTheHostAreCompleteOnReturn) {
  const Context context({.device = "cuda"});
  const Tensor host = noise({3, 5, 301, 407}, 1);
  const Tensor there = ops::to_device(context, host);
  const Tensor again = ops::clone(context, there);
  EXPECT_EQ(host_values(context, again), reference::read(host));
}

TEST_F(GpuBackend, RecordsWithoutRunningAndReplays) {
  const Context context({.device = "cuda"});
  Tensor x = context.zeros({1, 1, 1, 1000}), one = context.empty({1, 1, 1, 1000});
  ops::fill(context, one, 1);
  ops::add(context, x, x);  // its code is loaded when it is first launched, not while recording
  const auto recording = backend_of(context).record([&] { ops::add(context, one, x); });
  EXPECT_EQ(host_values(context, x), reference::Values(1000, 0));
  recording->replay();
  recording->replay();
  EXPECT_EQ(host_values(context, x), reference::Values(1000, 2));
}

TEST_F(GpuBackend, AFailureWhileRecordingLeavesTheStreamUsable) {
  const Context context({.device = "cuda"});
  Tensor x = context.zeros({1, 1, 1, 10});
  const auto fail = [&] {
    ops::fill(context, x, 1);
    throw std::runtime_error("in the middle");
  };
  EXPECT_THROW(backend_of(context).record(fail), std::runtime_error);
  // Waiting is not allowed while recording: it must be an error, not a graph without the work.
  EXPECT_THROW(backend_of(context).record([&] { context.synchronize(); }), Error);
  ops::fill(context, x, 3);
  EXPECT_EQ(host_values(context, x), reference::Values(10, 3));
}

TEST_F(GpuBackend, BracketsForAProfilerNest) {
  const Context context({.device = "cuda"});
  Backend& backend = backend_of(context);
  EXPECT_NO_THROW({
    backend.profiler(true);
    backend.push_range("outer");
    backend.push_range("inner");
    backend.pop_range();
    backend.push_range("inner");
    backend.pop_range();
    backend.pop_range();
    backend.profiler(false);
  });
}

}  // namespace
}  // namespace phosphene::cuda
