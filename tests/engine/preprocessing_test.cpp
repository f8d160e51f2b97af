#include "engine/models/preprocessing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Preprocessing, ReadsEveryForm) {
  const op::Normalise caffe = parse_input("BGR 0..255 minus (104.00699, 116,123.5)", "f");
  EXPECT_TRUE(caffe.reverse);
  EXPECT_EQ(caffe.scale, 255);
  EXPECT_THAT(caffe.mean, ElementsAre(104.00699F, 116, 123.5F));
  EXPECT_THAT(caffe.std, ElementsAre(1, 1, 1));
  const op::Normalise torch =
      parse_input(" RGB 0..1 minus ( 0.485 , .456,0.406 ) over (0.229,0.224,0.225) ", "f");
  EXPECT_FALSE(torch.reverse);
  EXPECT_EQ(torch.scale, 1);
  EXPECT_THAT(torch.mean, ElementsAre(0.485F, 0.456F, 0.406F));
  EXPECT_THAT(torch.std, ElementsAre(0.229F, 0.224F, 0.225F));
  const op::Normalise plain = parse_input("RGB in [0,1]; conv0 (1x1)\ndoes the rest", "f");
  EXPECT_EQ(plain.scale, 1);
  EXPECT_THAT(plain.mean, ElementsAre(0, 0, 0));
}

TEST(Preprocessing, RefusesWhatItIsNot) {
  for (const char* text :
       {"", "grey", "RGB", "RGB 0..2", "RGB 0..1 minus", "RGB 0..1 minus (1,2)", "GBR 0..1",
        "RGB 0..1 minus (1,2,3", "RGB 0..1 minus (1;2;3)", "RGB 0..1 minus (1,2,3) and more",
        // Numbers that are none, which std::stof took for 1.2, or left as another exception.
        "RGB 0..1 minus (1.2.3,0,0)", "RGB 0..1 minus (.,0,0)", "RGB 0..1 minus (nan,0,0)",
        "RGB 0..1 minus (inf,0,0)", "RGB 0..1 minus (-1,0,0)", "RGB 0..1 minus (1e3,0,0)",
        "RGB 0..1 over (0,1,1)"}) {
    SCOPED_TRACE(text);
    EXPECT_THAT([&] { parse_input(text, "w.safetensors"); },
                ThrowsMessage<Error>(HasSubstr("w.safetensors: metadata 'input' is '")));
  }
  const std::string digits(400, '9');
  EXPECT_THROW(parse_input("RGB 0..1 minus (" + digits + ",0,0)", "f"), Error);
}

/// A file may hold megabytes there: the stack must not grow with them.
TEST(Preprocessing, TakesAnyLength) {
  const std::string space(10'000'000, ' ');
  EXPECT_EQ(parse_input("RGB" + space + "0..255;" + space, "f").scale, 255);
  EXPECT_THROW(parse_input("RGB 0..1" + space + "?", "f"), Error);
}

}  // namespace
}  // namespace phosphene
