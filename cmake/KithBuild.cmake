# SPDX-License-Identifier: Apache-2.0
# How things are compiled: warnings, build types, sanitizers, ccache.

function(kith_warnings target)
  # In C++ -Wextra wants every field of a braced list: a callback that is not given is NULL.
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Wshadow;-Wconversion;-Wno-sign-conversion>
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes;-Wmissing-prototypes>
    # A call of something undeclared is never what was meant; KI_CHECK(!"text") is.
    $<$<COMPILE_LANGUAGE:C>:-Werror=implicit-function-declaration;-Wno-string-conversion>
    $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wno-missing-field-initializers>)
endfunction()

# kith_probe_stacks(target): in what links it a large frame touches page after page, and so cannot
# step over a stack's guard. Only where the compiler knows it: gcc 8, clang 11, on aarch64 18; clang
# never for macOS.
function(kith_probe_stacks target)
  if(APPLE)
    return()
  endif()
  set(gcc 8)
  set(clang 11)
  if(KITH_ARCH STREQUAL "aarch64")
    set(clang 18)
  endif()
  foreach(lang IN ITEMS C CXX)
    set(version "$<${lang}_COMPILER_VERSION>")
    set(is_gcc "$<COMPILE_LANG_AND_ID:${lang},GNU>,$<VERSION_GREATER_EQUAL:${version},${gcc}>")
    set(is_clang "$<COMPILE_LANG_AND_ID:${lang},Clang>,$<VERSION_GREATER_EQUAL:${version},${clang}>")
    target_compile_options(${target} INTERFACE
      "$<$<OR:$<AND:${is_gcc}>,$<AND:${is_clang}>>:-fstack-clash-protection>")
  endforeach()
endfunction()

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
  endif()
  set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")

  find_program(KITH_CCACHE ccache)
  mark_as_advanced(KITH_CCACHE)
  if(KITH_CCACHE)
    # The sloppiness is what ccache asks for where there is a precompiled header.
    set(launcher "${CMAKE_COMMAND}" -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        "${KITH_CCACHE}")
    set(CMAKE_C_COMPILER_LAUNCHER "${launcher}")
    set(CMAKE_CXX_COMPILER_LAUNCHER "${launcher}")
  endif()
endif()

# A sanitized program needs its settings inside (tests/support/sanitizer_options.c) and, with
# the high address entropy of current kernels, no randomisation. kith_program() gives it the
# first, KITH_LAUNCHER the second.
set(KITH_LAUNCHER "")
if(KITH_SANITIZE)
  set(flags -fsanitize=${KITH_SANITIZE})
  if(KITH_SANITIZE MATCHES "undefined")
    list(APPEND flags -fno-sanitize-recover=undefined)
  endif()
  add_compile_options(${flags})
  add_link_options(${flags})

  add_library(kith_sanitizer_options OBJECT
              "${PROJECT_SOURCE_DIR}/tests/support/sanitizer_options.c")
  target_compile_definitions(kith_sanitizer_options PRIVATE
    KITH_TSAN_SUPPRESSIONS="${PROJECT_SOURCE_DIR}/cmake/tsan.supp")

  find_program(KITH_SETARCH setarch)
  mark_as_advanced(KITH_SETARCH)
  if(KITH_SETARCH)
    # Some containers forbid it.
    execute_process(COMMAND "${KITH_SETARCH}" -R true RESULT_VARIABLE failed
                    OUTPUT_QUIET ERROR_QUIET)
    if(failed)
      message(STATUS "setarch -R is not allowed here: tests run with randomised addresses")
    else()
      set(KITH_LAUNCHER "${KITH_SETARCH}" -R)
    endif()
  endif()
endif()

# kith_program(target): a program of ours, linked to the static library.
function(kith_program target)
  target_link_libraries(${target} PRIVATE kith_static Threads::Threads)
  target_compile_options(${target} PRIVATE -fno-omit-frame-pointer)
  kith_warnings(${target})
  if(KITH_SANITIZE)
    target_link_libraries(${target} PRIVATE kith_sanitizer_options)
  endif()
endfunction()
