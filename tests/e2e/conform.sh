#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# conform -- the cases of tests/conform say the same in kith and on an Erlang node.
exec "$(dirname "$0")/../conform/compare" "${1:-${KITH_BUILD:?the build directory is missing}}"
