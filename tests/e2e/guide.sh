#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# guide -- each program of docs/guide compiles against the installed library, as a user would
# do it, runs, and says what the guide says.
#
# A program is a block of C that begins with a comment of its name, /* name.c */; the block of
# text after it is its output.
# shellcheck source=lib.bash source-path=SCRIPTDIR
. "$(dirname "$0")/lib.bash"
need pkg-config pkg-config

cmake --install "$build" --prefix "$scratch/prefix" >/dev/null || fail "cmake --install"
PKG_CONFIG_PATH=$(dirname "$(find "$scratch/prefix" -name kith.pc)")
export PKG_CONFIG_PATH
libs=$(dirname "$(find "$scratch/prefix" -name 'libkith.*' | head -n 1)")

# What shows its users' frames in reports reaches them both ways.
flag=-fno-omit-frame-pointer
pkg-config --cflags kith | grep -q -e $flag || fail "kith.pc: no $flag"
grep -q -e $flag "$(find "$scratch/prefix" -name kith-targets.cmake)" ||
    fail "kith-targets.cmake: no $flag"

# parts PAGE: writes its programs and their outputs into the scratch folder, and their names.
parts()
{
    awk -v dir="$scratch" '
        /^```$/ { inside = ""; if (file) close(file); file = ""; next }
        /^```c$/ { inside = "c"; next }
        /^```text$/ { inside = "text"; file = name ? dir "/" name ".expected" : ""; name = ""; next }
        inside == "c" && !file && match($0, /^\/\* [a-z_]+\.c/) {
            name = substr($0, 4, RLENGTH - 5)
            file = dir "/" name ".c"
            print name
        }
        file { print > file }
    ' "$1"
}

flags=(-std=c11 -Wall -Wextra -Wpedantic -Werror -O1 -g)
for page in docs/guide/*.md; do
    programs=$(parts "$page")
    [ "$programs" ] || fail "$page has no program"
    for p in $programs; do
        # shellcheck disable=SC2046
        "${CC:-cc}" "${flags[@]}" -o "$scratch/$p" "$scratch/$p.c" \
            $(pkg-config --cflags --libs kith) -Wl,-rpath,"$libs" || fail "$page: $p.c"
        [ -e "$scratch/$p.expected" ] || fail "$page: no output stands behind $p.c"
        for workers in 1 4; do
            status=0
            KITH_WORKERS=$workers timeout 20 "$scratch/$p" >"$scratch/$p.out" 2>"$scratch/err" || status=$?
            [ "$status" = 0 ] || fail "$page: $p ends with status $status"
            diff "$scratch/$p.expected" "$scratch/$p.out" || fail "$page: $p says something else"
        done
        pass "$page: $p"
    done
done
