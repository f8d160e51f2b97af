#include "phosphene/graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "phosphene/error.hpp"
#include "tests/engine/small_network.hpp"

namespace phosphene {
namespace {

using ::testing::HasSubstr;
using testing::square;
using ::testing::ThrowsMessage;

Graph with(Op op) {
  Graph g;
  g.then("input", op::Normalise{{0, 0, 0}, {1, 1, 1}, 1, false});
  g.then("node", std::move(op));
  return g;
}

Shape shape_of(Op op, Shape in) { return with(std::move(op)).infer_shapes(in).back(); }

TEST(Shapes, WindowsSlide) {
  EXPECT_EQ(shape_of(op::Conv{square(7, 2, 3), 64, 1, true}, {2, 3, 224, 224}),
            (Shape{2, 64, 112, 112}));
  Window dilated = square(3);
  dilated.dilation = {2, 3};
  dilated.pad = {1, 0, 2, 5};  // top, left, bottom, right
  EXPECT_EQ(shape_of(op::Conv{dilated, 5, 1, true}, {1, 3, 10, 11}), (Shape{1, 5, 9, 10}));
}

/// torch.nn.MaxPool2d(3, 2, ceil_mode=True): 112 -> 56; with padding 1 the window that would
/// start in the trailing padding is dropped: 3 -> 2, not 3.
TEST(Shapes, CeilModeDropsAWindowOfPaddingAlone) {
  Window w = square(3, 2);
  w.ceil = true;
  EXPECT_EQ(shape_of(op::MaxPool{w}, {1, 3, 112, 111}), (Shape{1, 3, 56, 55}));
  w = square(2, 2, 1);
  w.ceil = true;
  EXPECT_EQ(shape_of(op::MaxPool{w}, {1, 3, 3, 4}), (Shape{1, 3, 2, 3}));
}

TEST(Shapes, ErrorsNameTheLayer) {
  EXPECT_THAT(
      [] {
        shape_of(op::MaxPool{square(4, 4)}, {1, 3, 3, 9});
      },
      ThrowsMessage<Error>(HasSubstr("layer 'node' (MaxPool): the image is too small")));
  EXPECT_THAT(
      [] {
        shape_of(op::ReflectPad{Padding::all(4)}, {1, 3, 4, 9});
      },
      ThrowsMessage<Error>(HasSubstr("cannot be mirrored by 4")));
  EXPECT_THAT(
      [] {
        shape_of(op::Conv{square(1), 4, 2, true}, {1, 3, 4, 4});
      },
      ThrowsMessage<Error>(HasSubstr("2 groups do not divide")));
  EXPECT_THAT(
      [] {
        shape_of(op::Linear{4, true}, {1, 3, 4, 4});
      },
      ThrowsMessage<Error>(HasSubstr("expected a flattened vector")));
  EXPECT_THAT(
      [] {
        shape_of(op::Relu{}, {1, 4, 4, 4});
      },
      ThrowsMessage<Error>(HasSubstr("reads 3 channels, the image has 4")));
}

TEST(Graph, RefusesWhatMakesNoSense) {
  Graph g = with(op::Relu{});
  EXPECT_THAT([&] { g.then("node", op::Relu{}); }, ThrowsMessage<Error>(HasSubstr("already")));
  EXPECT_THAT([&] { g.add("a", op::Add{}, {1}); }, ThrowsMessage<Error>(HasSubstr("expected 2")));
  EXPECT_THAT([&] { g.add("b", op::Relu{}, {9}); }, ThrowsMessage<Error>(HasSubstr("not exist")));
  EXPECT_THAT([&] { g.add("c", op::Relu{}, {0}); }, ThrowsMessage<Error>(HasSubstr("Normalise")));
}

TEST(Graph, UnknownLayerListsNearNames) {
  const Network network = testing::small_network();
  EXPECT_THAT(
      [&] { network.graph().find("rellu2"); },
      ThrowsMessage<UsageError>(HasSubstr("no layer 'rellu2' in the network; near: relu2, relu1")));
}

}  // namespace
}  // namespace phosphene
