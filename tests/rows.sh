#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# rows BUILD TABLE -- each row of a table has a test that passes.
#
# tests/reference.tsv has a row for each item of the reference page of Erlang's socket module,
# tests/options.tsv for each option; the fourth column names its tests. Here they are run, in the
# cell that the environment asks for, and a row fails whose tests are not there, are skipped, or
# fail. A test without a / stands for all its variants. Scripts (e2e/NAME) are only looked for:
# ctest runs them by themselves.
# shellcheck source=lib.bash source-path=SCRIPTDIR/e2e
. "$(dirname "$0")/e2e/lib.bash"

table=${2:?the table is missing}
[ -x "$build/tests/kith_core_tests" ] || { printf 'skipped: the unit tests need the package libgtest-dev\n' && exit 77; }

# The filter of Google Test: Suite.Test, and Any/Suite.Test/Variant where there are variants.
filter=$(grep -v '^#' "$table" | cut -f 4 | tr ',' '\n' | grep -v / | sort -u |
    awk '{ printf "%s%s:%s/*:*/%s/*", sep, $0, $0, $0; sep = ":" }')
filter+=$(grep -v '^#' "$table" | cut -f 4 | tr ',' '\n' | grep -F . | grep / | sort -u |
    awk '{ printf ":%s:*/%s", $0, $0 }')

for program in kith_core_tests kith_actors_tests 'tests/sctp/guest kith_sctp_tests'; do
    # shellcheck disable=SC2086
    ${program%kith_*} "$build/tests/${program##* }" --gtest_filter="$filter" --gtest_brief=0 \
        >>"$scratch/log" 2>&1 || true
done
sed -nE 's/^\[ +(OK|FAILED|SKIPPED) +\] ([^ ,]+).* \([0-9]+ ms\)$/\1 \2/p' "$scratch/log" >"$scratch/results"

awk -F '\t' '
    FILENAME == ARGV[1] {
        split($0, word, " ")
        n = split(word[2], part, "/")
        # Prefix/Suite.Test/Variant, Suite.Test/Variant or Suite.Test
        at = part[1] ~ /\./ ? 1 : 2
        name = part[at]
        note(name, word[1])
        if (n > at) note(name "/" part[at + 1], word[1])
        next
    }
    /^#/ || NF == 0 { next }
    NF < 4 { fault("has " NF " columns"); next }
    {
        items++
        if (seen[$1, $2]++) fault("stands there twice")
        if ($4 == "open") { fault("has no test"); next }
        n = split($4, test, ",")
        for (i = 1; i <= n; i++) {
            if (test[i] ~ /^e2e\//) {
                file = "tests/" test[i] ".sh"
                if ((getline line < file) < 0) fault(file " does not exist")
                close(file)
            } else if (!(test[i] in ok)) {
                fault(test[i] (test[i] in bad ? " is " bad[test[i]] : " does not exist"))
            } else if (test[i] in bad) {
                fault(test[i] " is " bad[test[i]])
            } else {
                tests += !counted[test[i]]++
            }
        }
    }
    function note(name, result) {
        if (result == "OK") ok[name] = 1
        else bad[name] = result == "FAILED" ? "failed" : "skipped"
    }
    function fault(what) { printf "%s %s: %s\n", $1, $2, what; faults++ }
    END {
        printf "%d rows, %d tests, %d faults\n", items, tests, faults
        exit faults > 0 || items == 0
    }
' "$scratch/results" "$table" || fail "some rows have no passing test"
