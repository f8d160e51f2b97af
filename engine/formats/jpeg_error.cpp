#include "engine/formats/jpeg_error.hpp"

#include <jerror.h>

#include <cstring>

namespace phosphene::formats {

JpegErrors::JpegErrors() {
  jpeg_std_error(&hooks_.base);
  hooks_.base.error_exit = on_error;
  hooks_.base.emit_message = on_message;
}

void JpegErrors::on_error(j_common_ptr info) {
  auto* hooks = reinterpret_cast<Hooks*>(info->err);
  info->err->format_message(info, hooks->message);
  std::longjmp(hooks->failed, 1);
}

void JpegErrors::on_message(j_common_ptr info, int level) {
  if (level >= 0) return;  // a trace
  auto* hooks = reinterpret_cast<Hooks*>(info->err);
  switch (info->err->msg_code) {
    case JWRN_HIT_MARKER:
    case JWRN_JPEG_EOF:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      if (!hooks->data_lost) info->err->format_message(info, hooks->message);
      hooks->data_lost = true;
      break;
    default:
      if (!hooks->has_oddity) info->err->format_message(info, hooks->oddity);
      hooks->has_oddity = true;
  }
}

}  // namespace phosphene::formats
