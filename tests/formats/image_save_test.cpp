#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <limits>

#include "tests/formats/jpeg_bytes.hpp"

namespace phosphene {
namespace {

using namespace test;
namespace fs = std::filesystem;

Tensor tensor_of(const Picture& picture) {
  Tensor image = Tensor::host({1, 3, picture.height, picture.width});
  for (std::int64_t i = 0; i < image.count(); ++i) {
    const auto pixels = static_cast<std::int64_t>(picture.width) * picture.height;
    image.data()[i] =
        static_cast<float>(picture.levels[static_cast<std::size_t>(i % pixels * 3 + i / pixels)]) /
        255.0f;
  }
  return image;
}

class ImageSave : public Images {
 protected:
  void expect_not_saved(const std::string& name, const Tensor& image,
                        const std::vector<std::string>& parts) {
    const auto before = entries();
    std::vector<std::string> all = parts;
    all.push_back(path(name));
    expect_error([&] { save_image(path(name), image); }, all);
    EXPECT_EQ(entries(), before) << "something was left behind";
  }
  Picture picture_ = coloured_squares(5, 3, 8);
  Tensor image_ = tensor_of(picture_);
};

TEST_F(ImageSave, PngComesBackAsItWas) {
  Picture picture{256, 2, {}};
  for (int i = 0; i < 256 * 2 * 3; ++i) picture.levels.push_back(i * 7 % 256);
  save_image(path("a.png"), tensor_of(picture));
  EXPECT_LT(largest_shift(load("a.png"), picture), kExact);
  EXPECT_EQ(read("a.png")[25], 2);  // colour type: RGB
  expect_warnings("a.png", {});
  EXPECT_EQ(entries(), 1);
}

TEST_F(ImageSave, JpegComesBackNearlyAsItWas) {
  for (const std::string name : {"a.jpg", "a.JPEG"}) {
    save_image(path(name), image_);
    // Quality 95 quantises a block's mean in steps of 2 of 8 levels each: half a step is within
    // the rounding that is there at quality 100 already.
    EXPECT_LT(largest_shift(load(name), picture_), 3) << name;
  }
}

TEST_F(ImageSave, JpegHasFullColourResolutionAtQuality95) {
  save_image(path("a.jpg"), image_);
  const Bytes file = read("a.jpg");
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, file.data(), file.size());
  jpeg_read_header(&info, TRUE);
  for (int c = 0; c < 3; ++c) {
    EXPECT_EQ(info.comp_info[c].h_samp_factor, 1);
    EXPECT_EQ(info.comp_info[c].v_samp_factor, 1);
  }
  // The standard's first luminance step of 16, at 2 * (100 - 95) percent.
  EXPECT_EQ(info.quant_tbl_ptrs[0]->quantval[0], 2);
  jpeg_destroy_decompress(&info);
}

TEST_F(ImageSave, RoundsToTheNearestLevelAndEndsAtTheBounds) {
  Tensor image = Tensor::host({1, 3, 1, 2});
  const float values[] = {
      100.4f / 255, 100.6f / 255, -0.3f, 1.7f, -std::numeric_limits<float>::infinity(),
      254.6f / 255};
  std::copy(std::begin(values), std::end(values), image.data());
  save_image(path("a.png"), image);
  EXPECT_LT(largest_shift(load("a.png"), {2, 1, {100, 0, 0, 101, 255, 255}}), kExact);
}

TEST_F(ImageSave, SavesGreyAsGreyAndTheFirstOfABatch) {
  Tensor grey = Tensor::host({2, 1, 1, 2});
  const float values[] = {0.2f, 0.6f, 0.0f, 0.0f};
  std::copy(std::begin(values), std::end(values), grey.data());
  save_image(path("a.png"), grey);
  EXPECT_EQ(read("a.png")[25], 0);  // colour type: grey
  EXPECT_LT(largest_shift(load("a.png"), {2, 1, {51, 51, 51, 153, 153, 153}}), kExact);
  save_image(path("a.jpg"), grey);
  EXPECT_LT(largest_shift(load("a.jpg"), {2, 1, {51, 51, 51, 153, 153, 153}}), 3);
}

TEST_F(ImageSave, SameImageSameBytes) {
  for (const std::string end : {".png", ".jpg"}) {
    save_image(path("a" + end), image_);
    save_image(path("b" + end), image_);
    EXPECT_EQ(read("a" + end), read("b" + end));
  }
}

TEST_F(ImageSave, ReplacesAFileAndKeepsItsPermissions) {
  const std::string file = write("a.png", {1, 2, 3});
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  save_image(file, image_);
  EXPECT_LT(largest_shift(load("a.png"), picture_), kExact);
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
  EXPECT_EQ(entries(), 1);
}

TEST_F(ImageSave, WritesThroughALink) {
  fs::create_directory(folder_ / "real");
  fs::create_symlink("real/b.png", folder_ / "a.png");
  for (int time = 0; time < 2; ++time) {  // first where the target is not there yet
    save_image(path("a.png"), image_);
    EXPECT_TRUE(fs::is_symlink(folder_ / "a.png"));
    EXPECT_LT(largest_shift(load("real/b.png"), picture_), kExact);
  }
  EXPECT_EQ(entries(), 2);
}

TEST_F(ImageSave, WritesIntoTheCurrentFolder) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_);
  save_image("a.png", image_);
  fs::current_path(before);
  EXPECT_LT(largest_shift(load("a.png"), picture_), kExact);
}

