// Tasks: what is awaited, in which order, and who hears of an exception.
#include "engine/attacks/task.hpp"

#include <gtest/gtest.h>

#include <coroutine>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace phosphene {
namespace {

/// Answers a question when it is told to.
struct Oracle {
  struct Answer {
    Oracle* oracle;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> caller) const noexcept { oracle->waiting = caller; }
    int await_resume() const noexcept { return oracle->answer; }
  };
  Answer ask() { return {this}; }
  void tell(int value) {
    answer = value;
    waiting.resume();
  }

  int answer = 0;
  std::coroutine_handle<> waiting;
};

Task<int> sum_of_two(Oracle& oracle) {
  const int first = co_await oracle.ask();
  const int second = co_await oracle.ask();
  if (second < 0) throw std::runtime_error("negative");
  co_return first + second;
}

Task<void> sums(Oracle& oracle, std::vector<int>& results, int count) {
  for (int i = 0; i < count; ++i) {
    const int sum = co_await sum_of_two(oracle);
    results.push_back(sum);
  }
}

TEST(Task, WaitsForEachAnswer) {
  Oracle oracle;
  std::vector<int> results;
  const Task<void> task = sums(oracle, results, 2);
  EXPECT_FALSE(task.done());
  task.handle().resume();
  for (const int answer : {1, 2, 30}) oracle.tell(answer);
  EXPECT_EQ(results, std::vector<int>{3});
  EXPECT_FALSE(task.done());
  oracle.tell(40);
  EXPECT_TRUE(task.done());
  EXPECT_EQ(results, (std::vector<int>{3, 70}));
  task.result();
}

TEST(Task, ExceptionsReachTheOutermost) {
  Oracle oracle;
  std::vector<int> results;
  const Task<void> task = sums(oracle, results, 2);
  task.handle().resume();
  for (const int answer : {1, -2}) oracle.tell(answer);
  ASSERT_TRUE(task.done());
  EXPECT_THROW(task.result(), std::runtime_error);
}

// The frames of a task that never ends go with it: AddressSanitizer would say so.
TEST(Task, MayBeDroppedInTheMiddle) {
  Oracle oracle;
  std::vector<int> results;
  Task<void> task = sums(oracle, results, 2);
  task.handle().resume();
  oracle.tell(1);
  task = sums(oracle, results, 1);
  task.handle().resume();
  oracle.tell(5);
  oracle.tell(6);
  EXPECT_TRUE(task.done());
  EXPECT_EQ(results, std::vector<int>{11});
}

}  // namespace
}  // namespace phosphene
