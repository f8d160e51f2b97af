#pragma once
#include <csetjmp>
#include <cstddef>
#include <cstdio>  // jpeglib.h needs FILE and size_t, and includes neither

#include <jpeglib.h>

#include <string>

namespace phosphene::formats {

/// Takes libjpeg's errors by longjmp, since its C frames cannot be unwound by an exception, and
/// keeps its warnings instead of printing them.
class JpegErrors {
 public:
  JpegErrors();
  JpegErrors(const JpegErrors&) = delete;
  JpegErrors& operator=(const JpegErrors&) = delete;

  jpeg_error_mgr* manager() { return &hooks_.base; }

  /// Runs `calls`, some calls into libjpeg. False if one of them failed: see message(). `calls`
  /// must own nothing with a destructor, which the jump would skip.
  template <class Calls>
  bool run(Calls calls) {
    if (setjmp(hooks_.failed) != 0) return false;
    calls();
    return true;
  }

  std::string message() const { return hooks_.message; }
  bool data_lost() const { return hooks_.data_lost; }    ///< a warning: the file is damaged
  bool has_oddity() const { return hooks_.has_oddity; }  ///< a warning: against the standard
  std::string oddity() const { return hooks_.oddity; }

 private:
  struct Hooks {
    jpeg_error_mgr base;  // first, so that libjpeg's pointer to it is a pointer to the whole
    std::jmp_buf failed;
    char message[JMSG_LENGTH_MAX];
    char oddity[JMSG_LENGTH_MAX];
    bool data_lost;
    bool has_oddity;
  };
  static void on_error(j_common_ptr info);
  static void on_message(j_common_ptr info, int level);

  Hooks hooks_{};
};

}  // namespace phosphene::formats
