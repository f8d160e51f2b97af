// Stands in for the CUDA backend and lowering where the build has no CUDA.
#include "engine/core/backend.hpp"
#include "engine/session/lowering.hpp"
#include "phosphene/error.hpp"

namespace phosphene {

int cuda_device_count() { return 0; }

std::unique_ptr<Backend> open_cuda(int index) {
  throw UsageError("--device cuda:" + std::to_string(index) +
                   ": built without CUDA: rebuild with cmake --preset cuda, or use --device cpu");
}

std::unique_ptr<Lowering> make_cuda_lowering(const Context&) {
  throw UsageError("built without CUDA: rebuild with cmake --preset cuda");
}

}  // namespace phosphene
