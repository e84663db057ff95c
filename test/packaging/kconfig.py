#!/usr/bin/python3
"""Checks what buildroot-package's Config.in offers, in the configurations that matter.

Kconfig itself only tells wrong syntax. Here the options have to be visible, hidden, chosen and selected as intended for
each architecture, C library and OpenJDK, and the defconfigs must still mean what they say. One line per check.
"""

import os
import re
import sys

import kconfiglib

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.normpath(os.path.join(HERE, "../../buildroot-package"))
PACKAGE = "BR2_PACKAGE_SIMPLEVPN"

AARCH64 = ["BR2_aarch64"]
X86_64 = ["BR2_x86_64"]
ARM = ["BR2_arm", "BR2_ARM_CPU_ARMV7A", "BR2_ARM_EABIHF"]
ARMV8 = ["BR2_arm", "BR2_ARM_CPU_ARMV8A", "BR2_ARM_EABIHF"]
ARM_SOFT = ["BR2_arm", "BR2_ARM_CPU_ARMV7A"]
ARMV5 = ["BR2_arm", "BR2_ARM_CPU_ARMV5", "BR2_ARM_EABIHF"]
MIPS = ["BR2_mips"]
GLIBC = ["BR2_TOOLCHAIN_USES_GLIBC"]
MUSL = ["BR2_TOOLCHAIN_USES_MUSL"]
KERNEL = ["BR2_LINUX_KERNEL"]
JDK21 = ["BR2_PACKAGE_OPENJDK", "BR2_PACKAGE_OPENJDK_VERSION_21"]
JDK25 = ["BR2_PACKAGE_OPENJDK", "BR2_PACKAGE_OPENJDK_VERSION_25"]
ZERO = ["BR2_PACKAGE_OPENJDK_JVM_VARIANT_ZERO"]
ON = [PACKAGE]
JLINK = [PACKAGE + "_JLINK"]

NEEDS_JDK = "linking the runtime needs openjdk 25 (on arm: its zero variant)"

failures = 0


def check(name, good):
    """Prints the outcome of one check and counts it."""
    global failures
    failures += not good
    print(("ok      " if good else "FAILED  ") + "kconfig: " + name)


class Menu:
    """Buildroot's menu with some options set, in the order given, the rest as it is by default."""

    def __init__(self, *options):
        os.environ["BR2_EXTERNAL_SIMPLEVPN_PATH"] = TREE
        self.config = kconfiglib.Kconfig(os.path.join(HERE, "buildroot.Config"), warn_to_stderr=False)
        self.warnings = list(self.config.warnings)
        self.refused = [name for group in options for name in group if not self.set(name)]

    def set(self, name, value="y"):
        """Sets an option as a user does, and tells whether that was possible."""
        symbol = self.config.syms[name]
        symbol.set_value(value)
        return symbol.str_value == value

    def visible(self, name):
        symbol = self.config.syms[PACKAGE + name]
        return any(kconfiglib.expr_value(node.prompt[1]) for node in symbol.nodes if node.prompt)

    def on(self, name):
        return self.config.syms[PACKAGE + name].str_value == "y"

    def comments(self):
        """The comment lines of the external tree's menu that are shown."""
        return [node.prompt[0] for node in self.config.node_iter()
                if node.item == kconfiglib.COMMENT and kconfiglib.expr_value(node.prompt[1])
                and kconfiglib.expr_value(node.dep)]


def offered():
    """Where the package can be chosen at all, and what is said where not."""
    for name, architecture in [("aarch64", AARCH64), ("x86_64", X86_64), ("arm v7 hard float", ARM),
                               ("arm v8 hard float", ARMV8)]:
        for kernel in ([], KERNEL):
            menu = Menu(architecture, GLIBC, kernel)
            check(f"offered on {name} with glibc{', kernel too' if kernel else ''}",
                  menu.visible("") and not menu.comments() and not menu.warnings)
        menu = Menu(architecture, MUSL, ON)
        check(f"offered on {name} with musl, with a C library of its own, which is no question",
              not menu.refused and menu.on("_LIBC") and not menu.visible("_LIBC") and menu.comments() == [NEEDS_JDK])
        menu = Menu(architecture, GLIBC, ON)
        check(f"on {name} with glibc that is a question, and the answer no", menu.visible("_LIBC") and not menu.on("_LIBC"))
    for name, architecture in [("mips", MIPS), ("arm v7 soft float", ARM_SOFT), ("arm v5", ARMV5)]:
        for library in (GLIBC, MUSL):
            menu = Menu(architecture, library)
            check(f"not offered on {name}, without a word ({library[0]})", not menu.visible("") and not menu.comments())


