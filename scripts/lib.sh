# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# lib.sh -- what scripts/demo and scripts/test share: messages, packages, building.
# Sourced, with the current directory at the root of the tree.

if [ -t 1 ]; then
    bold=$(printf '\033[1m') plain=$(printf '\033[0m')
else
    bold='' plain=''
fi

say()
{
    printf '%s==> %s%s\n' "$bold" "$*" "$plain"
}

die()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# clock FROM: seconds since FROM (a value of $SECONDS), as 1m02s.
clock()
{
    local s=$((SECONDS - $1))
    printf '%dm%02ds' $((s / 60)) $((s % 60))
}

# --- packages ---------------------------------------------------------------------------------

is_installed()
{
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# apt_knows PACKAGE: can it be installed from here?
apt_knows()
{
    apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [^(]'
}

# as_root COMMAND...: as root, directly or through sudo.
as_root()
{
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

may_be_root()
{
    [ "$(id -u)" = 0 ] && return 0
    command -v sudo >/dev/null || return 1
    # Without a terminal nobody can type the password.
    sudo -n true 2>/dev/null || [ -t 0 ]
}

apt_updated=
apt_update()
{
    [ -n "$apt_updated" ] && return 0
    apt_updated=1
    say "apt-get update"
    as_root apt-get update -q >build/logs/apt-update.log 2>&1 ||
        printf 'apt-get update failed (build/logs/apt-update.log); going on with what is known\n'
}

# need_packages PACKAGE...: sees to it that they are installed, or says what to install and ends.
need_packages()
{
    local missing=() p

    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        printf 'This is no Debian or Ubuntu. Going on; what is needed is, by Debian names:\n'
        printf '  %s\n' "$*"
        return 0
    fi
    for p in "$@"; do
        is_installed "$p" || missing+=("$p")
    done
    [ ${#missing[@]} = 0 ] && return 0

    if ! may_be_root; then
        printf 'These packages are missing, and there is neither root nor sudo here.\n' >&2
        printf 'Have them installed, then start this again:\n\n' >&2
        printf '  apt-get install --no-install-recommends %s\n\n' "${missing[*]}" >&2
        exit 1
    fi
    apt_update
    say "installing ${missing[*]}"
    # Unattended apt may hold the lock just after a machine has come up: wait for it.
    if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
        --no-install-recommends -o DPkg::Lock::Timeout=120 \
        "${missing[@]}" >build/logs/apt-install.log 2>&1; then
        tail -n 15 build/logs/apt-install.log >&2
        die "installing failed; by hand: apt-get install ${missing[*]}"
    fi
}

demo_packages=(build-essential cmake ninja-build pkg-config libjemalloc-dev python3)

need_demo_packages()
{
    need_packages "${demo_packages[@]}"
}

# The sanitizers' library of clang has a name of its own in each release.
clang_rt_package()
{
    local version
    version=$(apt-cache depends clang 2>/dev/null |
        sed -n 's/^ *Depends: clang-\([0-9]*\)$/\1/p' | head -n 1)
    for p in "libclang-rt-$version-dev" "libclang-common-$version-dev"; do
        if [ -n "$version" ] && { is_installed "$p" || apt_knows "$p"; }; then
            printf '%s\n' "$p"
            return 0
        fi
    done
    printf 'libclang-rt-dev\n'
}

clang_format_package()
{
    if is_installed clang-format-14 || apt_knows clang-format-14; then
        printf 'clang-format-14\n'
    else
        printf 'clang-format\n'
    fi
}

need_test_packages()
{
    # Two steps: names of the second are looked up in lists that the first has fetched.
    need_packages "${demo_packages[@]}" libgtest-dev clang libuv1-dev valgrind socat \
        netcat-openbsd gdb util-linux erlang-base iperf3 iproute2 iputils-ping \
        user-mode-linux busybox-static
    if command -v apt-cache >/dev/null; then
        need_packages "$(clang_rt_package)" "$(clang_format_package)"
    fi
}

# --- building ---------------------------------------------------------------------------------

# quietly LOG COMMAND...: its output goes to LOG, and to the screen if it fails.
quietly()
{
    local log=$1
    shift
    if ! "$@" >"$log" 2>&1; then
        cat "$log"
        return 1
    fi
}

# build PRESET [TARGET...]: configures if need be and builds; warnings are shown.
build()
{
    local preset=$1 t=$SECONDS
    shift

    # What a build directory was made with stays; a new one gets Ninja where it is.
    if [ -z "${CMAKE_GENERATOR:-}" ] && [ ! -e "build/$preset/CMakeCache.txt" ] &&
        command -v ninja >/dev/null; then
        export CMAKE_GENERATOR=Ninja
    fi
    say "building $preset"
    quietly "build/logs/configure-$preset.log" cmake --preset "$preset" ||
        die "configuring $preset failed"
    if [ -t 1 ]; then
        cmake --build --preset "$preset" -j "$(nproc)" ${1:+--target "$@"} ||
            die "building $preset failed"
    else
        quietly "build/logs/build-$preset.log" \
            cmake --build --preset "$preset" -j "$(nproc)" ${1:+--target "$@"} ||
            die "building $preset failed"
        grep -F 'warning:' "build/logs/build-$preset.log" || true
    fi
    printf 'built %s in %s\n' "$preset" "$(clock "$t")"
}

mkdir -p build/logs
