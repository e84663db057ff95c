#!/usr/bin/python3
"""Checks the Yocto recipe without bitbake: required fields, and that its checksums are those of the packages.

It reads as much of bitbake's language as the recipe uses: assignments with their operators, include, Python in values, and
overrides as parts of names. Whether bitbake builds it, only bitbake can tell: see bitbake beside this. One line per check.
"""

import glob
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import types

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
LAYER = os.path.join(TOP, "buildroot-package/yocto/meta-simplevpn")
DIST = os.path.join(TOP, "build/dist")
TARGETS = {"x86-64": "x86_64", "aarch64": "aarch64", "arm": "armhf"}

failures = 0


def check(name, good):
    """Prints the outcome of one check and counts it."""
    global failures
    failures += not good
    print(("ok      " if good else "FAILED  ") + "recipe: " + name)


def assignments(path, values=None, weak=None):
    """Name to value of a recipe, an include or a layer.conf; flags keep their brackets, overrides their colons.

    `values` and `weak` are what files before it say: weak are values that ??= gives, of which the last one counts, and only where
    there is no other.
    """
    values = {} if values is None else values
    weak = {} if weak is None else weak
    with open(path, encoding="utf-8") as file:
        text = file.read().replace("\\\n", " ")
    for line in text.splitlines():
        match = re.match(r'^([\w.:/${}\[\]-]+?)\s*(\?\?=|\?=|\+=|\.=|:=|=)\s*"(.*)"$', line)
        if match:
            name, operator, value = match.groups()
            if operator == "??=":
                weak[name] = value
            elif operator == "?=":
                values.setdefault(name, value)
            elif operator in ("+=", ".="):
                values[name] = values.get(name, "") + (" " if operator == "+=" else "") + value
            else:
                values[name] = value
        match = re.match(r"^(include|require)\s+(\S+)$", line)
        if match:
            included = expand(match.group(2), values)
            if match.group(1) == "require" or os.path.exists(included):
                assignments(included, values, weak)
    return {**weak, **values}


def expand(text, values):
    """Replaces ${NAME}, and what Python in ${@...} says, until nothing changes."""
    data = types.SimpleNamespace(getVar=lambda name: expand(values[name], values) if name in values else None)
    utils = types.SimpleNamespace(contains=lambda name, word, yes, no, _: yes if word in (data.getVar(name) or "").split() else no)
    names = {"d": data, "bb": types.SimpleNamespace(utils=utils)}
    while True:
        new = re.sub(r"\$\{([\w.-]+)\}", lambda match: values.get(match.group(1), match.group(0)), text)
        if new == text:
            new = re.sub(r"\$\{@(.+?)\}", lambda match: str(eval(match.group(1), names)), text)
        if new == text:
            return text
        text = new


def digest(path, algorithm):
    """The checksum of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.new(algorithm, file.read()).hexdigest()


def licenses(archive):
    """The license files of a package, with their MD5."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tar", "-xJf", archive, "-C", folder, "--strip-components=1", "--wildcards", "*/LICENSE", "*/licenses"], check=True)
        files = [os.path.join(path, name) for path, _, names in os.walk(folder) for name in names]
        return sorted((os.path.relpath(file, folder), digest(file, "md5")) for file in files)


