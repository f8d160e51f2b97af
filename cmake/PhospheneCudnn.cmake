# Finds cuDNN 9, for which CMake has no module: the imported target phosphene_cudnn. Serves the
# build and, installed beside phosphene-config.cmake, those who link the engine.
find_path(CUDNN_INCLUDE_DIR cudnn.h
          HINTS ${CUDAToolkit_INCLUDE_DIRS} $ENV{CUDNN_ROOT}/include)
find_library(CUDNN_LIBRARY NAMES cudnn libcudnn.so.9
             HINTS ${CUDAToolkit_LIBRARY_DIR} ${CUDAToolkit_LIBRARY_ROOT} $ENV{CUDNN_ROOT}
             PATH_SUFFIXES lib64 lib)
mark_as_advanced(CUDNN_INCLUDE_DIR CUDNN_LIBRARY)
set(CUDNN_FOUND OFF)
if(CUDNN_INCLUDE_DIR AND CUDNN_LIBRARY)
  file(STRINGS ${CUDNN_INCLUDE_DIR}/cudnn_version.h major REGEX "^#define CUDNN_MAJOR ")
  string(REGEX MATCH "[0-9]+" major "${major}")
  if(major GREATER_EQUAL 9)
    set(CUDNN_FOUND ON)
  endif()
endif()
if(CUDNN_FOUND AND NOT TARGET phosphene_cudnn)
  add_library(phosphene_cudnn INTERFACE IMPORTED GLOBAL)
  target_include_directories(phosphene_cudnn SYSTEM INTERFACE ${CUDNN_INCLUDE_DIR})
  target_link_libraries(phosphene_cudnn INTERFACE ${CUDNN_LIBRARY})
endif()
