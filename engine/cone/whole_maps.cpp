#include "engine/cone/whole_maps.hpp"

#include <algorithm>

namespace phosphene::cone {

WholeMaps::WholeMaps(const Steps& steps, Lowering& lowering, int first, int last,
                     std::int64_t batch, bool keep)
    : steps_(steps), first_(first), maps_(steps.maps.size()) {
  std::vector<int> last_read(steps.maps.size(), -1);
  std::size_t workspace = 0;
  for (int s = first; s < last; ++s) {
    StepSpec spec = steps.specs[static_cast<std::size_t>(s)];
    for (Shape& input : spec.inputs) input.n = batch;
    spec.output.n = batch;
    list_.push_back(lowering.lower(spec));
    workspace = std::max(workspace, list_.back()->needs().workspace);
    for (int map : steps.inputs[static_cast<std::size_t>(s)]) {
      last_read[static_cast<std::size_t>(map)] = s;
    }
  }
  for (int s = first; s < last; ++s) {
    const auto map = static_cast<std::size_t>(s + 1);
    const auto bytes =
        static_cast<std::size_t>(batch * steps.maps[map].count()) * size_of(lowering.storage());
    const bool to_end = keep || s + 1 == last;
    slots_.add(bytes, s, to_end ? last : std::max(last_read[map], s), {&maps_[map]});
  }
  slots_.add(workspace, first, last, {&workspace_});
  slots_.plan();
}

void WholeMaps::bind(void* memory, int input_map, void* input) {
  slots_.place(memory);
  maps_[static_cast<std::size_t>(input_map)] = input;
  for (std::size_t i = 0; i < list_.size(); ++i) {
    const std::size_t step = static_cast<std::size_t>(first_) + i;
    StepBuffers buffers;
    for (int map : steps_.inputs[step]) buffers.x.push_back(maps_[static_cast<std::size_t>(map)]);
    buffers.d_x.resize(buffers.x.size());
    buffers.y = maps_[step + 1];
    buffers.workspace = workspace_;
    list_[i]->bind(buffers);
  }
}

void WholeMaps::forward() {
  for (const auto& step : list_) step->forward();
}

}  // namespace phosphene::cone
