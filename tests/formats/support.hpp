#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "phosphene/error.hpp"

namespace phosphene::test {

using Bytes = std::vector<std::uint8_t>;

inline void append(Bytes& bytes, std::string_view text) {
  for (const char c : text) bytes.push_back(static_cast<std::uint8_t>(c));
}

inline void append(Bytes& bytes, const Bytes& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

/// Appends the low `size` bytes of `value`.
inline void append_little(Bytes& bytes, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

inline void append_big(Bytes& bytes, std::uint64_t value, int size) {
  for (int i = size; i-- > 0;) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

/// A test with a folder of its own, which goes with it.
class InFolder : public ::testing::Test {
 protected:
  InFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "phosphene-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw Error(name + ": cannot be made");
    folder_ = name;
  }
  ~InFolder() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::string write(const std::string& name, const Bytes& bytes) const {
    std::ofstream file(path(name), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return path(name);
  }

  Bytes read(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// How many files and folders there are: shows what was left behind.
  std::ptrdiff_t entries() const {
    return std::distance(std::filesystem::directory_iterator(folder_), {});
  }

  std::filesystem::path folder_;
};

/// Runs `act` and expects an Error of one line that holds every one of `parts`.
template <class Act>
void expect_error(Act act, const std::vector<std::string>& parts) {
  std::string message;
  try {
    act();
  } catch (const Error& error) {
    message = error.what();
  }
  ASSERT_FALSE(message.empty()) << "no Error";
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  for (const std::string& part : parts) {
    EXPECT_NE(message.find(part), std::string::npos) << '"' << part << "\" is not in: " << message;
  }
}

/// A folder of the test data, or an empty path where they are not there.
inline std::filesystem::path data_folder(const std::string& name) {
  const char* set = std::getenv("PHOSPHENE_DATA");
  const std::filesystem::path data(set != nullptr ? set : PHOSPHENE_DATA_DEFAULT);
  return std::filesystem::is_directory(data / name) ? data / name : std::filesystem::path();
}

}  // namespace phosphene::test