TEST_F(ImageSave, RefusesOtherExtensions) {
  for (const std::string name : {"a.gif", "a", "a.png.txt", "png"}) {
    expect_not_saved(name, image_, {".png, .jpg or .jpeg"});
    EXPECT_THROW(check_writable_image(path(name)), UsageError);
  }
}

TEST_F(ImageSave, RefusesPlacesThatCannotBeWritten) {
  write("file", {1});
  fs::create_directory(folder_ / "b.png");
  const auto refuse = [&](const std::string& name, const std::vector<std::string>& parts) {
    expect_not_saved(name, image_, parts);
    expect_error([&] { check_writable_image(path(name)); }, parts);
  };
  refuse("none/a.png", {"folder", "none does not exist"});
  refuse("file/a.png", {"file is not a folder"});
  refuse("b.png", {"is a directory"});
  ASSERT_EQ(::mkfifo(path("pipe.png").c_str(), 0600), 0);
  refuse("pipe.png", {"is not a regular file"});
  fs::create_symlink("loop.png", folder_ / "loop.png");
  refuse("loop.png", {"Too many levels of symbolic links"});
  EXPECT_NO_THROW(check_writable_image(path("new.png")));
  EXPECT_FALSE(fs::exists(path("new.png")));
}

TEST_F(ImageSave, RefusesAReadOnlyFolder) {
  if (::geteuid() == 0) GTEST_SKIP() << "root writes everywhere";
  fs::create_directory(folder_ / "ro");
  fs::permissions(folder_ / "ro", fs::perms::owner_read | fs::perms::owner_exec);
  expect_error([&] { check_writable_image(path("ro/a.png")); }, {"cannot be written"});
  expect_not_saved("ro/a.png", image_, {"cannot be written"});
}

TEST_F(ImageSave, RefusesTensorsThatAreNoImage) {
  expect_not_saved("a.png", Tensor::host({1, 2, 4, 4}), {"1x2x4x4", "expected"});
  expect_not_saved("a.png", Tensor::host({0, 3, 4, 4}), {"0x3x4x4"});
  expect_not_saved("a.png", Tensor::host({1, 3, 0, 4}), {"1x3x0x4"});
  expect_not_saved("a.png", Tensor::host({1, 3, 4, 4}, DType::f64), {"expected fp32"});
  image_.data()[0 * 24 * 40 + 2 * 40 + 7] = std::nanf("");
  expect_not_saved("a.png", image_, {"NaN at channel 0, row 2, column 7"});
}

TEST_F(ImageSave, RefusesAJpegLargerThanTheFormat) {
  Tensor wide = Tensor::host({1, 1, 1, 70000});
  std::fill(wide.data(), wide.data() + wide.count(), 0.5f);
  expect_not_saved("a.jpg", wide, {"cannot be written as JPEG", "65500"});
}

/// No file may grow beyond some bytes: writing fails as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST_F(ImageSave, LeavesNothingBehindWhenSpaceRunsOut) {
  const Bytes old = {1, 2, 3};
  write("b.png", old);
  {
    const FileSizeLimit limit(100);
    expect_not_saved("a.png", image_, {"cannot be written: File too large"});
    expect_not_saved("a.jpg", image_, {"cannot be written: File too large"});
    expect_not_saved("b.png", image_, {"cannot be written: File too large"});
  }
  EXPECT_EQ(read("b.png"), old);
  EXPECT_FALSE(fs::exists(path("a.png")));
}

}  // namespace
}  // namespace phosphene
