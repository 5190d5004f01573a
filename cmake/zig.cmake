# SPDX-License-Identifier: Apache-2.0
# A toolchain file: zig's C compiler for a system or a libc other than ours; `zig` is on the PATH.
#
#   cmake -S . -B build/macos -DCMAKE_TOOLCHAIN_FILE=cmake/zig.cmake -DKITH_ZIG_TARGET=aarch64-macos

set(KITH_ZIG_TARGET "" CACHE STRING "As in zig cc -target: aarch64-macos, x86_64-linux-musl, ...")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KITH_ZIG_TARGET)

string(REPLACE "-" ";" parts "${KITH_ZIG_TARGET}")
list(GET parts 0 CMAKE_SYSTEM_PROCESSOR)
if(KITH_ZIG_TARGET MATCHES "-macos")
  set(CMAKE_SYSTEM_NAME Darwin)
  set(CMAKE_INSTALL_NAME_TOOL true) # nothing is installed, but CMake wants to know of one
else()
  set(CMAKE_SYSTEM_NAME Linux)
endif()

# CMake takes programs, not programs with arguments.
find_program(KITH_ZIG zig REQUIRED)
function(zig_tool variable name)
  set(script "${CMAKE_BINARY_DIR}/zig-${name}")
  if(NOT EXISTS "${script}")
    list(JOIN ARGN " " arguments)
    file(WRITE "${script}" "#!/bin/sh\nexec '${KITH_ZIG}' ${arguments} \"$@\"\n")
    file(CHMOD "${script}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
  endif()
  set(${variable} "${script}" CACHE FILEPATH "")
endfunction()

zig_tool(CMAKE_C_COMPILER cc cc -target ${KITH_ZIG_TARGET})
zig_tool(CMAKE_ASM_COMPILER cc cc -target ${KITH_ZIG_TARGET})
zig_tool(CMAKE_CXX_COMPILER c++ c++ -target ${KITH_ZIG_TARGET})
zig_tool(CMAKE_AR ar ar)
zig_tool(CMAKE_RANLIB ranlib ranlib)
