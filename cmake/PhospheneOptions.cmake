# One target a folder. phosphene_folder(NAME [SOURCES files...] [USES targets...]) makes the object
# library phosphene_NAME, of the calling folder's *.cpp if no files are named. What a folder may
# include is exactly what it links, so a forbidden include does not compile.
add_library(phosphene_build_options INTERFACE)
target_compile_options(phosphene_build_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wno-unknown-pragmas>)
# GCC 12 reports overlaps inside std::string's operator+ that are not there (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(phosphene_build_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(PHOSPHENE_WERROR)
  target_compile_options(phosphene_build_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Werror>)
endif()
if(PHOSPHENE_SANITIZE)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${PHOSPHENE_SANITIZE}>
                      $<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize-recover=all>
                      $<$<COMPILE_LANGUAGE:CXX>:-fno-omit-frame-pointer>)
  add_link_options(-fsanitize=${PHOSPHENE_SANITIZE})
endif()

# Programs and tests compute little themselves, and the headers they read (flags, JSON, GoogleTest)
# are most of what there is to compile: a lower -O halves the time that takes.
add_library(phosphene_quick_build INTERFACE)
if(PHOSPHENE_SANITIZE)
  # These four checks are a third of the time. ASan meets a pointer that is null or too short itself.
  target_compile_options(phosphene_quick_build INTERFACE
    -O0 -fno-sanitize=null,alignment,vptr,object-size)
else()
  target_compile_options(phosphene_quick_build INTERFACE $<$<CONFIG:Release>:-O1>)
endif()

# The public headers, and nothing else.
add_library(phosphene_api INTERFACE)
target_include_directories(phosphene_api INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)

function(phosphene_folder name)
  cmake_parse_arguments(ARG "" "" "SOURCES;USES" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  endif()
  add_library(phosphene_${name} OBJECT ${ARG_SOURCES})
  target_link_libraries(phosphene_${name} PRIVATE phosphene_build_options phosphene_api ${ARG_USES})
  set_property(GLOBAL APPEND PROPERTY PHOSPHENE_FOLDERS phosphene_${name})
endfunction()

# The include path of one folder for those who may use it: "engine/core/backend.hpp" is written
# in full, through a directory of links that holds that folder alone.
function(phosphene_headers name folder)
  set(view ${PROJECT_BINARY_DIR}/views/${name})
  get_filename_component(parent ${view}/${folder} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${folder} ${view}/${folder} SYMBOLIC)
  add_library(phosphene_${name}_headers INTERFACE)
  target_include_directories(phosphene_${name}_headers INTERFACE ${view})
endfunction()
