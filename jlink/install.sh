#!/bin/sh
# Installs simplevpn from the folder that this script is in, or removes what it installed.
#
#   ./install.sh [--prefix DIR] [--destdir DIR] [--init openrc|systemd|sysv|none|auto] [--without-libc] [srv] [cli]
#   ./install.sh --uninstall [the same]
#
# Without srv and cli it is about both. The defaults are --prefix /usr/local and --init auto, which looks what this machine
# is started by. --destdir is the root of another system, that of an image being built. Config files that are there stay as
# they are. --without-libc is for systems with glibc 2.34 or newer: the C library that comes along for others stays out.
# Removing stops what runs, and leaves config files that were changed, and with systemd the user simplevpn and what is his in
# /var/lib/simplevpn.
set -eu
umask 022
from=$(CDPATH='' cd "$(dirname "$0")" && pwd -P)
prefix=/usr/local destdir='' init=auto uninstall='' libc=yes programs=''

usage() {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

while [ $# -gt 0 ]; do
    case $1 in
    --prefix=* | --destdir=* | --init=*)
        option=${1%%=*} value=${1#*=}
        shift
        set -- "$option" "$value" "$@"
        ;;
    esac
    case $1 in
    --prefix | --destdir | --init)
        [ $# -gt 1 ] || usage
        case $1 in
        --prefix) prefix=$2 ;;
        --destdir) destdir=${2%/} ;;
        --init) init=$2 ;;
        esac
        shift
        ;;
    --uninstall) uninstall=yes ;;
    --without-libc) libc='' ;;
    srv | cli) programs="$programs $1" ;;
    *) usage ;;
    esac
    shift