def unshipped(archive, values, text):
    """Runs do_install for a package's archive, and returns the files that none of PACKAGES takes, or what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tar", "-xJf", archive, "-C", folder], check=True)
        values = dict(values, S=os.path.join(folder, os.path.basename(archive)[:-len(".tar.xz")]), D=folder + "/D", prefix="/usr",
                      sbindir="/usr/sbin", sysconfdir="/etc", datadir="/usr/share", localstatedir="/var", systemd_unitdir="/usr/lib/systemd",
                      systemd_system_unitdir="/usr/lib/systemd/system")
        body = re.search(r"^do_install\(\) \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL).group(1)
        # Users are bitbake's matter.
        body = body.replace("-o simplevpn -g simplevpn ", "")
        result = subprocess.run(["sh", "-eu", "-c", expand(body, values)], capture_output=True, text=True)
        if result.returncode != 0:
            return [result.stderr]
        # What bitbake's own bitbake.conf, bash-completion.bbclass and systemd.bbclass put into packages.
        taken = ["/usr/share/doc", "/usr/share/man", "/usr/share/bash-completion"]
        for package in values["PACKAGES"].split():
            taken += expand(values.get("FILES:" + package, ""), values).split()
            taken += ["/usr/lib/systemd/system/" + unit for unit in values.get("SYSTEMD_SERVICE:" + package, "").split()]
        files = [os.path.join(path, name)[len(values["D"]):] for path, _, names in os.walk(values["D"]) for name in names]
        missing = [name for name in taken if not os.path.lexists(values["D"] + name)]
        return missing + [name for name in files if not any(name == own or name.startswith(own + "/") for own in taken)]


with open(os.path.join(TOP, "buildroot-package/package/simplevpn/simplevpn.mk"), encoding="ascii") as mk:
    version = re.search(r"^SIMPLEVPN_VERSION = (.*)$", mk.read(), re.MULTILINE).group(1)

conf = assignments(os.path.join(LAYER, "conf/layer.conf"), {"LAYERDIR": LAYER})
for name in ("README.md", "SECURITY.md"):
    check(f"the layer has a {name}", os.path.exists(os.path.join(LAYER, name)))
for name in ("BBFILE_COLLECTIONS", "BBFILE_PATTERN_simplevpn", "BBFILE_PRIORITY_simplevpn", "LAYERSERIES_COMPAT_simplevpn",
             "LAYERDEPENDS_simplevpn", "LAYERVERSION_simplevpn", "SIMPLEVPN_DIST"):
    check(f"layer.conf has {name}", conf.get(name, "").strip() != "")
check("the packages' folder is make dist's", os.path.normpath(expand(conf["SIMPLEVPN_DIST"], conf)) == DIST)

recipes = glob.glob(os.path.join(LAYER, "recipes-*/*/*.bb"))
check("there is one recipe, of this version", [os.path.basename(path) for path in recipes] == [f"simplevpn_{version}.bb"])


def parsed(series, weak):
    """The recipe as a release reads it, whose own bitbake.conf gives the weak values."""
    own = dict(conf, PN="simplevpn", PV=version, BPN="simplevpn", WORKDIR="/recipe", LAYERSERIES_CORENAMES=series)
    return assignments(recipes[0], own, dict(weak))


recipe = parsed("wrynose blacksail", {"UNPACKDIR": "${WORKDIR}/sources"})
older = parsed("scarthgap", {})
for name in ("SUMMARY", "DESCRIPTION", "HOMEPAGE", "SECTION", "LICENSE", "LIC_FILES_CHKSUM", "SRC_URI", "S", "COMPATIBLE_HOST", "PACKAGES",
             "SYSTEMD_PACKAGES", "INITSCRIPT_PACKAGES"):
    check(f"it has {name}", recipe.get(name, "").strip() != "")
with open(recipes[0], encoding="utf-8") as file:
    text = file.read()
check("it inherits bash-completion, systemd, update-rc.d and useradd",
      re.search(r"^inherit .*\bbash-completion\b.*\bsystemd\b.*\bupdate-rc\.d\b.*\buseradd\b", text, re.MULTILINE))
check("the user is made with the runtime, and has his folder there",
      recipe.get("USERADD_PACKAGES") == "${PN}" and recipe.get("USERADD_PARAM:${PN}", "").endswith(" simplevpn")
      and "${localstatedir}/lib/simplevpn" in recipe["FILES:${PN}"].split())
check("completions are packages of their own", {"${PN}-bash-completion", "${PN}-zsh-completion"} <= set(recipe["PACKAGES"].split()))
check("the TUN module is recommended", recipe.get("RRECOMMENDS:${PN}") == "kernel-module-tun")
check("the C library comes along for musl alone", recipe.get("SIMPLEVPN_OPTIONS") == "--without-libc"
      and recipe.get("SIMPLEVPN_OPTIONS:libc-musl") == "" and "COMPATIBLE_HOST:libc-musl" not in recipe)
check("S is where releases of today unpack", expand(recipe["S"], recipe).startswith("/recipe/sources/simplevpn-"))
check("and where scarthgap does", expand(older["S"], older).startswith("/recipe/simplevpn-"))
check("LICENSE is one of SPDX where that is read", re.fullmatch(r"[\w.-]+(\s+(AND|WITH)\s+[\w.-]+)*", expand(recipe["LICENSE"], recipe)))
check("and of bitbake's older form elsewhere", re.fullmatch(r"[\w.-]+(\s+&\s+[\w.-]+)*", expand(older["LICENSE"], older)))
for program in ("srv", "cli"):
    package = "${PN}-" + program
    check(f"simplevpn-{program} is a package, with service, script, config and runtime",
          package in recipe["PACKAGES"].split() and package in recipe["SYSTEMD_PACKAGES"].split()
          and package in recipe["INITSCRIPT_PACKAGES"].split()
          and recipe.get("SYSTEMD_SERVICE:" + package) == f"simplevpn-{program}.service"
          and recipe.get("INITSCRIPT_NAME:" + package) == f"simplevpn-{program}"
          and recipe.get("RDEPENDS:" + package) == "${PN}"
          and recipe.get("CONFFILES:" + package) == "${sysconfdir}/simplevpn/" + program + ".conf"
          and f"${{sysconfdir}}/simplevpn/{program}.conf" in recipe["FILES:" + package].split())
lines = text.splitlines()
for number, line in enumerate(lines):
    if line.startswith(("INSANE_SKIP", "INHIBIT_PACKAGE_STRIP")):
        check(f"the reason of {line.split('=')[1].strip()} is told", lines[number - 1].startswith(("#", "INHIBIT")))

# `make dist` writes them; here from whatever packages there are, and compared with those again.
archives = glob.glob(os.path.join(DIST, f"simplevpn-{version}-*.tar.xz"))
check("there are packages in build/dist", archives != [])
for override, target in TARGETS.items():
    check(f"{override} takes the {target} package", recipe.get("SIMPLEVPN_TARGET:" + override) == target)
    uri = expand(recipe["SRC_URI"], dict(recipe, SIMPLEVPN_TARGET=target))
    path = os.path.join(DIST, f"simplevpn-{version}-{target}.tar.xz")
    address, _, parameters = uri.partition(";")
    check(f"the {target} package is fetched by its name and from its folder",
          parameters == "name=" + target and os.path.normpath(address[len("file://"):]) == path)
    if os.path.exists(path):
        check(f"the {target} package has its checksum", recipe.get(f"SRC_URI[{target}.sha256sum]") == digest(path, "sha256"))
        check(f"every license of the {target} package is known, and as it was", licenses(path) == sorted(re.findall(
            r"file://(\S+);md5=(\w+)", recipe["LIC_FILES_CHKSUM"] + recipe.get("LIC_FILES_CHKSUM:append:" + override, ""))))
        names = subprocess.run(["tar", "-tJf", path], capture_output=True, text=True, check=True).stdout.splitlines()
        folder = os.path.basename(expand(recipe["S"], dict(recipe, SIMPLEVPN_TARGET=target)))
        check(f"the {target} package unpacks into S", all(name.split("/")[0] == folder for name in names))
        for options, library in (("SIMPLEVPN_OPTIONS", "glibc"), ("SIMPLEVPN_OPTIONS:libc-musl", "musl")):
            left = unshipped(path, dict(recipe, SIMPLEVPN_OPTIONS=recipe[options]), text)
            check(f"do_install puts the {target} package's files into the recipe's packages, all of them, for {library} {left or ''}".rstrip(),
                  not left)
sys.exit(failures != 0)
