#include "phosphene/error.hpp"
#include "phosphene/methods/segment.hpp"

namespace phosphene {

Tensor segment(const Tensor&, const Tensor&, const SegmentOptions&) {
  throw Error(
      "this build cannot segment: OpenCV's imgproc was not there when it was configured "
      "(Debian: libopencv-imgproc-dev)");
}

bool has_segment() { return false; }

}  // namespace phosphene