done
case $prefix in
/ | */ | *' '* | *'|'*) fail "--prefix $prefix: must be a path without a slash at its end and without spaces" ;;
/*) ;;
*) fail "--prefix $prefix: must begin with a slash" ;;
esac
if [ "$init" = auto ]; then
    if [ -d "$destdir/run/systemd/system" ]; then
        init=systemd
    elif [ -x "$destdir/sbin/openrc-run" ]; then
        init=openrc
    elif [ -d "$destdir/etc/init.d" ]; then
        init=sysv
    else
        init=none
    fi
fi
case $init in openrc | systemd | sysv | none) ;; *) usage ;; esac

# Another system may have another processor.
if [ -z "$destdir$uninstall" ]; then
    read -r _ _ _ target <"$from/README"
    case $target:$(uname -m) in
    "$target:$target" | armhf:armv[78]* | armhf:aarch64) ;;
    *) fail "this package is for $target, and this machine is $(uname -m): take the one for it" ;;
    esac
fi

root=$destdir$prefix
home=$root/lib/simplevpn
doc=$root/share/doc/simplevpn
conf=$destdir/etc/simplevpn
sysusers=$root/lib/sysusers.d/simplevpn.conf
network=$root/lib/systemd/network/60-simplevpn.network
man=$root/share/man
bash=$root/share/bash-completion/completions
zsh=$root/share/zsh/site-functions

# Where the service file of a program is in the package, and where it goes.
service_of() {
    case $init in
    openrc) service=openrc/simplevpn to=$destdir/etc/init.d/simplevpn-$1 mode=755 ;;
    sysv) service=init.d/S60simplevpn-$1 to=$destdir/etc/init.d/S60simplevpn-$1 mode=755 ;;
    systemd) service=systemd/simplevpn-$1.service to=$root/lib/systemd/system/simplevpn-$1.service mode=644 ;;
    none) service='' ;;
    esac
}

# The hook that comes with a program.
hook_of() {
    case $1 in
    srv) hook=masquerade ;;
    cli) hook=resolv ;;
    esac
}

# What root installs is root's, and everybody may read it, whoever unpacked the package.
everybodys() {
    chmod -R go+rX,go-w "$1"
    [ "$(id -u)" != 0 ] || chown -R 0:0 "$1"
}

# What is there is put aside first and removed last, since a running program must not see its own files change under it.
install_runtime() {
    mkdir -p "$home" "$doc"
    rm -rf "$home/runtime.old" "$home/runtime.new"
    if [ -f "$from/runtime.squashfs" ]; then
        # Units may not mount anything.
        [ "$init" != systemd ] || fail "this package is for systems without systemd: take the one without squashfs in its name"
        [ -n "$libc" ] || fail "--without-libc: in this package it is part of runtime.squashfs: take the one without squashfs in its name"
        cp "$from/runtime.squashfs" "$home/runtime.squashfs.new"
        mkdir "$home/runtime.new"
    else
        [ -x "$from/runtime/bin/java" ] || fail "there is no $from/runtime: unpack the whole package"
        cp -pR "$from/runtime" "$home/runtime.new"
    fi
    [ -n "$libc" ] || rm -rf "$home/runtime.new/bin/ld.so" "$home/runtime.new/libc"
    everybodys "$home/runtime.new"
    unmount_runtime
    [ ! -d "$home/runtime" ] || mv "$home/runtime" "$home/runtime.old"
    mv "$home/runtime.new" "$home/runtime"
    if [ -f "$home/runtime.squashfs.new" ]; then
        mv "$home/runtime.squashfs.new" "$home/runtime.squashfs"
        # Its owner's alone: launchers lock it.
        chmod 600 "$home/runtime.squashfs"
        [ "$(id -u)" != 0 ] || chown 0:0 "$home/runtime.squashfs"
    fi
    rm -rf "$home/runtime.old"
    rm -rf "$doc/licenses"
    cp -pR "$from/README" "$from/README.md" "$from/LICENSE" "$from/licenses" "$doc"
    [ -n "$libc" ] || rm -f "$doc/licenses/glibc" "$doc/licenses/LGPL-2.1"
    everybodys "$doc"
    page "$from/pages/simplevpn.conf.5" "$man/man5/simplevpn.conf.5"
}

# A runtime in one file that a launcher has mounted; who runs keeps what he has of it.
unmount_runtime() {
    [ -n "$destdir" ] || while [ -f "$home/runtime.squashfs" ] && umount -l "$home/runtime" 2>/dev/null; do :; done
    rm -f "$home/runtime.squashfs"
}

# Installs a manual page, or what a shell reads. They too are written for the prefix /usr.
page() {
    mkdir -p "${2%/*}"
    sed "s|/usr/|$prefix/|g" "$1" >"$2.new"
    chmod 644 "$2.new"
    mv "$2.new" "$2"
}

install_program() {
    mkdir -p "$root/sbin" "$conf"
    cp "$from/$1" "$home/$1.new"
    chmod 755 "$home/$1.new"
    mv "$home/$1.new" "$home/$1"
    ln -sf "../lib/simplevpn/$1" "$root/sbin/simplevpn-$1"
    hook_of "$1"
    cp "$from/$hook" "$home/$hook.new"
    chmod 755 "$home/$hook.new"
    mv "$home/$hook.new" "$home/$hook"
    if [ ! -e "$conf/$1.conf" ]; then
        cp "$from/etc/$1.conf" "$conf/$1.conf"
        chmod 644 "$conf/$1.conf"
    fi
    page "$from/pages/$1.8" "$man/man8/simplevpn-$1.8"
    page "$from/pages/bash/simplevpn-$1" "$bash/simplevpn-$1"
    page "$from/pages/zsh/_simplevpn-$1" "$zsh/_simplevpn-$1"
    service_of "$1"
    [ -n "$service" ] || return 0
    install_service "$service" "$to"
    [ "$init" != systemd ] || install_service "${service%.service}@.service" "${to%.service}@.service"
}

# Service files are written for the prefix /usr.
install_service() {
    mkdir -p "${2%/*}"
    sed "s|/usr/|$prefix/|g" "$from/$1" >"$2.new"
    chmod "$mode" "$2.new"
    mv "$2.new" "$2"
}

# What networkd has to know, should this machine have it.
install_network() {
    [ "$init" = systemd ] || return 0
    mkdir -p "${network%/*}"
    cp "$from/systemd/simplevpn.network" "$network"
    chmod 644 "$network"
}

# The user of systemd's units, and his folder. In another system whoever makes that makes its users too, unless it has some already.
install_user() {
    [ "$init" = systemd ] || return 0
    mkdir -p "${sysusers%/*}"
    cp "$from/systemd/simplevpn.conf" "$sysusers"
    chmod 644 "$sysusers"
    [ -e "$destdir/etc/passwd" ] || return 0
    # The file itself, since systemd looks for names under /usr alone.
    systemd-sysusers ${destdir:+"--root=$destdir"} - <"$sysusers"
    mkdir -p "$destdir/var/lib/simplevpn"
    chmod 700 "$destdir/var/lib/simplevpn"
    chown "$(sed -n 's/^simplevpn:[^:]*:\([0-9]*:[0-9]*\):.*/\1/p' "$destdir/etc/passwd")" "$destdir/var/lib/simplevpn"
}