def defaults():
    """What a user gets who only says y, and what the sub-options do."""
    menu = Menu(AARCH64, GLIBC, ON)
    check("alone it is the client, prebuilt", not menu.refused and menu.on("_CLI") and not menu.on("_SRV")
          and menu.on("_PREBUILT") and not menu.on("_JLINK"))
    check("the packages' folder is make dist's", menu.visible("_PREBUILT_DIR")
          and menu.config.syms[PACKAGE + "_PREBUILT_DIR"].str_value == TREE + "/../build/dist")
    menu.set(PACKAGE + "_CLI", "n")
    check("one program at least", menu.on("_CLI"))
    menu.set(PACKAGE + "_SRV")
    check("the server alone is possible", menu.on("_SRV") and not menu.on("_CLI"))
    check("nothing of it is on while the package is off", not any(
        Menu(AARCH64, GLIBC).on(name) for name in ("", "_CLI", "_SRV", "_PREBUILT", "_JLINK", "_LIBC", "_REMOVE_JRE")))


def helped():
    """What Buildroot's manual wants of each help text."""
    config = Menu().config
    for name in sorted(config.syms):
        for node in config.syms[name].nodes:
            if name.startswith(PACKAGE) and node.prompt and node.help:
                check(f"{name}: no line of its help is longer than 62 characters", max(map(len, node.help.splitlines())) <= 62)
    lines = config.syms[PACKAGE].nodes[0].help.rstrip().splitlines()
    check("the package's help ends with a page of its own line", lines[-2] == "" and re.fullmatch(r"https://\S+", lines[-1]))


def linked():
    """Where a runtime can be linked out of Buildroot's own OpenJDK."""
    for name, architecture in [("aarch64", AARCH64), ("x86_64", X86_64)]:
        for jdk, possible in [([], False), (JDK21, False), (JDK25, True), (JDK25 + ZERO, True)]:
            menu = Menu(architecture, GLIBC, jdk, ON, JLINK)
            check(f"linking on {name} with {' '.join(option[20:] for option in jdk) or 'no openjdk'}: {possible}",
                  menu.on("_JLINK") == possible and menu.on("_PREBUILT") != possible
                  and menu.visible("_REMOVE_JRE") == possible and menu.visible("_PREBUILT_DIR") != possible
                  and (menu.comments() == []) == possible)
    menu = Menu(ARM, GLIBC, JDK25, ON, JLINK)
    check("linking on arm needs the zero variant, and says so",
          menu.on("_PREBUILT") and not menu.visible("_JLINK") and menu.comments() == [NEEDS_JDK])
    menu = Menu(ARM, GLIBC, JDK25, ZERO, ON, JLINK)
    check("linking on arm with the zero variant", menu.on("_JLINK") and menu.visible("_REMOVE_JRE") and not menu.comments())
    check("another package's files stay unless somebody says otherwise", not menu.on("_REMOVE_JRE"))


def defconfigs():
    """Each defconfig turns the package on where its architecture has one."""
    folder = os.path.join(TREE, "configs")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="ascii") as file:
            text = file.read()
        on = [line[:-2] for line in text.splitlines() if line.endswith("=y")]
        check(f"{name}: hashes are enforced, the C library is glibc",
              "BR2_DOWNLOAD_FORCE_CHECK_HASHES" in on and "BR2_TOOLCHAIN_BUILDROOT_GLIBC" in on)
        kernel = re.search(r'^BR2_LINUX_KERNEL_CUSTOM_VERSION_VALUE="(.*)"$', text, re.MULTILINE).group(1)
        check(f"{name}: the kernel is a certain one", "BR2_LINUX_KERNEL_CUSTOM_VERSION" in on
              and 'BR2_GLOBAL_PATCH_DIR="$(BR2_EXTERNAL_SIMPLEVPN_PATH)/patches"' in text)
        for package in ("linux", "linux-headers"):
            with open(os.path.join(TREE, "patches", package, package + ".hash"), encoding="ascii") as file:
                check(f"{name}: its hash is known to {package}",
                      re.search(rf"^sha256  [0-9a-f]{{64}}  linux-{re.escape(kernel)}\.tar\.xz$", file.read(), re.MULTILINE))
        architecture = AARCH64 if "BR2_aarch64" in on else ARM
        options = [option for option in on if option.startswith(PACKAGE)]
        menu = Menu(architecture, GLIBC, options)
        check(f"{name}: both programs are on", not menu.refused and menu.on("_CLI") and menu.on("_SRV"))


for part in (offered, defaults, helped, linked, defconfigs):
    part()
sys.exit(failures != 0)
