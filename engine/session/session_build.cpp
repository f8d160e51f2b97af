#include <algorithm>

#include "engine/session/session_impl.hpp"
#include "engine/session/step_specs.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

/// A stretch of the arena and the pointers that will point to it.
struct Slot {
  Interval interval;
  std::vector<void**> users;
};

}  // namespace

void Session::Impl::lower() {
  const Graph& graph = network.graph();
  if (options.taps.empty()) throw UsageError("a session needs at least one tap");
  if (options.height < 1 || options.width < 1 || options.batch < 1) {
    throw UsageError("a session needs a height, a width and a batch of at least 1");
  }
  std::vector<int> tap_nodes;
  for (const std::string& name : options.taps) {
    tap_nodes.push_back(graph.find(name));
    if (tap_nodes.back() == 0) throw UsageError("the image itself is no tap: read image()");
  }
  const int channels = std::get<op::Input>(graph[0].op).channels;
  const std::vector<Shape> shapes = graph.infer_shapes(
      {options.batch, channels, options.height, options.width}, needed_nodes(graph, tap_nodes));
  fused = fuse(graph, shapes, tap_nodes);

  values.resize(shapes.size());
  values[0] = {shapes[0], true, false, nullptr, nullptr};
  const std::vector<StepSpec> specs = step_specs(network, fused, shapes, options.backward);
  for (std::size_t i = 0; i < specs.size(); ++i) {
    FusedNode& node = fused.steps[i];
    values[at(node.output)] = {specs[i].output, true, false, nullptr, nullptr};
    Stage stage{std::move(node), lowering->lower(specs[i]), {}, {}, {}};
    stage.needs = stage.step->needs();
    stages.push_back(std::move(stage));
  }
  for (int tap : tap_nodes) values[at(fused.value[at(tap)])].tapped = true;
}

/// Time runs over the forward steps 0..S-1 and back over S..2S-1. What backward reads stays to
/// the end, so that it can be called again with other seeds.
void Session::Impl::place() {
  const int steps = static_cast<int>(stages.size());
  const int end = options.backward ? 2 * steps : steps;
  const auto back = [&](int step) { return 2 * steps - 1 - step; };
  const auto bytes_of = [&](const Value& v) {
    return static_cast<std::size_t>(v.shape.count()) * size_of(lowering->storage());
  };
  std::vector<Slot> data(values.size()), gradient(values.size()), others;
  std::vector<StepBuffers> buffers(stages.size());
  Slot workspace{{0, 0, end}, {}};
  std::vector<bool> reached(values.size());  // by a step earlier in the backward pass

  for (int i = steps - 1; i >= 0; --i) {
    Stage& stage = stages[at(i)];
    StepBuffers& mine = buffers[at(i)];
    const std::size_t y = at(stage.node.output);
    Interval& lives = data[y].interval;
    const bool to_end = values[y].tapped || (options.backward && stage.needs.output);
    lives = {bytes_of(values[y]), i, std::max(lives.last, to_end ? end : i)};
    Interval& d_lives = gradient[y].interval;
    d_lives = {bytes_of(values[y]), reached[y] ? d_lives.first : back(i), back(i)};
    others.push_back({{stage.needs.state, i, end}, {&mine.state}});
    workspace.interval.bytes = std::max(workspace.interval.bytes, stage.needs.workspace);
    workspace.users.push_back(&mine.workspace);

    stage.first.resize(stage.node.inputs.size());
    stage.scratch.resize(stage.node.inputs.size());
    for (std::size_t k = 0; k < stage.node.inputs.size(); ++k) {
      const std::size_t x = at(stage.node.inputs[k]);
      int& last = data[x].interval.last;
      last = std::max(last, options.backward && stage.needs.input ? end : i);
      stage.first[k] = !reached[x];
      if (stage.first[k]) gradient[x].interval.first = back(i);
      if (!stage.first[k] && options.backward) {
        others.push_back({{bytes_of(values[x]), back(i), back(i)}, {&stage.scratch[k]}});
      }
      reached[x] = true;
    }
  }
  others.push_back(std::move(workspace));
  for (std::size_t v = 1; v < values.size(); ++v) {  // the image stays outside the arena
    if (!values[v].used) continue;
    others.push_back({data[v].interval, {&values[v].data}});
    if (options.backward) others.push_back({gradient[v].interval, {&values[v].gradient}});
  }

  std::vector<Interval> intervals;
  for (const Slot& slot : others) intervals.push_back(slot.interval);
  plan = plan_memory(intervals);
  arena = context.zeros({1, 1, 1, static_cast<std::int64_t>((plan.bytes + 3) / 4)});
  for (std::size_t i = 0; i < others.size(); ++i) {
    for (void** user : others[i].users) *user = arena.data<std::byte>() + plan.offsets[i];
  }
  image = context.zeros(values[0].shape, lowering->image_type());
  values[0].data = image.data<void>();
  if (options.backward) {
    d_image = context.zeros(values[0].shape, lowering->image_type());
    values[0].gradient = d_image.data<void>();
  }
  for (std::size_t i = 0; i < stages.size(); ++i) bind(stages[i], buffers[i]);

  for (const std::string& name : options.taps) {
    const Value& v = values[at(value_of(name, "tap"))];
    taps.insert_or_assign(name, tensor(v.data, v.shape));
  }
  has_gradient.resize(values.size());
  seed_of.resize(values.size());
}

void Session::Impl::bind(Stage& stage, StepBuffers& buffers) const {
  const Value& y = values[at(stage.node.output)];
  buffers.y = y.data;
  buffers.d_y = y.gradient;
  for (std::size_t k = 0; k < stage.node.inputs.size(); ++k) {
    const Value& x = values[at(stage.node.inputs[k])];
    buffers.x.push_back(x.data);
    buffers.d_x.push_back(stage.first[k] ? x.gradient : stage.scratch[k]);
  }
  stage.step->bind(buffers);
}

}  // namespace phosphene
