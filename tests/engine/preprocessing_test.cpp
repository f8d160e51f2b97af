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
  const op::Normalise caffe = parse_input("BGR 0..255 minus (104.00699, 116,123.5)", "f").pixels;
  EXPECT_TRUE(caffe.reverse);
  EXPECT_EQ(caffe.scale, 255);
  EXPECT_THAT(caffe.mean, ElementsAre(104.00699F, 116, 123.5F));
  EXPECT_THAT(caffe.std, ElementsAre(1, 1, 1));
  const op::Normalise torch =
      parse_input(" RGB 0..1 minus ( 0.485 , .456,0.406 ) over (0.229,0.224,0.225) ", "f").pixels;
  EXPECT_FALSE(torch.reverse);
  EXPECT_EQ(torch.scale, 1);
  EXPECT_THAT(torch.mean, ElementsAre(0.485F, 0.456F, 0.406F));
  EXPECT_THAT(torch.std, ElementsAre(0.229F, 0.224F, 0.225F));
  const op::Normalise plain = parse_input("RGB in [0,1]; conv0 (1x1)\ndoes the rest", "f").pixels;
  EXPECT_EQ(plain.scale, 1);
  EXPECT_THAT(plain.mean, ElementsAre(0, 0, 0));
}

/// As the weights of the field describe it.
TEST(Preprocessing, ReadsFormulasAndSizes) {
  const Preprocessing caffe = parse_input("BGR 0..255 minus (104,117,123), 224x224", "f");
  EXPECT_EQ(caffe.size, 224);
  EXPECT_THAT(caffe.pixels.mean, ElementsAre(104, 117, 123));
  const op::Normalise named{{0.1F, 0.2F, 0.3F}, {0.4F, 0.5F, 0.6F}, 1, false};
  const Preprocessing cifar = parse_input("1x3x32x32 RGB float, (x/255-mean)/std", "f", named);
  EXPECT_EQ(cifar.size, 32);
  EXPECT_EQ(cifar.pixels.scale, 1);
  EXPECT_THAT(cifar.pixels.mean, ElementsAre(0.1F, 0.2F, 0.3F));
  EXPECT_THAT(cifar.pixels.std, ElementsAre(0.4F, 0.5F, 0.6F));
  const Preprocessing half = parse_input("1x3x32x32 RGB, x/255-0.5", "f");
  EXPECT_THAT(half.pixels.mean, ElementsAre(0.5F, 0.5F, 0.5F));
  EXPECT_THAT(half.pixels.std, ElementsAre(1, 1, 1));
  const Preprocessing scaled = parse_input("RGB (x/255 - mean) / 0.225", "f", named);
  EXPECT_EQ(scaled.size, 0);
  EXPECT_THAT(scaled.pixels.mean, ElementsAre(0.1F, 0.2F, 0.3F));
  EXPECT_THAT(scaled.pixels.std, ElementsAre(0.225F, 0.225F, 0.225F));
  EXPECT_THAT(parse_input("RGB x/255", "f").pixels.mean, ElementsAre(0, 0, 0));
  EXPECT_THAT(parse_input("BGR (x/255-(.1,.2,.3))/(.4,.5,.6)", "f").pixels.std,
              ElementsAre(0.4F, 0.5F, 0.6F));
}

TEST(Preprocessing, TakesWhatIsAskedForElseSaidElseUsual) {
  const Preprocessing usual{imagenet_input(), 224};
  EXPECT_EQ(preprocessing_of({}, "f", usual, {}).size, 224);
  EXPECT_EQ(preprocessing_of({{"input", "RGB x/255, 64x64"}}, "f", usual, {}).size, 64);
  EXPECT_EQ(preprocessing_of({{"input_size", "96"}}, "f", usual, {}).size, 96);
  EXPECT_EQ(preprocessing_of({{"input_size", "96"}}, "f", usual, {.input_size = 32}).size, 32);
  EXPECT_THAT(preprocessing_of({{"mean", "(.5, .5, .5)"}}, "f", usual, {}).pixels.mean,
              ElementsAre(0.5F, 0.5F, 0.5F));
  EXPECT_THAT(
      [&] {
        preprocessing_of({{"std", "0,1,1"}}, "f", usual, {});
      },
      ThrowsMessage<Error>(HasSubstr("f: metadata 'std' is '0,1,1', expected three")));
  EXPECT_THAT(
      [&] {
        preprocessing_of({{"input_size", "224x224"}}, "f", usual, {});
      },
      ThrowsMessage<Error>(HasSubstr("f: metadata 'input_size' is '224x224'")));
}

TEST(Preprocessing, RefusesWhatItIsNot) {
  for (const char* text :
       {"", "grey", "RGB", "RGB 0..2", "RGB 0..1 minus", "RGB 0..1 minus (1,2)", "GBR 0..1",
        "RGB 0..1 minus (1,2,3", "RGB 0..1 minus (1;2;3)", "RGB 0..1 minus (1,2,3) and more",
        // Numbers that are none, which std::stof took for 1.2, or left as another exception.
        "RGB 0..1 minus (1.2.3,0,0)", "RGB 0..1 minus (.,0,0)", "RGB 0..1 minus (nan,0,0)",
        "RGB 0..1 minus (inf,0,0)", "RGB 0..1 minus (-1,0,0)", "RGB 0..1 minus (1e3,0,0)",
        "RGB 0..1 over (0,1,1)", "RGB 0..1, 224x225", "RGB 0..1, 0x0", "RGB x/256",
        "RGB (x/255-mean", "RGB (x/255-mean)/0", "RGB (x/255-mean)/(0,1,1)", "1x3x32 RGB x/255",
        "RGB x/255-0.5/0.5"}) {
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
  EXPECT_EQ(parse_input("RGB" + space + "0..255;" + space, "f").pixels.scale, 255);
  EXPECT_THROW(parse_input("RGB 0..1" + space + "?", "f"), Error);
}

}  // namespace
}  // namespace phosphene
