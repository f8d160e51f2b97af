#include "phosphene/datasets/read_ahead.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "phosphene/error.hpp"

namespace phosphene {
namespace {

std::vector<std::int64_t> up_to(std::int64_t n) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(n));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

Tensor of(std::int64_t index) {
  Tensor image = Tensor::host({1, 1, 1, 1});
  image.data()[0] = static_cast<float>(index);
  return image;
}

TEST(ReadAhead, HandsOutInOrderWhateverTheThreads) {
  for (const int threads : {1, 4}) {
    ReadAhead ahead(
        up_to(200),
        [](std::int64_t i) {
          std::this_thread::sleep_for(std::chrono::microseconds(i % 3 * 200));
          return of(i);
        },
        8, threads);
    for (std::int64_t i = 0; i < 200; ++i) {
      const auto loaded = ahead.next();
      ASSERT_TRUE(loaded.has_value());
      EXPECT_EQ(loaded->index, i);
      EXPECT_EQ(loaded->image.data()[0], static_cast<float>(i));
    }
    EXPECT_FALSE(ahead.next().has_value());
    EXPECT_FALSE(ahead.next().has_value());
  }
}

TEST(ReadAhead, ReadsABoundedNumberAhead) {
  std::atomic<int> calls = 0;
  ReadAhead ahead(
      up_to(100),
      [&](std::int64_t i) {
        ++calls;
        return of(i);
      },
      5, 3);
  for (int ms = 0; calls < 5 && ms < 5000; ++ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(calls, 5);
  ahead.next();
  for (int ms = 0; calls < 6 && ms < 5000; ++ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(calls, 6);  // and the rest is never read
}

TEST(ReadAhead, AnErrorIsItsImagesOwn) {
  ReadAhead ahead(
      {7, 8, 9},
      [](std::int64_t i) {
        if (i == 8) throw Error("8: is corrupt");
        return of(i);
      },
      2);
  EXPECT_EQ(ahead.next()->error, "");
  const auto bad = ahead.next();
  EXPECT_EQ(bad->index, 8);
  EXPECT_EQ(bad->error, "8: is corrupt");
  EXPECT_TRUE(bad->image.empty());
  EXPECT_EQ(ahead.next()->index, 9);
}

TEST(ReadAhead, OtherExceptionsAreTheCallers) {
  ReadAhead usage(
      {1}, [](std::int64_t) -> Tensor { throw UsageError("no"); }, 2);
  EXPECT_THROW(usage.next(), UsageError);
  ReadAhead memory(
      {1}, [](std::int64_t) -> Tensor { throw std::bad_alloc(); }, 2);
  EXPECT_THROW(memory.next(), std::bad_alloc);
  EXPECT_FALSE(ReadAhead({}, of, 2).next().has_value());
}

}  // namespace
}  // namespace phosphene
