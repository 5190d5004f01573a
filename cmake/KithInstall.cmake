# SPDX-License-Identifier: Apache-2.0
# Headers, libraries, find_package(kith) and pkg-config.

include(CheckCCompilerFlag)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/kith")
set(targets kith_static)
if(KITH_SHARED)
  list(PREPEND targets kith)
endif()

# scripts/demo builds programs only, and not each library.
foreach(target IN LISTS targets)
  install(CODE "if(NOT EXISTS \"$<TARGET_FILE:${target}>\")
    message(FATAL_ERROR \"kith is not built yet: cmake --build ${PROJECT_BINARY_DIR}\")
  endif()")
endforeach()
install(TARGETS ${targets} EXPORT kith-targets)
install(FILES ${KITH_PUBLIC_HEADERS} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/kith")
install(FILES scripts/kith-gdb.py DESTINATION "${CMAKE_INSTALL_DATADIR}/kith")
install(EXPORT kith-targets NAMESPACE kith:: DESTINATION "${package_dir}")

configure_package_config_file(cmake/kith-config.cmake.in kith-config.cmake
                              INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file(kith-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/kith-config.cmake"
              "${PROJECT_BINARY_DIR}/kith-config-version.cmake"
        DESTINATION "${package_dir}")

# No Requires.private: pkg-config would want jemalloc.pc for the shared library too.
set(pc_jemalloc "")
if(KITH_JEMALLOC)
  install(FILES cmake/FindJemalloc.cmake DESTINATION "${package_dir}")
  set(pc_jemalloc " -ljemalloc")
endif()
# Found from where the file lies, so that the whole may be moved.
file(RELATIVE_PATH pc_prefix "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
cmake_path(APPEND pc_libdir "\${prefix}" "${CMAKE_INSTALL_LIBDIR}")
cmake_path(APPEND pc_includedir "\${prefix}" "${CMAKE_INSTALL_INCLUDEDIR}")
# The user's compiler is not known here; ours answers for it.
check_c_compiler_flag("-Werror -fstack-clash-protection" KITH_PROBES_STACKS)
set(pc_probe_stacks "")
if(KITH_PROBES_STACKS)
  set(pc_probe_stacks " -fstack-clash-protection")
endif()
configure_file(cmake/kith.pc.in kith.pc @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/kith.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
