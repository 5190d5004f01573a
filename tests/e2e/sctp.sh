#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# sctp -- the tests of SCTP, and which options there are, under a kernel that has it: in the cell that
# the environment asks for, or in two.
set -euo pipefail

build=${1:-${KITH_BUILD:?the build directory is missing}}
program=$build/tests/kith_sctp_tests
[ -x "$program" ] || { echo "skipped: the unit tests need the package libgtest-dev" && exit 77; }

cells=(0:1 1:4)
if [ "${KITH_MESSAGE_ONLY:-}${KITH_WORKERS:-}" ]; then
    cells=("${KITH_MESSAGE_ONLY:-0}:${KITH_WORKERS:-4}")
fi

# One boot for all. Each cell says how its tests went, and those that failed why. Of the reference's
# 151 options, 18 are of other systems.
# shellcheck disable=SC2016
exec tests/sctp/guest --seconds 240 bash -c '
    program=$1 supports=$2
    shift 2
    failed=0
    for cell; do
        export KITH_MESSAGE_ONLY=${cell%:*} KITH_WORKERS=${cell#*:}
        echo "message-only $KITH_MESSAGE_ONLY, workers $KITH_WORKERS"
        "$program" --gtest_brief=1 || failed=1
    done
    yes=$("$supports" | sed -n 1,151p | cut -f 3 | grep -cx yes)
    echo "$yes of 151 options"
    [ "$yes" -ge 133 ] || failed=1
    exit $failed
' sctp "$program" "$build/examples/supports" "${cells[@]}"
