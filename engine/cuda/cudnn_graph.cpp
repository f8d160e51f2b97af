#include "engine/cuda/cudnn_graph.hpp"

#include <algorithm>

#include "engine/cuda/conv_graph.hpp"

namespace phosphene::cuda {

PlanTarget PlanTarget::from_properties(const std::string& json) {
  PlanTarget target;
  target.properties_.emplace(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
  target.properties_->set(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, json.data(), json.size());
  target.properties_->finalize("cuDNN device properties");
  return target;
}

void PlanTarget::describe_graph(Descriptor& graph) const {
  if (handle_) graph.set(CUDNN_ATTR_OPERATIONGRAPH_HANDLE, handle_);
}

void PlanTarget::describe_heuristics(Descriptor& heuristics) const {
  if (properties_) heuristics.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, *properties_);
}

void PlanTarget::describe_plan(Descriptor& plan) const {
  if (handle_) plan.set(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, handle_);
  if (properties_) plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, *properties_);
}

ConvProblem conv_problem(const op::Conv& op, const Shape& x, const Shape& y) {
  ConvProblem problem;
  problem.x = x;
  problem.y = y;
  problem.w = {op.out_channels, x.c / op.groups, op.window.kernel.h, op.window.kernel.w};
  problem.window = op.window;
  problem.groups = op.groups;
  return problem;
}

std::string to_string(const ConvProblem& p) {
  const Window& w = p.window;
  std::string text = p.direction == ConvDirection::forward ? "convolution" : "input gradient";
  text += " " + to_string(p.precision) + " x " + to_string(p.x) + " w " + to_string(p.w) + " y " +
          to_string(p.y);
  const auto add = [&](const char* name, std::initializer_list<std::int64_t> values) {
    text += std::string(" ") + name;
    for (const std::int64_t value : values) text += " " + std::to_string(value);
  };
  add("stride", {w.stride.h, w.stride.w});
  add("dilation", {w.dilation.h, w.dilation.w});
  add("pad", {w.pad.top, w.pad.left, w.pad.bottom, w.pad.right});
  add("groups", {p.groups});
  if (p.residual) text += " +residual";
  if (p.bias) text += " +bias";
  if (p.relu) text += " +relu";
  if (p.direct) text += " direct";
  return text;
}

PlanLimits limits_for(const ConvProblem& problem) {
  const std::size_t element = problem.precision == Precision::bf16 ? 2 : 4;
  const std::size_t quarter = static_cast<std::size_t>(problem.y.count()) * element / 4;
  PlanLimits limits;
  limits.preferred_workspace = std::max(limits.preferred_workspace, quarter);
  limits.most_workspace = std::max(limits.most_workspace, quarter);
  return limits;
}

ConvPlan::ConvPlan(std::shared_ptr<const ConvGraph> graph, Descriptor config, Descriptor plan)
    : graph_(std::move(graph)), config_(std::move(config)), plan_(std::move(plan)) {
  std::int64_t bytes = 0;
  plan_.get(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, &bytes, 1);
  workspace_ = static_cast<std::size_t>(bytes);
}

