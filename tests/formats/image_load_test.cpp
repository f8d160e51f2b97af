#include "tests/formats/image_support.hpp"

namespace phosphene {
namespace {

using namespace test;

class ImageLoad : public Images {};

TEST_F(ImageLoad, NamesFormatsThatItRefuses) {
  const auto refuse = [&](const std::string& head, const std::string& name) {
    SCOPED_TRACE(name);
    Bytes file;
    append(file, head + std::string(64, 'x'));
    expect_refused("a.png", file,
                   {"is a " + name + " image", "expected JPEG, PNG or BMP", "convert '"});
  };
  using namespace std::string_literals;
  refuse("GIF89a", "GIF");
  refuse("GIF87a", "GIF");
  refuse("RIFF\1\2\3\4WEBPVP8 ", "WebP");
  refuse(
      "\0\0\0\x18"
      "ftypheic"s,
      "HEIC");
  refuse(
      "\0\0\0\x18"
      "ftypmif1"s,
      "HEIC");
  refuse(
      "\0\0\0\x1c"
      "ftypavif"s,
      "AVIF");
  refuse("II*\0"s, "TIFF");
  refuse("MM\0*"s, "TIFF");
  refuse("\xff\x0a", "JPEG XL");
  refuse("\0\0\0\x0cJXL "s, "JPEG XL");
  refuse("\0\0\0\x0cjP  "s, "JPEG 2000");
}

TEST_F(ImageLoad, RefusesWhatIsNoImage) {
  const Bytes text = {'h', 'e', 'l', 'l', 'o', '\n'};
  expect_refused("a.jpg", text, {"is not an image; expected JPEG, PNG or BMP"});
  for (const std::string start : {"R", "RIFF", "RIFF12", "RIFF1234WEB", "1234ftyp"}) {
    Bytes file;
    append(file, start);
    expect_refused("a.jpg", file, {"is not an image"});
  }
  expect_refused("a.jpg", {}, {"is empty"});
  Bytes film;
  append(film, std::string("\0\0\0\x18"
                           "ftypisom",
                           12));
  expect_refused("a.mp4", film, {"is not an image"});
}

TEST_F(ImageLoad, NamesWhatCannotBeOpened) {
  expect_error([&] { load("none.png"); }, {path("none.png") + ": no such file"});
  expect_error([&] { load("."); }, {"is a directory"});
  expect_error([] { load_image("/dev/zero"); }, {"/dev/zero: is not a regular file"});
  write("file", {});
  expect_error([&] { load("file/a.png"); }, {path("file/a.png") + ": cannot be read"});
}

TEST_F(ImageLoad, NamesWhatMayNotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  std::filesystem::permissions(write("a.png", {1}), std::filesystem::perms::none);
  expect_error([&] { load("a.png"); }, {path("a.png") + ": cannot be read"});
}

TEST(ImageData, LoadsEveryImage) {
  const auto folder = data_folder("images");
  if (folder.empty()) GTEST_SKIP() << "test data (PHOSPHENE_DATA): images/";
  int images = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const Tensor image = load_image(entry.path().string());
    EXPECT_EQ(image.shape().c, 3) << entry.path();
    EXPECT_GT(image.shape().pixels(), 0) << entry.path();
    ++images;
  }
  EXPECT_GT(images, 40);
}

}  // namespace
}  // namespace phosphene
