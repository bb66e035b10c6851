# Functions that ./start and ./check share: install Debian packages, build out of tree. POSIX sh; to be sourced with
# $root set to the source folder.

setup_say() { printf '%s\n' "$*"; }
setup_die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# The packages among the arguments that dpkg does not have installed.
setup_missing() {
    for setup_package in "$@"; do
        case $(dpkg-query -W -f '${Status}' "$setup_package" 2>/dev/null) in
        'install ok installed') ;;
        *) printf '%s ' "$setup_package" ;;
        esac
    done
}

setup_as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian's packages of web servers start them on port 80. policy-rc.d (invoke-rc.d(8)) keeps them from starting while
# they are being installed, and after that their services are disabled: here they run only as the user's own processes.
setup_install() {
    setup_policy=/usr/sbin/policy-rc.d
    setup_made_policy=no
    if [ ! -e "$setup_policy" ]; then
        setup_as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$setup_policy && chmod 755 $setup_policy" || return 1
        setup_made_policy=yes
    fi
    setup_as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
    setup_status=$?
    [ "$setup_made_policy" = no ] || setup_as_root rm -f "$setup_policy"
    for setup_package in "$@"; do
        case $setup_package in
        lighttpd) setup_disable lighttpd ;;
        nginx*) setup_disable nginx ;;
        esac
    done
    return $setup_status
}

setup_disable() {
    if [ -d /run/systemd/system ]; then
        setup_as_root systemctl disable --now "$1.service"
    elif [ -x "/etc/init.d/$1" ]; then
        setup_as_root update-rc.d "$1" disable
    fi || setup_say "The service $1 could not be disabled; it may run on port 80."
}

# setup_packages PACKAGE…: installs those that are missing, saying so first.
setup_packages() {
    command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 ||
        { setup_say "No apt here: these Debian packages, or your system's like of them, are taken for granted: $*"; return 0; }
    setup_list=$(setup_missing "$@")
    [ -n "$setup_list" ] || return 0
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null 2>&1; then
        setup_die "packages are missing and there is no sudo. As root, run: apt-get install $setup_list"
    fi
    setup_say "Installing with apt: $setup_list"
    setup_log=$(mktemp)
    # shellcheck disable=SC2086 # one word per package
    if ! { setup_as_root apt-get update && setup_install $setup_list; } >"$setup_log" 2>&1; then
        tail -n 20 "$setup_log" >&2
        setup_die "apt could not install: $setup_list(its whole output: $setup_log)"
    fi
    rm -f "$setup_log"
}

# setup_quiet LOG COMMAND…: runs it with its output in LOG; on failure shows the end of that.
setup_quiet() {
    setup_log=$1
    shift
    "$@" >>"$setup_log" 2>&1 && return 0
    tail -n 30 "$setup_log" >&2
    setup_die "'$*' failed; its whole output: $setup_log"
}

setup_is_older() {
    [ ! -e "$1" ] || [ -n "$(find "$root/configure.ac" "$root/Makefile.am" "$root"/*/room.mk -newer "$1" | head -n 1)" ]
}

# setup_build BUILD_DIR [CONFIGURE-ARGUMENT…]: brings an out-of-tree build up to date.
setup_build() {
    setup_dir=$1
    shift
    mkdir -p "$setup_dir" || setup_die "$setup_dir can't be made"
    setup_build_log=$setup_dir/setup.log
    : >"$setup_build_log" || setup_die "$setup_build_log can't be written"
    if setup_is_older "$root/configure" || setup_is_older "$root/Makefile.in"; then
        setup_say 'Preparing the build (autoreconf)'
        (cd "$root" && setup_quiet "$setup_build_log" autoreconf -if) || exit 1
        touch "$root/configure" "$root/Makefile.in"
    fi
    if [ ! -e "$setup_dir/Makefile" ] || [ -n "$(find "$root/configure" -newer "$setup_dir/Makefile")" ]; then
        setup_say "Configuring in $setup_dir"
        (cd "$setup_dir" && setup_quiet "$setup_build_log" "$root/configure" "$@") || exit 1
        touch "$setup_dir/Makefile"
    fi
    setup_say "Building in $setup_dir"
    setup_quiet "$setup_build_log" make -C "$setup_dir" -j "$(nproc 2>/dev/null || echo 2)"
}
