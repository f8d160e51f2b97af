// Draws the sample images: make_samples FOLDER writes lakeside.jpg (the content), night.jpg and
// harvest.jpg (the styles) there.
#include <cstdio>
#include <exception>
#include <string>

#include "noise.hpp"
#include "phosphene/image.hpp"

namespace {

void save(const std::string& path, const samples::Picture& picture) {
  const std::int64_t pixels = std::int64_t{picture.width} * picture.height;
  phosphene::Tensor image = phosphene::Tensor::host({1, 3, picture.height, picture.width});
  float* planes = image.data();
  for (std::int64_t i = 0; i < pixels; ++i) {
    const samples::Vec& pixel = picture.pixels[static_cast<std::size_t>(i)];
    planes[i] = pixel.x;
    planes[i + pixels] = pixel.y;
    planes[i + 2 * pixels] = pixel.z;
  }
  phosphene::save_image(path, image);
  std::printf("%s\n", path.c_str());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: make_samples FOLDER\n");
    return 2;
  }
  try {
    const std::string folder = arguments[1];
    save(folder + "/lakeside.jpg", samples::lakeside(640, 480, 3));
    save(folder + "/night.jpg", samples::night_painting(512, 384));
    save(folder + "/harvest.jpg", samples::harvest_painting(448, 384));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_samples: %s\n", error.what());
    return 1;
  }
  return 0;
}
