################################################################################
#
# simplevpn
#
################################################################################

# As in src/simplevpn/Version.java
SIMPLEVPN_VERSION = 1.0.0
SIMPLEVPN_LICENSE = Apache-2.0 (simplevpn), GPL-2.0 with exception (Java runtime)
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
SIMPLEVPN_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS = \
	--exclude /build --exclude /srv --exclude /cli
SIMPLEVPN_DEPENDENCIES = host-openjdk-bin openjdk
SIMPLEVPN_DIST = $(@D)/build/buildroot

# The wildcard is for the shell: openjdk names the folder after the target.
# What is built for the target does not run here, so nothing can make an archive
# of the classes: the program starts somewhat slower without it.
define SIMPLEVPN_BUILD_CMDS
	$(TARGET_MAKE_ENV) $(MAKE) -C $(@D) dist-tree \
		TARGET=$(SIMPLEVPN_ARCH) \
		RUNTIME=stock \
		ARCHIVE=no \
		JMODS="$$(echo $(OPENJDK_BUILDDIR)/build/linux-*-release/images/jmods)" \
		JAVA_HOME=$(HOST_OPENJDK_BIN_ROOT_DIR) \
		DEST=$(SIMPLEVPN_DIST)
endef

# The links in /usr/bin are openjdk's too.
define SIMPLEVPN_REMOVE_JRE
	$(RM) -r $(TARGET_DIR)/usr/lib/jvm
	find $(TARGET_DIR)/usr/bin -type l -lname '*/lib/jvm/*' -delete
endef
ifeq ($(BR2_PACKAGE_SIMPLEVPN_REMOVE_JRE),y)
SIMPLEVPN_TARGET_FINALIZE_HOOKS += SIMPLEVPN_REMOVE_JRE
endif

else

SIMPLEVPN_SOURCE = simplevpn-$(SIMPLEVPN_VERSION)-$(SIMPLEVPN_ARCH).tar.xz
SIMPLEVPN_SITE = $(call qstrip,$(BR2_PACKAGE_SIMPLEVPN_PREBUILT_DIR))
SIMPLEVPN_SITE_METHOD = file
SIMPLEVPN_DIST = $(@D)
SIMPLEVPN_LICENSE_FILES += licenses/LICENSE licenses/ASSEMBLY_EXCEPTION
# The packages are built by who uses them, so there is no hash to compare with.
BR_NO_CHECK_HASH_FOR += $(SIMPLEVPN_SOURCE)

endif

# The service files are installed below, as Buildroot knows the init system.
define SIMPLEVPN_INSTALL_TARGET_CMDS
	$(SIMPLEVPN_DIST)/install.sh --destdir=$(TARGET_DIR) --prefix=/usr \
		--init=none $(SIMPLEVPN_PROGRAMS)
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
	)
endef

define SIMPLEVPN_LINUX_CONFIG_FIXUPS
	$(call KCONFIG_ENABLE_OPT,CONFIG_TUN)
endef

$(eval $(generic-package))
