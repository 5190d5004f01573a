#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# supervised -- a minute of what tests/e2e/supervised.sh does for some seconds.
export KITH_LONG=1
exec "$(dirname "$0")/../e2e/supervised.sh" "$@"
