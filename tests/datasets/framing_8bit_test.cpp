// What Pillow and torchvision make of a picture, to the bit (tests/golden/make_framing_goldens.py).
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include "phosphene/error.hpp"
#include "phosphene/framing.hpp"
#include "phosphene/network.hpp"

namespace phosphene {
namespace {

Tensor noise(std::int64_t h, std::int64_t w) {
  Tensor picture = Tensor::host({1, 3, h, w});
  std::uint64_t state = 1;
  for (std::int64_t i = 0; i < picture.count(); ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    picture.data()[i] = static_cast<float>(state >> 56) / 255.0F;
  }
  return picture;
}

TEST(Framing8Bit, GivesPillowsBytes) {
  const Weights golden =
      Weights::load(PHOSPHENE_SOURCE_DIR "/tests/golden/data/framing.safetensors");
  EXPECT_EQ(golden.arrays().size(), 6U);
  for (const auto& [name, expected] : golden.arrays()) {
    std::istringstream text(name);
    std::int64_t h = 0, w = 0, size = 0;
    char dot = 0;
    text >> h >> dot >> w >> dot >> size;
    const Tensor square = frame_8bit(noise(h, w), size);
    ASSERT_EQ(square.shape(), (Shape{1, 3, size, size})) << name;
    for (std::int64_t i = 0; i < square.count(); ++i) {
      const float level = expected.values.at(static_cast<std::size_t>(i));
      ASSERT_EQ(square.data()[i], level / 255.0F) << name << " at " << i;
    }
  }
}

TEST(Framing8Bit, IsTheSameSquareAsTheUnrounded) {
  const Context context({.device = "cpu"});
  const Tensor photo = noise(90, 61);
  const Tensor exact = frame(context, photo, 40), rounded = frame_8bit(photo, 40);
  for (std::int64_t i = 0; i < exact.count(); ++i) {
    // Half a level for either rounding, and a little for the weights.
    EXPECT_NEAR(exact.data()[i], rounded.data()[i], 1.01F / 255);
  }
}

TEST(Framing8Bit, RefusesWhatIsNoPhotograph) {
  EXPECT_THROW(frame_8bit(noise(4, 4), 0), UsageError);
  EXPECT_THROW(frame_8bit(noise(1, 101), 8), Error);
  EXPECT_THROW(frame_8bit(Tensor::host({2, 3, 4, 4}), 4), UsageError);
}

}  // namespace
}  // namespace phosphene
