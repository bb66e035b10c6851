# Functions of ./start and ./check: install Debian packages, build out of tree. POSIX sh; source this file with $root
# set to the source folder.

setup_say() { printf '%s\n' "$*"; }
setup_die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# setup_missing PACKAGE…: prints the packages that are not installed.
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

# Run by root: installs the packages in its arguments. Debian's lighttpd starts on port 80 when it is installed;
# policy-rc.d (invoke-rc.d(8)) prevents that, and its service is then disabled, because pointsman runs lighttpd as the
# user's own process. If lighttpd was installed before, it is not among the arguments, and its service stays unchanged.
setup_install='
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap "rm -f $policy" EXIT
    trap "exit 1" HUP INT TERM
    printf "#!/bin/sh\n[ \"\$1\" != lighttpd ] || exit 101\n" >$policy && chmod 755 $policy || exit
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update && apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" || exit
case " $* " in *" lighttpd "*)
    update-rc.d lighttpd disable && { [ ! -d /run/systemd/system ] || systemctl stop lighttpd; }
esac'

# setup_packages PACKAGE…: prints and installs the missing ones.
setup_packages() {
    command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 ||
        { setup_say "No apt: these Debian packages, or the equivalents of your system, must be installed: $*"; return 0; }
    setup_list=$(setup_missing "$@")
    [ -n "$setup_list" ] || return 0
    setup_by_hand="As root, run: apt-get install --no-install-recommends $setup_list"
    case $setup_list in *lighttpd*) setup_by_hand="$setup_by_hand&& systemctl disable --now lighttpd" ;; esac
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null 2>&1 ||
        setup_die "packages are missing, and sudo is not installed. $setup_by_hand"
    setup_say "Installing with apt: $setup_list"
    setup_log=$(mktemp)
    # shellcheck disable=SC2086 # one word per package
    if ! setup_as_root sh -c "$setup_install" sh $setup_list >"$setup_log" 2>&1; then
        tail -n 20 "$setup_log" >&2
        setup_die "apt failed: its output is in $setup_log. $setup_by_hand"
    fi
    rm -f "$setup_log"
}

# setup_quiet LOG COMMAND…: runs the command with its output in LOG. If it fails, prints the end of LOG and exits.
setup_quiet() {
    setup_log=$1
    shift
    "$@" >>"$setup_log" 2>&1 && return 0
    tail -n 30 "$setup_log" >&2
    setup_die "'$*' failed: its output is in $setup_log"
}

# setup_is_older FILE SOURCE…: true if the file does not exist, or a source is newer.
setup_is_older() {
    setup_file=$1
    shift
    [ ! -e "$setup_file" ] || [ -n "$(find "$@" -newer "$setup_file" | head -n 1)" ]
}

# Updates configure and Makefile.in. Make updates Makefile.in by itself, without touching configure.
setup_prepare() {
    setup_is_older "$root/configure" "$root/configure.ac" ||
        setup_is_older "$root/Makefile.in" "$root/configure.ac" "$root/Makefile.am" "$root"/*/room.mk || return 0
    setup_say 'Preparing the build (autoreconf)'
    cd "$root" && setup_quiet "$setup_build_log" autoreconf -if && touch configure Makefile.in
}

# setup_configure [ARGUMENT…]: configures the build in the current folder. Without arguments, an existing build keeps its
# configuration.
setup_configure() {
    setup_is_older Makefile "$root/configure" || return 0
    setup_say "Configuring in $setup_dir"
    if [ $# -eq 0 ] && [ -x config.status ]; then
        setup_quiet "$setup_build_log" ./config.status --recheck
        setup_quiet "$setup_build_log" ./config.status
    else
        # By a relative path: automake refuses a source folder with a space in its name.
        setup_quiet "$setup_build_log" "$(realpath --relative-to=. "$root")/configure" "$@"
    fi
    touch Makefile
}

# setup_build BUILD_DIR [CONFIGURE-ARGUMENT…]: updates an out-of-tree build; BUILD_DIR is absolute. Locks on the
# source and build folders let one command at a time write to each.
setup_build() {
    setup_dir=$1
    shift
    mkdir -p "$setup_dir" || setup_die "$setup_dir can't be made"
    setup_build_log=$setup_dir/setup.log
    (
        flock 9 && : >"$setup_build_log" || setup_die "$setup_build_log can't be written"
        (flock 8 && setup_prepare) 8<"$root" || exit
        cd "$setup_dir" && setup_configure "$@" || exit
        setup_say "Building in $setup_dir"
        setup_quiet "$setup_build_log" make -j "$(nproc 2>/dev/null || echo 2)"
    ) 9<"$setup_dir" || exit
}
