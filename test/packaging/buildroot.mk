# The part of Buildroot that package/simplevpn/simplevpn.mk uses: extracts, builds, installs and finalizes that package with
# the package's own commands, in the order and with the variables of Buildroot's package/pkg-generic.mk. The options come as
# make variables (BR2_...=y), the folders too: BUILD_DIR, TARGET_DIR and BR2_EXTERNAL_SIMPLEVPN_PATH.
#
#   make -f buildroot.mk target|kernel|facts
.PHONY: target kernel facts

qstrip = $(strip $(subst ",,$(1)))
INSTALL = install
KCONFIG_ENABLE_OPT = echo '$(1)=y' >>$(BUILD_DIR)/linux.config
define newline


endef
pkgdir = $(dir $(lastword $(MAKEFILE_LIST)))

# As Buildroot's, one call makes the package's rules.
define generic-package
SIMPLEVPN_PKGDIR := $(pkgdir)
SIMPLEVPN_DIR = $$(BUILD_DIR)/simplevpn-$$(SIMPLEVPN_VERSION)
endef

include $(BR2_EXTERNAL_SIMPLEVPN_PATH)/external.mk

ifeq ($(SIMPLEVPN_SITE_METHOD),local)
extract = rsync -a --exclude .git $(SIMPLEVPN_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS) $(SIMPLEVPN_SITE)/ $(@D)
else
extract = tar -xJf $(SIMPLEVPN_SITE)/$(SIMPLEVPN_SOURCE) --strip-components=1 -C $(@D)
endif

$(SIMPLEVPN_DIR)/.stamp_extracted:
	mkdir -p $(@D)
	$(extract)
	touch $@

$(SIMPLEVPN_DIR)/.stamp_built: $(SIMPLEVPN_DIR)/.stamp_extracted
	$(SIMPLEVPN_BUILD_CMDS)
	touch $@

$(SIMPLEVPN_DIR)/.stamp_target_installed: $(SIMPLEVPN_DIR)/.stamp_built
	$(SIMPLEVPN_INSTALL_TARGET_CMDS)
	$(if $(BR2_INIT_SYSTEMD),$(SIMPLEVPN_INSTALL_INIT_SYSTEMD))
	$(if $(BR2_INIT_BUSYBOX),$(SIMPLEVPN_INSTALL_INIT_SYSV))
	touch $@

target: $(SIMPLEVPN_DIR)/.stamp_target_installed
	$(foreach hook,$(SIMPLEVPN_TARGET_FINALIZE_HOOKS),$($(hook))$(newline))
	rm -rf $(TARGET_DIR)/usr/share/doc

kernel:
	$(SIMPLEVPN_LINUX_CONFIG_FIXUPS)

facts:
	@echo 'source $(SIMPLEVPN_SOURCE)'
	@echo 'method $(SIMPLEVPN_SITE_METHOD)'
	@echo 'site $(SIMPLEVPN_SITE)'
	@echo 'dependencies $(SIMPLEVPN_DEPENDENCIES)'
	@echo 'unchecked $(BR_NO_CHECK_HASH_FOR)'
	@echo 'licenses $(SIMPLEVPN_LICENSE_FILES)'