uninstall_program() {
    service_of "$1"
    if [ -z "$destdir" ] && [ -n "$service" ] && [ -e "$to" ]; then
        case $init in
        systemd)
            systemctl disable --now "simplevpn-$1" || true
            # Those with names, whichever run or would.
            for unit in $(systemctl list-units --all --plain --no-legend "simplevpn-$1@*" | sed 's/ .*//'); do
                systemctl disable --now "$unit" || true
            done
            systemctl disable "simplevpn-$1@.service" || true
            ;;
        openrc)
            rc-service "simplevpn-$1" --ifstarted stop || true
            rc-update --all delete "simplevpn-$1" 2>/dev/null || true
            ;;
        sysv) "$to" stop || true ;;
        esac
    fi
    [ -z "$service" ] || rm -f "$to"
    [ "$init" != systemd ] || rm -f "${to%.service}@.service"
    rm -f "$root/sbin/simplevpn-$1" "$home/$1"
    hook_of "$1"
    rm -f "$home/$hook" "$man/man8/simplevpn-$1.8" "$bash/simplevpn-$1" "$zsh/_simplevpn-$1"
    if cmp -s "$from/etc/$1.conf" "$conf/$1.conf"; then
        rm -f "$conf/$1.conf"
    elif [ -e "$conf/$1.conf" ]; then
        echo "kept: $conf/$1.conf, which was changed"
    fi
}

# Removes the folders that are empty now, but none above the prefix.
sweep() {
    for folder; do rmdir "$folder" 2>/dev/null || true; done
}

next_steps() {
    for program in $programs; do
        echo "installed $prefix/sbin/simplevpn-$program; its options are in /etc/simplevpn/$program.conf"
        case $init in
        systemd) echo "  systemctl daemon-reload; systemctl enable --now simplevpn-$program" ;;
        openrc) echo "  rc-update add simplevpn-$program default; rc-service simplevpn-$program start" ;;
        sysv) echo "  /etc/init.d/S60simplevpn-$program start" ;;
        none) echo "  $prefix/sbin/simplevpn-$program --config /etc/simplevpn/$program.conf" ;;
        esac
    done
}

programs=${programs:-srv cli}
if [ -n "$uninstall" ]; then
    for program in $programs; do uninstall_program "$program"; done
    # The runtime serves both.
    if [ ! -e "$home/srv" ] && [ ! -e "$home/cli" ]; then
        unmount_runtime
        rm -rf "$home/runtime" "$home/runtime.old" "$home"/*.new "$doc/licenses"
        rm -f "$doc/README" "$doc/README.md" "$doc/LICENSE" "$man/man5/simplevpn.conf.5" "$sysusers" "$network"
    fi
    sweep "$doc" "$home" "$conf" "$man/man8" "$man/man5" "$bash" "${bash%/*}" "$zsh" "${zsh%/*}"
else
    # What did not fit is not left behind.
    trap 'rm -rf "$home"/*.new' EXIT
    install_runtime
    install_user
    install_network
    for program in $programs; do install_program "$program"; done
    [ -n "$destdir" ] || next_steps
fi
