// Photographs with their classes: in a list, in their names, in synset folders.
#include <algorithm>
#include <filesystem>

#include "phosphene/datasets/dataset.hpp"
#include "phosphene/framing.hpp"
#include "phosphene/image.hpp"
#include "tests/formats/support.hpp"

namespace phosphene {
namespace {

using test::expect_error;

class Photographs : public test::InFolder {
 protected:
  void photo(const std::string& name, std::int64_t width = 12, std::int64_t height = 10) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    Tensor image = Tensor::host({1, 3, height, width});
    for (std::int64_t i = 0; i < image.count(); ++i) {
      image.data()[i] = static_cast<float>(i * 37 % 256) / 255;
    }
    save_image(path(name), image);
  }
  std::string text(const std::string& name, const std::string& content) const {
    return write(name, test::Bytes(content.begin(), content.end()));
  }
  std::unique_ptr<Dataset> open(const std::string& name,
                                std::vector<std::string> classes = {}) const {
    return open_dataset({.path = path(name), .classes = std::move(classes)});
  }
  void refused(DatasetOptions options, const std::vector<std::string>& parts) const {
    options.path = path(options.path);
    expect_error([&] { open_dataset(options); }, parts);
  }
};

TEST_F(Photographs, HaveTheirClassAfterTheLastUnderscore) {
  photo("set/cifar10_01_dog.png");
  photo("set/cifar10_00_1.png");
  photo("set/upper.png");
  std::filesystem::rename(path("set/upper.png"), path("set/cifar10_02_CAT.PNG"));
  text("set/notes.md", "no photograph");
  photo("set/.hidden_0.png");
  const auto data = open("set", {"cat", "dog"});
  ASSERT_EQ(data->size(), 3);
  EXPECT_EQ(data->name(0), "cifar10_00_1.png");
  EXPECT_EQ(data->label(0), 1);
  EXPECT_EQ(data->label(1), 1);
  EXPECT_EQ(data->label(2), 0);
  EXPECT_EQ(data->path(1), path("set/cifar10_01_dog.png"));
  EXPECT_EQ(data->image_shape(), (Shape{1, 3, 10, 12}));
  EXPECT_EQ(data->load(1).shape(), data->image_shape());
}

TEST_F(Photographs, AreFramedToTheNetworksSize) {
  photo("set/a_0.png", 30, 20);
  photo("set/b_1.png", 20, 50);
  const auto data = open_dataset({.path = path("set"), .size = 16});
  EXPECT_EQ(data->image_shape(), (Shape{1, 3, 16, 16}));
  const Tensor expected = frame_8bit(load_image(path("set/b_1.png")), 16), found = data->load(1);
  EXPECT_TRUE(std::equal(found.data(), found.data() + found.count(), expected.data()));
  const auto bare = open("set");  // of one size, or not at all
  EXPECT_EQ(bare->load(0).shape(), (Shape{1, 3, 20, 30}));
  expect_error([&] { bare->load(1); }, {path("set/b_1.png"), "20x50", "30x20"});
}

TEST_F(Photographs, AreListedWithTheirClass) {
  photo("set/a b.png");
  photo("set/more/c.png");
  const std::string lines =
      "more/c.png 2\r\n\n  a b.png\tGreat White Shark  \nmore/c.png hammerhead";
  text("set/labels.txt", lines);
  text("set/some.txt", "more/c.png 1\n");
  const std::vector<std::string> classes{"tench, Tinca tinca", "great_white_shark", "hammerhead"};
  const auto data = open("set", classes);
  ASSERT_EQ(data->size(), 3);
  EXPECT_EQ(data->name(0), "more/c.png");
  EXPECT_EQ(data->name(1), "a b.png");
  EXPECT_EQ(data->label(0), 2);
  EXPECT_EQ(data->label(1), 1);
  EXPECT_EQ(data->label(2), 2);
  const auto some = open("set/some.txt", classes);
  EXPECT_EQ(some->size(), 1);
  EXPECT_EQ(some->label(0), 1);
  EXPECT_NE(some->fingerprint(), data->fingerprint());
}

TEST_F(Photographs, OfSynsetsAreInImageNetsOrder) {
  photo("set/n15075141/b.png");
  photo("set/n01440764/z.png");
  photo("set/n01440764/y.png");
  std::filesystem::create_directory(path("set/n01443537"));  // none of it
  const auto data = open_dataset({.path = path("set"), .class_count = 1000});
  ASSERT_EQ(data->size(), 3);
  EXPECT_EQ(data->name(0), "n01440764/y.png");
  EXPECT_EQ(data->label(0), 0);
  EXPECT_EQ(data->label(2), 999);
  // A network that names its classes by synset has its own order.
  const auto own = open("set", {"n15075141 toilet tissue", "n01443537", "n01440764 tench"});
  EXPECT_EQ(own->label(0), 2);
  EXPECT_EQ(own->label(2), 0);

  std::vector<std::string> names(1000, "something");
  names.front() = "tench, Tinca tinca";
  names.back() = "toilet tissue";
  EXPECT_EQ(open("set", names)->label(2), 999);
  names.front() = "goldfish";
  refused({.path = "set", .classes = names}, {path("set"), "class 0", "tench", "goldfish"});
  refused({.path = "set", .class_count = 10}, {path("set"), "1000 classes", "has 10"});
  refused({.path = "set", .classes = {"n15075141", "n01440764"}},
          {"n01443537", "network's classes"});
  photo("set/n00000001/a.png");
  refused({.path = "set"}, {"n00000001", "ImageNet's 1000"});
  std::filesystem::remove_all(path("set/n00000001"));
  photo("set/other/a.png");
  refused({.path = "set"}, {"'other'", "no synset"});
  std::filesystem::remove_all(path("set/other"));
  photo("set/beside_1.png");
  refused({.path = "set"}, {path("set"), "beside_1.png", "either"});
}

TEST_F(Photographs, WithoutAKnownClassAreRefused) {
  photo("set/a_catt.png");
  refused({.path = "set", .classes = {"cat", "cart", "dog"}},
          {path("set/a_catt.png"), "'catt'", "0 to 2", "near: cat, cart"});
  refused({.path = "set"}, {path("set/a_catt.png"), "'catt'", "a number"});
  photo("number/a_7.png");
  refused({.path = "number", .classes = {"cat", "dog"}}, {"a_7.png", "class 7", "0 to 1"});
  photo("none/a.png");
  refused({.path = "none"}, {path("none/a.png"), "last underscore", "labels.txt", "synsets"});
  photo("twice/a_crane.png");
  refused({.path = "twice", .classes = {"crane", "x", "crane"}}, {"classes 0 and 2", "'crane'"});
  std::filesystem::create_directory(path("empty"));
  refused({.path = "empty"}, {path("empty"), "no photographs", ".jpg"});
  std::filesystem::create_directories(path("hollow/n01440764"));
  refused({.path = "hollow"}, {path("hollow"), "no photographs"});
}

TEST_F(Photographs, OfBadListsAreRefused) {
  photo("a.png");
  text("list.txt", "a.png 0\nnone.png 1\n");
  refused({.path = "list.txt"}, {path("list.txt"), "line 2", "no such file", "none.png"});
  text("list.txt", "\na.png\n");
  refused({.path = "list.txt"}, {path("list.txt"), "line 2", "'a.png'", "FILE CLASS"});
  text("list.txt", "a.png 5\n");
  refused({.path = "list.txt", .class_count = 5},
          {path("list.txt"), "line 1", "class 5", "0 to 4"});
  text("list.txt", "a.png snail\n");
  refused({.path = "list.txt", .classes = {"snake"}}, {"line 1", "'snail'", "near: snake"});
  text("list.txt", " \n\n");
  refused({.path = "list.txt"}, {path("list.txt"), "empty list"});
  text("list.txt", "a.png 0\na.png 0\n");
  refused({.path = "list.txt", .count = 3}, {"holds 2 images, 3"});
}

TEST_F(Photographs, ThatAreCorruptAreNamed) {
  photo("set/a_0.png");
  text("set/b_1.png", "no picture");
  const auto data = open("set");
  EXPECT_NO_THROW(data->load(0));
  expect_error([&] { data->load(1); }, {path("set/b_1.png"), "not an image"});
}

}  // namespace
}  // namespace phosphene
