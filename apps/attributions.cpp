#include "attributions.hpp"

#include <algorithm>
#include <utility>

#include "phosphene/framing.hpp"
#include "phosphene/methods/cam.hpp"
#include "phosphene/methods/occlusion.hpp"
#include "phosphene/methods/saliency.hpp"

namespace apps {
namespace {

using namespace phosphene;

/// In which they run; a batch that is not full is computed whole.
std::int64_t batch_of(const Shape& images) { return std::min<std::int64_t>(images.n, 25); }

Attribution by_saliency(const std::string& name) {
  const SaliencyMethod method = parse_saliency_method(name);
  return {name, [method](const Context& context, const Network& network, const Tensor& images,
                         const std::vector<std::int64_t>& indices, std::int64_t label) {
            const Shape& s = images.shape();
            SaliencyOptions options;
            options.method = method;
            options.target.channel = label;
            Saliency explain(context, network, s.h, s.w, batch_of(s), options);
            return max_abs(explain(images, indices).attribution);
          }};
}

Attribution by_cam(const std::string& name) {
  const CamMethod method = parse_cam_method(name);
  return {name, [method](const Context& context, const Network& network, const Tensor& images,
                         const std::vector<std::int64_t>&, std::int64_t label) {
            const Shape& s = images.shape();
            CamOptions options;
            options.method = method;
            options.classes = {label};
            Cam explain(context, network, s.h, s.w, batch_of(s), options);
            const CamResult result = explain(images);
            const Tensor& map = result.maps.front();
            return map.shape().c == 1 ? upsample(map, s.h, s.w) : max_abs(map);
          }};
}

Tensor by_occlusion(const Context& context, const Network& network, const Tensor& images,
                    const std::vector<std::int64_t>& indices, std::int64_t label) {
  const Shape& s = images.shape();
  OcclusionOptions options;
  options.patch = {12, 12};
  options.stride = {4, 4};
  options.target = label;
  options.engine = OcclusionEngine::dense;
  Occlusion explain(context, network, s.h, s.w, options);
  Tensor maps = Tensor::host({s.n, 1, s.h, s.w});
  const std::int64_t size = s.c * s.pixels();
  for (std::int64_t i = 0; i < s.n; ++i) {
    Tensor image = Tensor::host({1, s.c, s.h, s.w});
    std::copy_n(images.data() + i * size, size, image.data());
    const auto index = static_cast<std::uint64_t>(indices[static_cast<std::size_t>(i)]);
    const OcclusionResult result = explain.run(image, index);
    std::copy_n(result.map.data(), s.pixels(), maps.data() + i * s.pixels());
  }
  return maps;
}

}  // namespace

const std::vector<Attribution>& attributions() {
  static const std::vector<Attribution> all = [] {
    std::vector<Attribution> methods;
    for (const std::string& name : saliency_method_names()) methods.push_back(by_saliency(name));
    for (const std::string& name : cam_method_names()) methods.push_back(by_cam(name));
    methods.push_back({"occlusion", by_occlusion});
    return methods;
  }();
  return all;
}

}  // namespace apps
