#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdio>  // jpeglib.h needs FILE and size_t, and includes neither

#include <jpeglib.h>

#include <utility>

#include "tests/formats/image_support.hpp"

namespace phosphene::test {

struct JpegPlan {
  J_COLOR_SPACE stored = JCS_YCbCr;
  bool progressive = false;
  Bytes exif;  ///< the TIFF structure
  Bytes icc;
};

/// A JPEG by libjpeg itself, at quality 100 and full colour resolution. The picture's three levels
/// become as many components as the stored colour space has, the last one repeated.
inline Bytes jpeg_of(const Picture& picture, const JpegPlan& plan = {}) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &memory, &size);
  info.image_width = static_cast<JDIMENSION>(picture.width);
  info.image_height = static_cast<JDIMENSION>(picture.height);
  switch (plan.stored) {
    case JCS_GRAYSCALE:
      info.in_color_space = JCS_GRAYSCALE, info.input_components = 1;
      break;
    case JCS_UNKNOWN:
      info.in_color_space = JCS_UNKNOWN, info.input_components = 2;
      break;
    case JCS_CMYK:
    case JCS_YCCK:
      info.in_color_space = JCS_CMYK, info.input_components = 4;
      break;
    default:
      info.in_color_space = JCS_RGB, info.input_components = 3;
  }
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, plan.stored);
  jpeg_set_quality(&info, 100, TRUE);
  for (int c = 0; c < info.num_components; ++c) {
    info.comp_info[c].h_samp_factor = info.comp_info[c].v_samp_factor = 1;
  }
  if (plan.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  if (!plan.exif.empty()) {
    Bytes marker = {'E', 'x', 'i', 'f', 0, 0};
    append(marker, plan.exif);
    jpeg_write_marker(&info, JPEG_APP0 + 1, marker.data(), static_cast<unsigned>(marker.size()));
  }
  if (!plan.icc.empty()) {
    jpeg_write_icc_profile(&info, plan.icc.data(), static_cast<unsigned>(plan.icc.size()));
  }
  while (info.next_scanline < info.image_height) {
    Bytes row;
    for (int x = 0; x < picture.width; ++x) {
      for (int c = 0; c < info.input_components; ++c) {
        row.push_back(static_cast<std::uint8_t>(
            picture.level(x, static_cast<int>(info.next_scanline), std::min(c, 2))));
      }
    }
    JSAMPROW pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  const Bytes file(memory, memory + size);
  jpeg_destroy_compress(&info);
  std::free(memory);
  return file;
}

}  // namespace phosphene::test
