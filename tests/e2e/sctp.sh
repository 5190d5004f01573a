#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sctp -- the tests of SCTP, under a kernel that has it.
set -euo pipefail

build=${1:-${KITH_BUILD:?the build directory is missing}}
program=$build/tests/kith_sctp_tests
[ -x "$program" ] || { echo "skipped: the unit tests need the package libgtest-dev" && exit 77; }

# One boot for all cells. Each says how its tests went, and those that failed why.
# shellcheck disable=SC2016
exec tests/sctp/guest --seconds 240 bash -c '
    failed=0
    for cell in 0:1 1:4; do
        export KITH_MESSAGE_ONLY=${cell%:*} KITH_WORKERS=${cell#*:}
        echo "message-only $KITH_MESSAGE_ONLY, workers $KITH_WORKERS"
        "$0" --gtest_brief=1 || failed=1
    done
    exit $failed
' "$program"
