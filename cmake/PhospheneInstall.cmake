# cmake --install: the static library, the public headers and the package that
# find_package(phosphene) reads, phosphene::phosphene. apps/ installs its programs itself.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/phosphene)
target_include_directories(phosphene_api INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(phosphene_api INTERFACE cxx_std_20)
set_target_properties(phosphene_api PROPERTIES EXPORT_NAME api)

install(TARGETS phosphene phosphene_api EXPORT phosphene-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/phosphene
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(EXPORT phosphene-targets NAMESPACE phosphene:: DESTINATION ${package_dir})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/phosphene-config.cmake.in
                              ${PROJECT_BINARY_DIR}/phosphene-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/phosphene-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/phosphene-config.cmake
              ${PROJECT_BINARY_DIR}/phosphene-config-version.cmake
              ${PROJECT_SOURCE_DIR}/cmake/PhospheneCudnn.cmake
        DESTINATION ${package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
