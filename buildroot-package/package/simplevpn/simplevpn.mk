################################################################################
#
# simplevpn
#
################################################################################

# As in src/simplevpn/Version.java
SIMPLEVPN_VERSION = 1.0.0
SIMPLEVPN_LICENSE = Apache-2.0 (simplevpn)
SIMPLEVPN_LICENSE_FILES = LICENSE

ifeq ($(BR2_aarch64),y)
SIMPLEVPN_ARCH = aarch64
else ifeq ($(BR2_arm),y)
SIMPLEVPN_ARCH = armhf
else
SIMPLEVPN_ARCH = x86_64
endif

SIMPLEVPN_PROGRAMS = \
	$(if $(BR2_PACKAGE_SIMPLEVPN_CLI),cli) \
	$(if $(BR2_PACKAGE_SIMPLEVPN_SRV),srv)

ifeq ($(BR2_PACKAGE_SIMPLEVPN_JLINK),y)

SIMPLEVPN_SITE = $(BR2_EXTERNAL_SIMPLEVPN_PATH)/..
SIMPLEVPN_SITE_METHOD = local
SIMPLEVPN_DEPENDENCIES += host-openjdk-bin openjdk
SIMPLEVPN_DIST = $(@D)/build/buildroot

# What was built in the source tree is not copied.
SIMPLEVPN_NOT_SOURCES = --exclude /build --exclude /srv --exclude /cli
SIMPLEVPN_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = $(SIMPLEVPN_NOT_SOURCES)

# JAVA_HOME is for the makefile itself too, which does not see it among its own
# arguments. A JDK there that does not run would be passed over for another one
# of this machine's, or for one that is downloaded: it is tried before.
# The wildcard is for the shell: openjdk names the folder after the target.
# What is built for the target does not run here, so nothing can make an archive
# of the classes: the program starts somewhat slower without it.
define SIMPLEVPN_BUILD_CMDS
	$(HOST_OPENJDK_BIN_ROOT_DIR)/bin/javac -version
	$(TARGET_MAKE_ENV) JAVA_HOME=$(HOST_OPENJDK_BIN_ROOT_DIR) \
		$(MAKE) -C $(@D) dist-tree \
		TARGET=$(SIMPLEVPN_ARCH) \
		RUNTIME=stock \
		ARCHIVE=no \
		JMODS="$$(echo $(OPENJDK_BUILDDIR)/build/linux-*-release/images/jmods)" \
		DEST=$(SIMPLEVPN_DIST)
endef

ifeq ($(BR2_PACKAGE_SIMPLEVPN_REMOVE_JRE),y)
# The links in /usr/bin are openjdk's too.
define SIMPLEVPN_REMOVE_JRE
	$(RM) -r $(TARGET_DIR)/usr/lib/jvm
	find $(TARGET_DIR)/usr/bin -type l -lname '*/lib/jvm/*' -delete
endef
SIMPLEVPN_TARGET_FINALIZE_HOOKS += SIMPLEVPN_REMOVE_JRE
endif

else

# `make dist` makes the binary package, and that of the sources it is made of.
SIMPLEVPN_SOURCE = simplevpn-$(SIMPLEVPN_VERSION)-$(SIMPLEVPN_ARCH).tar.xz
SIMPLEVPN_SITE = $(call qstrip,$(BR2_PACKAGE_SIMPLEVPN_PREBUILT_DIR))
SIMPLEVPN_SITE_METHOD = file
SIMPLEVPN_ACTUAL_SOURCE_TARBALL = simplevpn-$(SIMPLEVPN_VERSION).tar.xz
SIMPLEVPN_ACTUAL_SOURCE_SITE = file+$(SIMPLEVPN_SITE)
SIMPLEVPN_DIST = $(@D)

# What the licenses folder of the package has, beside OpenJDK's own license:
# libgcc and libstdc++; ICU, CLDR and Unicode; AES and c-libutl; SipHash; zlib
SIMPLEVPN_LICENSE += , \
	GPL-2.0 with exception (OpenJDK), \
	GPL-3.0+ with exception (libgcc), \
	Unicode-3.0 (icu), \
	BSD-2-Clause (aes), \
	MIT or CC0-1.0 (siphash), \
	Zlib (zlib)
SIMPLEVPN_LICENSE_FILES += \
	$(addprefix licenses/,ADDITIONAL_LICENSE_INFO ASSEMBLY_EXCEPTION \
	LICENSE aes.md c-libutl.md cldr.md gcc.md icu.md public_suffix.md \
	siphash.md unicode.md zlib)
ifeq ($(BR2_arm),y)
SIMPLEVPN_LICENSE += , MIT (libffi)
SIMPLEVPN_LICENSE_FILES += licenses/libffi
endif
ifeq ($(BR2_PACKAGE_SIMPLEVPN_LIBC),y)
SIMPLEVPN_LICENSE += , LGPL-2.1+ (glibc)
SIMPLEVPN_LICENSE_FILES += licenses/glibc licenses/LGPL-2.1
else
SIMPLEVPN_INSTALL_OPTIONS = --without-libc
endif

endif

# The service files are installed below, as Buildroot knows the init system.
define SIMPLEVPN_INSTALL_TARGET_CMDS
	$(SIMPLEVPN_DIST)/install.sh --destdir=$(TARGET_DIR) --prefix=/usr \
		--init=none $(SIMPLEVPN_INSTALL_OPTIONS) $(SIMPLEVPN_PROGRAMS)
endef

# Whom the programs become, and the folder that is his alone: keys and peers.
define SIMPLEVPN_USERS
	simplevpn -1 simplevpn -1 * /var/lib/simplevpn - - simplevpn
endef

define SIMPLEVPN_PERMISSIONS
	/var/lib/simplevpn d 700 simplevpn simplevpn - - - - -
endef

define SIMPLEVPN_INSTALL_INIT_SYSV
	$(foreach program,$(SIMPLEVPN_PROGRAMS), \
		$(INSTALL) -D -m 0755 $(SIMPLEVPN_PKGDIR)/S60simplevpn-$(program) \
			$(TARGET_DIR)/etc/init.d/S60simplevpn-$(program)
	)
endef

define SIMPLEVPN_INSTALL_INIT_SYSTEMD
	$(foreach program,$(SIMPLEVPN_PROGRAMS), \
		$(INSTALL) -D -m 0644 $(SIMPLEVPN_PKGDIR)/simplevpn-$(program).service \
			$(TARGET_DIR)/usr/lib/systemd/system/simplevpn-$(program).service
		$(INSTALL) -D -m 0644 $(SIMPLEVPN_PKGDIR)/simplevpn-$(program)@.service \
			$(TARGET_DIR)/usr/lib/systemd/system/simplevpn-$(program)@.service
	)
	$(INSTALL) -D -m 0644 $(SIMPLEVPN_PKGDIR)/simplevpn.network \
		$(TARGET_DIR)/usr/lib/systemd/network/60-simplevpn.network
endef

define SIMPLEVPN_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_TUN)
endef

$(eval $(generic-package))

ifeq ($(BR2_PACKAGE_SIMPLEVPN_JLINK),y)

# legal-info copies the local sources once more, with these exclusions alone.
simplevpn-legal-info: private RSYNC_VCS_EXCLUSIONS += $(SIMPLEVPN_NOT_SOURCES)

else

# Each build of a package has another hash: `make dist` writes it beside it. One
# of another build in the download folder is thereby found out, and replaced.
SIMPLEVPN_HASH_FILES += $(SIMPLEVPN_SITE)/simplevpn.hash

endif
