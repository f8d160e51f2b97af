// NVTX ranges of the domain "phosphene", their names registered once: a range costs no string copy.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>

struct nvtxDomainRegistration_st;
struct nvtxStringRegistration_st;

namespace phosphene::cuda {

class NvtxRanges {
 public:
  NvtxRanges();
  ~NvtxRanges();
  NvtxRanges(const NvtxRanges&) = delete;
  NvtxRanges& operator=(const NvtxRanges&) = delete;

  void push(const char* name);
  void pop();

 private:
  nvtxDomainRegistration_st* domain_;
  std::map<std::string, nvtxStringRegistration_st*, std::less<>> names_;
};

}  // namespace phosphene::cuda
