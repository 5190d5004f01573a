# SPDX-License-Identifier: Apache-2.0
# What belongs to one system or one processor, chosen here and nowhere else.
#
#   KITH_SYSTEM         this system, as in core/os_<system>*.c: linux or bsd, which macOS is too
#   KITH_OTHER_SYSTEM   the other
#   KITH_POLLER         the backend, as in core/poll_<poller>.c
#   KITH_ARCH           the context switch, as in core/ctx_<arch>: one for a processor, or ucontext

if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(KITH_SYSTEM linux)
  set(KITH_OTHER_SYSTEM bsd)
elseif(CMAKE_SYSTEM_NAME MATCHES "^(Darwin|FreeBSD|NetBSD|OpenBSD|DragonFly)$")
  set(KITH_SYSTEM bsd)
  set(KITH_OTHER_SYSTEM linux)
else()
  message(FATAL_ERROR "kith has no port to ${CMAKE_SYSTEM_NAME}: see docs/porting.md")
endif()

if(KITH_SYSTEM STREQUAL "linux")
  set(default_poller epoll)
else()
  set(default_poller kqueue)
endif()
set(pollers epoll kqueue poll)
set(KITH_POLLER "${default_poller}" CACHE STRING "Reactor backend: epoll, kqueue or poll")
set_property(CACHE KITH_POLLER PROPERTY STRINGS ${pollers})
if(NOT KITH_POLLER IN_LIST pollers)
  message(FATAL_ERROR "KITH_POLLER is epoll, kqueue or poll, not ${KITH_POLLER}")
endif()

# On Linux kqueue is a library.
if(KITH_SYSTEM STREQUAL "linux")
  find_path(KITH_KQUEUE_INCLUDE_DIR sys/event.h PATH_SUFFIXES kqueue)
  find_library(KITH_KQUEUE_LIBRARY kqueue)
  mark_as_advanced(KITH_KQUEUE_INCLUDE_DIR KITH_KQUEUE_LIBRARY)
  if(KITH_POLLER STREQUAL "kqueue" AND NOT (KITH_KQUEUE_INCLUDE_DIR AND KITH_KQUEUE_LIBRARY))
    message(FATAL_ERROR "kqueue on Linux is libkqueue, which is not here: docs/porting.md")
  endif()
endif()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set(arch x86_64)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(arch aarch64)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^arm")
  set(arch arm)
else()
  set(arch ucontext)
endif()
set(KITH_ARCH "${arch}" CACHE STRING "Context switch: core/ctx_<this>.S, or ucontext, the C library's")
