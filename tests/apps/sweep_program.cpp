// A sweep whose method is a scaled grey picture: what the tests of sweeps run.
#include <chrono>
#include <thread>

#include "apps/common.hpp"
#include "apps/sweep.hpp"
#include "phosphene/error.hpp"
#include "phosphene/image.hpp"
#include "phosphene/npy.hpp"

namespace {

using namespace phosphene;

struct Flags : apps::SweepFlags {
  std::string out, kind = "cpu", name = "test";
  double scale = 1;
  int batch = 1, wait_ms = 0;
  std::int64_t tiles = 0;
};

std::vector<nlohmann::json> grey(const Flags& f, std::span<const apps::Photograph> photos) {
  std::vector<nlohmann::json> records;
  for (const apps::Photograph& photo : photos) {
    const Shape s = photo.image.shape();
    if (s.w < 8) throw Error(photo.path + ": is too small");
    if (s.w == 13) throw UsageError("--scale: not for 13 columns");
    Tensor map = Tensor::host({1, 1, s.h, s.w});
    double sum = 0;
    for (std::int64_t i = 0; i < s.pixels(); ++i) {
      float grey = 0;
      for (int c = 0; c < 3; ++c) grey += photo.image.data()[c * s.pixels() + i] / 3;
      sum += map.data()[i] = grey * static_cast<float>(f.scale);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(f.wait_ms));
    save_npy(photo.file(".npy"), map, {s.h, s.w});
    save_image(photo.file(".png"), map);
    records.push_back({{"sum", sum}, {"key", photo.index * 7}});
  }
  return records;
}

}  // namespace

int main(int argc, char** argv) {
  Flags f;
  CLI::App app("Grey pictures of photographs.", "grey");
  f.add_to(app);
  app.add_option("--out", f.out)->required();
  app.add_option("--scale", f.scale);
  app.add_option("--batch", f.batch);
  app.add_option("--wait-ms", f.wait_ms);
  app.add_option("--tiles", f.tiles, "Chosen by the program: 3, or as the journal has it");
  app.add_option("--kind", f.kind);
  app.add_option("--name", f.name);
  return apps::run(app, argc, argv, [&] {
    const nlohmann::json before = apps::recorded_device(f, f.out);
    if (f.tiles == 0) f.tiles = before.is_object() ? before.value("tiles", 0) : 3;
    return apps::sweep(f, {.app = "grey",
                           .out = f.out,
                           .settings = {{"--scale", f.scale}, {"--batch", f.batch}},
                           .device = {{"kind", f.kind}, {"name", f.name}, {"tiles", f.tiles}},
                           .endings = {".npy", ".png"},
                           .batch = f.batch,
                           .run = [&](auto photos) { return grey(f, photos); }});
  });
}
