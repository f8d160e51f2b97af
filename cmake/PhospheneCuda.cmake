# Sets PHOSPHENE_WITH_CUDA, and phosphene_cudnn as the target that carries cuDNN.
set(PHOSPHENE_WITH_CUDA OFF)
if(PHOSPHENE_CUDA STREQUAL "OFF")
  return()
endif()

# A toolkit that scripts/setup.sh brought goes first, then nvcc on the PATH, then the usual place;
# CMAKE_CUDA_COMPILER or CUDACXX names another.
if(NOT CMAKE_CUDA_COMPILER AND NOT DEFINED ENV{CUDACXX})
  set(brought ${PROJECT_SOURCE_DIR}/.cuda/toolkit)
  if(EXISTS ${brought}/bin/nvcc)
    set(CMAKE_CUDA_COMPILER ${brought}/bin/nvcc)
    set(CUDAToolkit_ROOT ${brought})
  else()
    find_program(PHOSPHENE_NVCC nvcc PATHS /usr/local/cuda/bin)
    mark_as_advanced(PHOSPHENE_NVCC)
    if(PHOSPHENE_NVCC)
      set(CMAKE_CUDA_COMPILER ${PHOSPHENE_NVCC})
    endif()
  endif()
endif()

include(CheckLanguage)
check_language(CUDA)
if(CMAKE_CUDA_COMPILER)
  find_package(CUDAToolkit 12.0 QUIET)
  include(PhospheneCudnn)
endif()
if(NOT CMAKE_CUDA_COMPILER OR NOT CUDAToolkit_FOUND OR NOT CUDNN_FOUND)
  if(PHOSPHENE_CUDA STREQUAL "ON")
    message(FATAL_ERROR "PHOSPHENE_CUDA is ON, but nvcc, the CUDA toolkit (>= 12) or cuDNN 9 was "
                        "not found: run scripts/setup.sh --cuda, or set CUDACXX and CUDNN_ROOT")
  endif()
  message(STATUS "CUDA: nvcc, toolkit or cuDNN not found; building for the CPU alone")
  return()
endif()

if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
  if(EXISTS /dev/nvidiactl)
    set(CMAKE_CUDA_ARCHITECTURES native)
  else()
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90-real 90-virtual)
  endif()
endif()
enable_language(CUDA)
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25.1 knows nvcc's C++ only up to 17
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
set(CMAKE_CUDA_STANDARD 20)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
target_compile_options(phosphene_build_options INTERFACE
  $<$<COMPILE_LANGUAGE:CUDA>:-lineinfo>
  $<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${PHOSPHENE_WERROR}>>:--Werror=all-warnings
    -Xptxas=--warn-on-spills>)
# Installed programs find the CUDA libraries of a toolkit outside the system's folders where they
# were linked.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
set(PHOSPHENE_WITH_CUDA ON)
message(STATUS "CUDA: ${CUDAToolkit_VERSION}, cuDNN in ${CUDNN_INCLUDE_DIR}, "
               "architectures ${CMAKE_CUDA_ARCHITECTURES}")
