#include <algorithm>

#include "engine/cone/plan.hpp"
#include "engine/session/step_specs.hpp"
#include "phosphene/error.hpp"

namespace phosphene::cone {

Steps::Steps(const Network& network, std::int64_t height, std::int64_t width,
             const std::string& tap) {
  const Graph& graph = network.graph();
  const std::vector<int> taps{graph.find(tap)};
  if (taps[0] == 0) throw UsageError("the image itself is no tap of a cone");
  const int channels = std::get<op::Input>(graph[0].op).channels;
  const std::vector<Shape> shapes =
      graph.infer_shapes({1, channels, height, width}, needed_nodes(graph, taps));
  const FusedGraph fused = fuse(graph, shapes, taps);
  specs = step_specs(network, fused, shapes, false);
  std::vector<int> map_of(shapes.size(), -1);
  map_of[0] = 0;
  maps.push_back(shapes[0]);
  for (const FusedNode& step : fused.steps) {
    std::vector<int>& read = inputs.emplace_back();
    for (int value : step.inputs) read.push_back(map_of[static_cast<std::size_t>(value)]);
    map_of[static_cast<std::size_t>(step.output)] = static_cast<int>(maps.size());
    maps.push_back(shapes[static_cast<std::size_t>(step.output)]);
  }
}

bool Steps::can_cut(int cut) const {
  return std::all_of(inputs.begin() + cut, inputs.end(), [&](const std::vector<int>& read) {
    return std::ranges::all_of(read, [&](int map) { return map >= cut; });
  });
}

std::vector<Span> Steps::changed(Span box, Axis axis) const {
  std::vector<Span> spans;
  const std::int64_t extent = extent_of(maps[0], axis);
  box.first = std::clamp<std::int64_t>(box.first, 0, extent - 1);
  box.last = std::clamp<std::int64_t>(box.last, box.first + 1, extent);
  spans.push_back(box);
  for (std::size_t step = 0; step < specs.size(); ++step) {
    Span all;
    for (std::size_t i = 0; i < inputs[step].size(); ++i) {
      const Span one =
          reach_of(specs[step], i, axis).changed(spans[static_cast<std::size_t>(inputs[step][i])]);
      all = i == 0 ? one : hull(all, one);
    }
    spans.push_back(all);
  }
  return spans;
}

}  // namespace phosphene::cone
