// The cone on a GPU against the same network there on whole occluded images, over random networks
// and two models.
#include "engine/cone/cone.hpp"

#include "engine/ops/tensor_ops.hpp"
#include "phosphene/models.hpp"
#include "tests/cuda/gpu.hpp"
#include "tests/cuda/print.hpp"
#include "tests/reference/random_networks.hpp"

namespace phosphene::cuda {
namespace {

/// By relative L2. The two differ in the order of sums; where factors or maps are rounded, a sum on
/// the other side of a rounding boundary moves by a unit of 2^-10 or 2^-8, which happens to a few
/// in a hundred values of a layer.
double tolerance_of(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return 2e-5;
    case Precision::tf32:
      return 2e-3;
    case Precision::bf16:
      return 1e-2;
  }
  throw std::logic_error("precision");
}

class ConeOnGpu : public testing::TestWithParam<Precision> {
 protected:
  void SetUp() override { skip_without_gpu(); }

  void expect_equal(const Context& context, const Network& network, const Shape& shape,
                    const std::string& tap, const ConeOptions& options) {
    std::vector<ops::Box> boxes = {{0, 0, 0, 0}, {-3, -3, 5, 5}};
    std::vector<ops::OccludedView> views;
    for (int top = 0; top < shape.h; top += 7) {
      for (int left = 0; left < shape.w; left += 6) boxes.push_back({top, left, 9, 8});
    }
    for (const ops::Box& box : boxes) views.push_back({box, static_cast<int>(views.size())});
    const auto count = static_cast<std::int64_t>(boxes.size());
    const Tensor image = ops::to_device(context, noise(shape, 1));
    const Tensor picture = ops::to_device(context, noise(shape, 2));
    Session session(context, network, {shape.h, shape.w, count, {tap}, false});
    ConeForward cone(context, network, shape.h, shape.w, tap, boxes, options);
    for (const ops::OcclusionFill& fill :
         {ops::OcclusionFill{&picture, 0}, ops::OcclusionFill{nullptr, 9}}) {
      ops::occlude(context, image, ops::OccludedViews(context, views), 0, fill, session.image());
      session.forward();
      const auto got = reference::read(cone.run(image, fill));
      EXPECT_LE(reference::relative_l2(got, host_values(context, session.tap(tap))),
                tolerance_of(context.precision()));
      EXPECT_EQ(got, reference::read(cone.run(image, fill))) << "the same bytes twice";
    }
  }
};

TEST_P(ConeOnGpu, EqualsWholeImages) {
  const Context context({.device = "cuda", .precision = GetParam()});
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    SCOPED_TRACE(seed);
    const reference::RandomGraph made = reference::random_graph(seed);
    const Network network = reference::random_network(made.graph, made.image, seed);
    const int steps = network.graph().size();
    for (const ConePlan& plan : {ConePlan{steps, 99, 2}, ConePlan{steps / 2, 2, 0.75}}) {
      expect_equal(context, network, made.image, made.tap, {std::size_t{1} << 14, plan});
    }
  }
}

TEST_P(ConeOnGpu, EqualsWholeImagesOfModels) {
  const Context context({.device = "cuda", .precision = GetParam()});
  for (const char* model : {"resnet18", "googlenet"}) {
    SCOPED_TRACE(model);
    const Network network = load_network({.model = model, .weights = "random:1"});
    expect_equal(context, network, {1, 3, 96, 90}, score_layer(network.graph()),
                 {0, ConePlan{network.graph().size() / 2, 4, 0.9}});
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, ConeOnGpu,
                         testing::Values(Precision::fp32, Precision::tf32, Precision::bf16),
                         [](const auto& test) { return to_string(test.param); });

}  // namespace
}  // namespace phosphene::cuda
