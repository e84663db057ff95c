SUMMARY = "A private network over one TCP port"
DESCRIPTION = "A server, and clients that reach each other through it, also through firewalls and NAT. It comes with a \
Java runtime trimmed to what it uses."
# It is the successor, in Java, of the C program of this name.
HOMEPAGE = "https://github.com/naklingensmi/simplevpn"
SECTION = "net"

# Beside simplevpn's own license those of the runtime: OpenJDK's, and what is inside of it. Releases before blacksail know neither SPDX's
# operators nor its exceptions.
LICENSE = "${@bb.utils.contains('LAYERSERIES_CORENAMES', 'blacksail', '${SIMPLEVPN_LICENSE}', '${SIMPLEVPN_OLD_LICENSE}', d)}"
SIMPLEVPN_LICENSE = "Apache-2.0 AND BSD-2-Clause AND GPL-2.0-only WITH Classpath-exception-2.0 \
    AND GPL-3.0-or-later WITH GCC-exception-3.1 AND MIT AND Unicode-3.0 AND Zlib"
SIMPLEVPN_OLD_LICENSE = "Apache-2.0 & BSD-2-Clause & GPL-2.0-with-classpath-exception \
    & GPL-3.0-with-GCC-exception & MIT & Unicode-3.0 & Zlib"
SIMPLEVPN_LICENSE:append:libc-musl = " AND LGPL-2.1-or-later"
SIMPLEVPN_OLD_LICENSE:append:libc-musl = " & LGPL-2.1-or-later"
LIC_FILES_CHKSUM = "file://LICENSE;md5=3b83ef96387f14655fc854ddc3c6bd57 \
    file://licenses/ADDITIONAL_LICENSE_INFO;md5=71bb3ad0017bf36d14bb96a8d4b32c45 \
    file://licenses/ASSEMBLY_EXCEPTION;md5=d54e5b1b11ce92d8abc22e8e756f54bd \
    file://licenses/LGPL-2.1;md5=4fbd65380cdd255951079008b364516c \
    file://licenses/LICENSE;md5=3e0b59f8fac05c3c03d4a26bbda13f8f \
    file://licenses/aes.md;md5=2e33468a535a4eb09ef57fc12a2652d0 \
    file://licenses/c-libutl.md;md5=2e89a282a50f8702e52703464e6937ca \
    file://licenses/cldr.md;md5=1f83bef953668fd79515631a6809531e \
    file://licenses/gcc.md;md5=f94be751c9fba3c0b3b1291b41a27c89 \
    file://licenses/glibc;md5=d0b0638fc5da220754a999e8f816354e \
    file://licenses/icu.md;md5=536c684edb56fd3e9003baa5cf704683 \
    file://licenses/public_suffix.md;md5=cdfca5f86a1fd73bb48f81d9723c7801 \
    file://licenses/siphash.md;md5=2e9741435c8abf33accc005f6ffe5aef \
    file://licenses/unicode.md;md5=a3e4d834f16eee93e3e5def3099aac64 \
    file://licenses/zlib;md5=d94b54713a28c31b7f90e784184eeb8d"
LIC_FILES_CHKSUM:append:arm = " file://licenses/libffi;md5=d0c28bc3b4ec40de1d83250023f3c639"

inherit bash-completion systemd update-rc.d useradd

# The runtime is a binary, of which there is one for each of these.
COMPATIBLE_HOST = "(x86_64|aarch64|arm)-.*-linux.*"
COMPATIBLE_HOST:arm = "null"
COMPATIBLE_HOST:armv7a = "${@bb.utils.contains('TUNE_FEATURES', 'callconvention-hard', 'arm-.*-linux.*', 'null', d)}"
COMPATIBLE_HOST:armv7ve = "${@bb.utils.contains('TUNE_FEATURES', 'callconvention-hard', 'arm-.*-linux.*', 'null', d)}"
COMPATIBLE_HOST:linux-gnux32 = "null"

SIMPLEVPN_TARGET = "unknown"
SIMPLEVPN_TARGET:x86-64 = "x86_64"
SIMPLEVPN_TARGET:aarch64 = "aarch64"
SIMPLEVPN_TARGET:arm = "armhf"

# Where the packages are: a folder, as here, or the address of a server.
SIMPLEVPN_SITE ?= "file://${SIMPLEVPN_DIST}"
SRC_URI = "${SIMPLEVPN_SITE}/simplevpn-${PV}-${SIMPLEVPN_TARGET}.tar.xz;name=${SIMPLEVPN_TARGET}"
# SRC_URI[<target>.sha256sum] of each package, written when it is built: `make dist` in simplevpn's source tree renews it.
# bitbake compares them with what it downloads; it does not with files of this machine.
include ${SIMPLEVPN_DIST}/simplevpn-checksums.inc

python () {
    # scarthgap has no text of this one; later releases do, and want theirs to be taken.
    if not os.path.exists(os.path.join(d.getVar('COMMON_LICENSE_DIR'), 'Unicode-3.0')):
        d.setVarFlag('NO_GENERIC_LICENSE', 'Unicode-3.0', 'licenses/icu.md')

    target = d.getVar('SIMPLEVPN_TARGET')
    if not d.getVarFlag('SRC_URI', target + '.sha256sum'):
        raise bb.parse.SkipRecipe('there is no package for %s in %s: run `make dist TARGET=%s` in the source tree of '
            'simplevpn, or set SIMPLEVPN_DIST' % (target, d.getVar('SIMPLEVPN_DIST'), target))
}

