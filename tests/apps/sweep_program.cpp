// Sweeps that cost next to nothing: a scaled grey picture of each photograph, or, of a data set,
// its scaled images. What the tests of sweeps run.
#include <chrono>
#include <deque>
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
  std::string data;
  std::size_t slots = 1;
  int variants = 1;
  bool pictures = false;
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

/// Keeps its slots full and leaves the items in another order than it took them.
void scale_images(const Flags& f, apps::SweepQueue& queue) {
  std::deque<apps::SweepItem> slots;
  for (bool more = true; more || !slots.empty();) {
    while (more && slots.size() < f.slots) {
      std::optional<apps::SweepItem> item = queue.next();
      more = item.has_value();
      if (more) slots.push_front(std::move(*item));
    }
    if (slots.empty()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(f.wait_ms));
    apps::SweepItem item = std::move(slots.front());
    slots.pop_front();
    if (item.label == 5) {
      queue.failed(item.index, item.name + ": nobody likes class 5");
      continue;
    }
    double sum = 0;
    for (std::int64_t i = 0; i < item.image.count(); ++i) {
      item.image.data()[i] *= static_cast<float>(f.scale / (1 + static_cast<double>(item.variant)));
      sum += item.image.data()[i];
    }
    if (f.pictures) save_image(item.stem + ".png", item.image);
    queue.done(item.index, {{"label", item.label}, {"sum", sum}}, {&item.image, 1});
  }
}

int sweep_data(const Flags& f) {
  const auto data = open_dataset({.path = f.data, .warn = apps::warn});
  const Shape shape = data->image_shape();
  apps::SweepJob job{.app = "scaled",
                     .out = f.out,
                     .settings = {{"--scale", f.scale}},
                     .device = {{"kind", f.kind}, {"name", f.name}},
                     .batch = static_cast<std::int64_t>(f.slots),
                     .arrays = {{"scaled", {shape.c, shape.h, shape.w}}},
                     .stream = [&](apps::SweepQueue& queue) { scale_images(f, queue); }};
  if (f.pictures) job.endings = {".png"};
  for (int v = 1; v < f.variants; ++v) job.variants.push_back("-v" + std::to_string(v));
  return apps::sweep(*data, f.shard, job);
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
  app.add_option("--data", f.data, "A data set instead of photographs");
  app.add_option("--slots", f.slots, "How many of its images are in work at once");
  app.add_option("--variants", f.variants);
  app.add_flag("--pictures", f.pictures);
  return apps::run(app, argc, argv, [&] {
    if (!f.data.empty()) return sweep_data(f);
    const nlohmann::json before = apps::recorded_device(f, f.out);
    if (f.tiles == 0) f.tiles = before.is_object() ? before.value("tiles", 0) : 3;
    return apps::sweep(f, f.listed(),
                       {.app = "grey",
                        .out = f.out,
                        .settings = {{"--scale", f.scale}, {"--batch", f.batch}},
                        .device = {{"kind", f.kind}, {"name", f.name}, {"tiles", f.tiles}},
                        .endings = {".npy", ".png"},
                        .batch = f.batch,
                        .run = [&](auto photos) { return grey(f, photos); }});
  });
}
