#include "tests/reference/node_cases.hpp"

namespace phosphene::reference {
namespace {

struct ConvRow {
  const char* name;
  Shape x;
  std::int64_t out;
  Extent kernel, stride, dilation;
  Padding pad;
  std::int64_t groups;
  bool bias;
};

// clang-format off
const std::vector<ConvRow> kRows{
    //name                   x               out  kernel   stride  dilat.  top left bottom right  groups bias
    {"one_pixel",           {1, 1, 1, 1},      1, {1, 1},  {1, 1}, {1, 1}, {0, 0, 0, 0},   1, true},
    {"one_pixel_padded",    {2, 3, 1, 1},      5, {3, 3},  {1, 1}, {1, 1}, {1, 1, 1, 1},   1, true},
    {"one_row",             {1, 4, 1, 17},     6, {1, 3},  {1, 1}, {1, 1}, {0, 1, 0, 1},   1, true},
    {"one_column",          {1, 4, 17, 1},     6, {3, 1},  {1, 1}, {1, 1}, {1, 0, 1, 0},   1, true},
    {"pointwise",           {2, 17, 9, 11},   13, {1, 1},  {1, 1}, {1, 1}, {0, 0, 0, 0},   1, true},
    {"pointwise_wide",      {1, 64, 7, 9},    96, {1, 1},  {1, 1}, {1, 1}, {0, 0, 0, 0},   1, false},
    {"pointwise_stride2",   {1, 16, 9, 8},    32, {1, 1},  {2, 2}, {1, 1}, {0, 0, 0, 0},   1, true},
    {"pointwise_padded",    {1, 5, 6, 4},      3, {1, 1},  {1, 1}, {1, 1}, {1, 2, 0, 1},   1, true},
    {"vgg_first",           {1, 3, 33, 31},   64, {3, 3},  {1, 1}, {1, 1}, {1, 1, 1, 1},   1, true},
    {"vgg_inner",           {2, 64, 13, 11},  64, {3, 3},  {1, 1}, {1, 1}, {1, 1, 1, 1},   1, true},
    {"valid",               {1, 8, 15, 14},    8, {3, 3},  {1, 1}, {1, 1}, {0, 0, 0, 0},   1, true},
    {"resnet_stem",         {1, 3, 35, 33},   16, {7, 7},  {2, 2}, {1, 1}, {3, 3, 3, 3},   1, false},
    {"alexnet_stem",        {1, 3, 39, 43},   24, {11, 11},{4, 4}, {1, 1}, {2, 2, 2, 2},   1, true},
    {"same_even",           {1, 6, 9, 10},     7, {4, 4},  {2, 2}, {1, 1}, {1, 1, 2, 2},   1, true},
    {"even_kernel",         {2, 5, 8, 9},      4, {2, 2},  {1, 1}, {1, 1}, {0, 0, 1, 1},   1, true},
    {"four_paddings",       {2, 5, 8, 9},     19, {3, 5},  {1, 1}, {1, 1}, {0, 3, 2, 1},   1, true},
    {"tall_kernel",         {1, 7, 21, 6},     9, {7, 1},  {1, 1}, {1, 1}, {3, 0, 3, 0},   1, true},
    {"wide_kernel",         {1, 7, 6, 21},     9, {1, 7},  {1, 2}, {1, 1}, {0, 3, 0, 3},   1, true},
    {"whole_image",         {2, 12, 6, 5},    10, {6, 5},  {1, 1}, {1, 1}, {0, 0, 0, 0},   1, true},
    {"dilated2",            {1, 6, 17, 15},    6, {3, 3},  {1, 1}, {2, 2}, {2, 2, 2, 2},   1, true},
    {"dilated_unequal",     {1, 6, 17, 15},    6, {3, 3},  {2, 1}, {1, 3}, {1, 3, 0, 2},   1, true},
    {"stride_over_kernel",  {1, 4, 13, 14},    6, {2, 2},  {3, 5}, {1, 1}, {0, 0, 0, 0},   1, true},
    {"rows_unread",         {1, 4, 12, 10},    6, {3, 3},  {4, 4}, {1, 1}, {0, 0, 0, 0},   1, true},
    {"pad_over_kernel",     {1, 3, 4, 5},      4, {2, 2},  {1, 1}, {1, 1}, {3, 2, 3, 4},   1, true},
    {"two_groups",          {2, 20, 9, 7},    28, {3, 3},  {1, 1}, {1, 1}, {1, 1, 1, 1},   2, true},
    {"four_groups_stride2", {1, 32, 9, 7},    64, {3, 3},  {2, 2}, {1, 1}, {1, 1, 1, 1},   4, false},
    {"depthwise",           {2, 24, 11, 9},   24, {3, 3},  {1, 1}, {1, 1}, {1, 1, 1, 1},  24, true},
    {"depthwise_x2",        {1, 7, 11, 9},    14, {5, 5},  {2, 2}, {1, 1}, {2, 2, 2, 2},   7, true},
    {"deep",                {1, 512, 3, 2},   16, {3, 3},  {1, 1}, {1, 1}, {1, 1, 1, 1},   1, true},
};
// clang-format on

}  // namespace

const std::vector<NodeCase>& conv_cases() {
  static const std::vector<NodeCase> cases = [] {
    std::vector<NodeCase> made;
    for (const ConvRow& row : kRows) {
      Graph graph = normalised_input(static_cast<int>(row.x.c));
      graph.then("conv",
                 op::Conv{.window = {.kernel = row.kernel,
                                     .stride = row.stride,
                                     .dilation = row.dilation,
                                     .pad = row.pad},
                          .out_channels = row.out,
                          .groups = row.groups,
                          .bias = row.bias},
                 "conv");
      made.push_back({row.name, graph, row.x, {"conv"}});
    }
    return made;
  }();
  return cases;
}

}  // namespace phosphene::reference
