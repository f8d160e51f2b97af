#include "engine/cuda/nvtx_ranges.hpp"

#include <nvtx3/nvToolsExt.h>

namespace phosphene::cuda {

NvtxRanges::NvtxRanges() : domain_(nvtxDomainCreateA("phosphene")) {}
NvtxRanges::~NvtxRanges() { nvtxDomainDestroy(domain_); }

void NvtxRanges::push(const char* name) {
  auto it = names_.find(std::string_view(name));
  if (it == names_.end()) it = names_.emplace(name, nvtxDomainRegisterStringA(domain_, name)).first;
  nvtxEventAttributes_t event{};
  event.version = NVTX_VERSION;
  event.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  event.messageType = NVTX_MESSAGE_TYPE_REGISTERED;
  event.message.registered = it->second;
  nvtxDomainRangePushEx(domain_, &event);
}

void NvtxRanges::pop() { nvtxDomainRangePop(domain_); }

}  // namespace phosphene::cuda