# scarthgap unpacks into WORKDIR and knows no UNPACKDIR.
S = "${@d.getVar('UNPACKDIR') or d.getVar('WORKDIR')}/simplevpn-${PV}-${SIMPLEVPN_TARGET}"

do_configure[noexec] = "1"
do_compile[noexec] = "1"

# Where the C library is another one than glibc, the package's own goes with it.
SIMPLEVPN_OPTIONS = "--without-libc"
SIMPLEVPN_OPTIONS:libc-musl = ""

# Service files go where the distribution wants them, which install.sh does not know.
do_install() {
    ${S}/install.sh --destdir ${D} --prefix ${prefix} --init none ${SIMPLEVPN_OPTIONS} srv cli
    chown -R root:root ${D}
    for program in srv cli; do
        install -D -m 0755 ${S}/init.d/S60simplevpn-$program ${D}${sysconfdir}/init.d/simplevpn-$program
        install -D -m 0644 ${S}/systemd/simplevpn-$program.service \
            ${D}${systemd_system_unitdir}/simplevpn-$program.service
        install -D -m 0644 ${S}/systemd/simplevpn-$program@.service \
            ${D}${systemd_system_unitdir}/simplevpn-$program@.service
    done
    install -D -m 0644 ${S}/systemd/simplevpn.network ${D}${systemd_unitdir}/network/60-simplevpn.network
    install -d -m 0700 -o simplevpn -g simplevpn ${D}${localstatedir}/lib/simplevpn
}

# Whom the programs become, and the folder that is his alone: keys and peers.
USERADD_PACKAGES = "${PN}"
USERADD_PARAM:${PN} = "--system --user-group --no-create-home --home-dir ${localstatedir}/lib/simplevpn --shell /bin/false simplevpn"

PACKAGES = "${PN}-srv ${PN}-cli ${PN}-doc ${PN}-bash-completion ${PN}-zsh-completion ${PN}"
SUMMARY:${PN} = "${SUMMARY}: the runtime of both programs"
SUMMARY:${PN}-srv = "${SUMMARY}: the server"
SUMMARY:${PN}-cli = "${SUMMARY}: the client"

# ${prefix}/lib and not ${libdir}, which is lib64 on some targets. The classes add units, but not those of several instances, and
# completions for bash; manual pages and README go to -doc.
FILES:${PN} = "${prefix}/lib/simplevpn/runtime ${localstatedir}/lib/simplevpn \
    ${systemd_unitdir}/network/60-simplevpn.network"
FILES:${PN}-srv = "${prefix}/lib/simplevpn/srv ${prefix}/lib/simplevpn/masquerade ${sbindir}/simplevpn-srv ${sysconfdir}/simplevpn/srv.conf \
    ${sysconfdir}/init.d/simplevpn-srv ${systemd_system_unitdir}/simplevpn-srv@.service"
FILES:${PN}-cli = "${prefix}/lib/simplevpn/cli ${prefix}/lib/simplevpn/resolv ${sbindir}/simplevpn-cli ${sysconfdir}/simplevpn/cli.conf \
    ${sysconfdir}/init.d/simplevpn-cli ${systemd_system_unitdir}/simplevpn-cli@.service"
FILES:${PN}-zsh-completion = "${datadir}/zsh/site-functions"
CONFFILES:${PN}-srv = "${sysconfdir}/simplevpn/srv.conf"
CONFFILES:${PN}-cli = "${sysconfdir}/simplevpn/cli.conf"
RDEPENDS:${PN}-srv = "${PN}"
RDEPENDS:${PN}-cli = "${PN}"
RRECOMMENDS:${PN} = "kernel-module-tun"

SYSTEMD_PACKAGES = "${PN}-srv ${PN}-cli"
SYSTEMD_SERVICE:${PN}-srv = "simplevpn-srv.service"
SYSTEMD_SERVICE:${PN}-cli = "simplevpn-cli.service"

INITSCRIPT_PACKAGES = "${PN}-srv ${PN}-cli"
INITSCRIPT_NAME:${PN}-srv = "simplevpn-srv"
INITSCRIPT_NAME:${PN}-cli = "simplevpn-cli"
INITSCRIPT_PARAMS = "start 60 2 3 4 5 . stop 40 0 1 6 ."

# All of it is a binary that is stripped already.
INHIBIT_PACKAGE_STRIP = "1"
INHIBIT_SYSROOT_STRIP = "1"
INHIBIT_PACKAGE_DEBUG_SPLIT = "1"
INSANE_SKIP:${PN} += "already-stripped"
# The runtime is in ${prefix}/lib also where libraries are in lib64: only its own programs load these.
INSANE_SKIP:${PN} += "libdir"
# What these need is beside them, and is for nobody else.
EXCLUDE_FROM_SHLIBS:libc-musl = "1"
SKIP_FILEDEPS:libc-musl = "1"
# The 32-bit Java VM calls the C library's old 32-bit time functions; the program itself counts nanoseconds from start.
INSANE_SKIP:${PN} += "32bit-time"