namespace {

using Notes = std::vector<cudnnBackendNumericalNote_t>;

/// The engine configurations that the heuristics of `mode` offer, best first.
std::vector<Descriptor> configurations(const PlanTarget& target, const ConvGraph& graph,
                                       cudnnBackendHeurMode_t mode) {
  Descriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.graph);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
  target.describe_heuristics(heuristics);
  // Whatever the reason, an unfused graph may still be served.
  if (heuristics.try_finalize() != CUDNN_STATUS_SUCCESS) return {};
  const std::int64_t offered =
      heuristics.get<cudnnBackendDescriptor_t>(CUDNN_ATTR_ENGINEHEUR_RESULTS, nullptr, 0);
  std::vector<Descriptor> configs;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (std::int64_t i = 0; i < offered; ++i) {
    configs.emplace_back(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    raw.push_back(configs.back().raw());
  }
  const std::int64_t found = heuristics.get(CUDNN_ATTR_ENGINEHEUR_RESULTS, raw.data(), offered);
  configs.erase(configs.begin() + std::min(found, offered), configs.end());
  return configs;
}

Notes numerical_notes(const Descriptor& config) {
  Descriptor engine(CUDNN_BACKEND_ENGINE_DESCRIPTOR);
  cudnnBackendDescriptor_t raw = engine.raw();
  config.get(CUDNN_ATTR_ENGINECFG_ENGINE, &raw, 1);
  Notes notes(CUDNN_NUMERICAL_NOTE_TYPE_COUNT);
  const std::int64_t count = engine.get(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, notes.data(),
                                        static_cast<std::int64_t>(notes.size()));
  notes.resize(static_cast<std::size_t>(count));
  return notes;
}

bool holds(const Notes& notes, cudnnBackendNumericalNote_t note) {
  return std::find(notes.begin(), notes.end(), note) != notes.end();
}

bool allowed(const Notes& notes, const ConvProblem& problem, bool deterministic) {
  const Precision precision = problem.precision;
  if (problem.direct &&
      (holds(notes, CUDNN_NUMERICAL_NOTE_WINOGRAD) || holds(notes, CUDNN_NUMERICAL_NOTE_FFT))) {
    return false;
  }
  if (deterministic && holds(notes, CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC)) return false;
  if (holds(notes, CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION)) return false;
  if (precision == Precision::bf16) return true;
  if (holds(notes, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS)) return false;
  return precision == Precision::tf32 || !holds(notes, CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
}

}  // namespace

bool ConvPlan::has(cudnnBackendNumericalNote_t note) const {
  return holds(numerical_notes(config_), note);
}

std::vector<ConvPlan> plan_conv(const PlanTarget& target, const ConvProblem& problem,
                                const PlanLimits& limits, std::size_t wanted) {
  if (problem.x.c != problem.groups * problem.w.c) {  // cuDNN would guess another group count
    throw Error("x has " + std::to_string(problem.x.c) + " channels, expected groups times the " +
                std::to_string(problem.w.c) + " of the filter: " + to_string(problem));
  }
  std::optional<ConvGraph> built = build_conv_graph(target, problem);
  if (!built) return {};
  const auto graph = std::make_shared<const ConvGraph>(std::move(*built));

  std::vector<ConvPlan> plans, large;
  for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK}) {
    for (Descriptor& config : configurations(target, *graph, mode)) {
      if (plans.size() == wanted) return plans;
      if (!allowed(numerical_notes(config), problem, limits.deterministic)) continue;
      Descriptor descriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
      target.describe_plan(descriptor);
      descriptor.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, config);
      // An engine may still refuse (no driver to compile it, too little shared memory): next.
      if (descriptor.try_finalize() != CUDNN_STATUS_SUCCESS) continue;
      ConvPlan plan(graph, std::move(config), std::move(descriptor));
      if (plan.workspace() <= limits.preferred_workspace) {
        plans.push_back(std::move(plan));
      } else if (plan.workspace() <= limits.most_workspace) {
        large.push_back(std::move(plan));
      }
    }
  }
  if (plans.empty() && !large.empty()) plans.push_back(std::move(large.front()));
  return plans;
}

ConvCall::ConvCall(const ConvPlan& plan, const ConvPointers& pointers)
    : plan_(plan.descriptor().raw()), pack_(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR) {
  std::vector<std::int64_t> ids;
  std::vector<void*> data;
  const auto add = [&](std::int64_t id, const void* pointer) {
    if (!pointer) return;
    ids.push_back(id);
    data.push_back(const_cast<void*>(pointer));  // cuDNN's signature; inputs are not written
  };
  add(uid::kX, pointers.x);
  add(uid::kW, pointers.w);
  add(uid::kY, pointers.y);
  add(uid::kBias, pointers.bias);
  add(uid::kResidual, pointers.residual);
  pack_.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, ids);
  pack_.set_pointers(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, data);
  pack_.set_pointers(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, {pointers.workspace});
  pack_.finalize("cuDNN variant pack");
}

void ConvCall::run(cudnnHandle_t handle) const {
  check(cudnnBackendExecute(handle, plan_, pack_.raw()), "cuDNN convolution");
}

}  // namespace phosphene::cuda
