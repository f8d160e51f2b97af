#include <algorithm>
#include <exception>

#include "engine/defences/transforms.hpp"
#include "engine/formats/image_save.hpp"

namespace phosphene::defences {
namespace {

class Jpeg : public StraightThrough {
 public:
  Jpeg(const Context& context, std::string name, int quality)
      : StraightThrough(context, std::move(name)), quality_(quality) {}

  void forward(const Tensor& x, std::span<const Draw>, Tensor& y) override {
    Tensor host = ops::to_host(context(), x);
    const std::int64_t n = x.shape().n;
    std::exception_ptr failure;  // none may leave the threads
#pragma omp parallel for schedule(dynamic)
    for (std::int64_t i = 0; i < n; ++i) {
      try {
        const formats::JpegOptions options{.quality = quality_, .half_colour = true};
        const Tensor decoded = formats::through_jpeg(ops::slot(host, i), options);
        std::copy_n(decoded.data(), decoded.count(), host.data() + i * decoded.count());
      } catch (...) {
#pragma omp critical(phosphene_jpeg_failure)
        failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
    ops::copy(context(), host, y);
  }

 private:
  int quality_;
};

}  // namespace

std::unique_ptr<Transform> jpeg(const Context& context, std::string name, int quality) {
  return std::make_unique<Jpeg>(context, std::move(name), quality);
}

}  // namespace phosphene::defences
