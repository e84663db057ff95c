# The part of Buildroot that package/simplevpn/simplevpn.mk uses: downloads, extracts, builds, installs and finalizes that package
# with the package's own commands, in the order and with the variables of Buildroot's package/pkg-generic.mk. The options come as
# make variables (BR2_...=y), the folders too: BUILD_DIR, DL_DIR, TARGET_DIR and BR2_EXTERNAL_SIMPLEVPN_PATH.
#
#   make -f buildroot.mk target|kernel|simplevpn-legal-info|facts
.PHONY: target kernel simplevpn-legal-info facts

qstrip = $(strip $(subst ",,$(1)))
INSTALL = install
KCONFIG_ENABLE_OPT = echo '$(1)=y' >>$(BUILD_DIR)/linux.config
RSYNC_VCS_EXCLUSIONS = --exclude .git
define newline


endef
pkgdir = $(dir $(lastword $(MAKEFILE_LIST)))

# As Buildroot's, one call makes the package's rules.
define generic-package
SIMPLEVPN_PKGDIR := $(pkgdir)
SIMPLEVPN_DIR = $$(BUILD_DIR)/simplevpn-$$(SIMPLEVPN_VERSION)
SIMPLEVPN_HASH_FILES = $(pkgdir)/simplevpn.hash
endef

include $(BR2_EXTERNAL_SIMPLEVPN_PATH)/external.mk

# A file of the package, out of the download folder: copied there, unless one with the right hash is there already. As with
# BR2_DOWNLOAD_FORCE_CHECK_HASHES, one whose hash nobody tells is refused.
check = cat $(wildcard $(SIMPLEVPN_HASH_FILES)) | awk '$$1 == "sha256" && $$3 == "$(1)" { print $$2 "  " $$3 }' | \
	(cd $(DL_DIR) && sha256sum --check --strict)
define download
	mkdir -p $(DL_DIR)
	$(call check,$(notdir $(1))) || cp $(1) $(DL_DIR)/
	$(call check,$(notdir $(1)))
endef

$(SIMPLEVPN_DIR)/.stamp_extracted:
	mkdir -p $(@D)
ifeq ($(SIMPLEVPN_SITE_METHOD),local)
	rsync -a $(SIMPLEVPN_OVERRIDE_SRCDIR_RSYNC_EXCLUSIONS) $(RSYNC_VCS_EXCLUSIONS) $(SIMPLEVPN_SITE)/ $(@D)
else
	$(call download,$(SIMPLEVPN_SITE)/$(SIMPLEVPN_SOURCE))
	tar -xJf $(DL_DIR)/$(SIMPLEVPN_SOURCE) --strip-components=1 -C $(@D)
endif
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
	$(if $(BR2_PACKAGE_BASH),,rm -rf $(TARGET_DIR)/usr/share/bash-completion)
	$(if $(BR2_PACKAGE_ZSH),,rm -rf $(TARGET_DIR)/usr/share/zsh)
	rm -rf $(TARGET_DIR)/usr/share/man $(TARGET_DIR)/usr/share/doc

kernel:
	$(SIMPLEVPN_LINUX_CONFIG_FIXUPS)

# What is given away with a product, in the folder legal.
simplevpn-legal-info:
	mkdir -p $(BUILD_DIR)/legal
ifeq ($(SIMPLEVPN_SITE_METHOD),local)
	rsync -a $(RSYNC_VCS_EXCLUSIONS) $(SIMPLEVPN_SITE)/ $(BUILD_DIR)/legal
else
	$(call download,$(patsubst file+%,%,$(SIMPLEVPN_ACTUAL_SOURCE_SITE))/$(SIMPLEVPN_ACTUAL_SOURCE_TARBALL))
	cp $(DL_DIR)/$(SIMPLEVPN_ACTUAL_SOURCE_TARBALL) $(BUILD_DIR)/legal
endif

facts:
	@echo 'source $(SIMPLEVPN_SOURCE)'
	@echo 'method $(SIMPLEVPN_SITE_METHOD)'
	@echo 'site $(SIMPLEVPN_SITE)'
	@echo 'dependencies $(SIMPLEVPN_DEPENDENCIES)'
	@echo 'unchecked $(BR_NO_CHECK_HASH_FOR)'
	@echo 'licenses $(SIMPLEVPN_LICENSE_FILES)'
	@echo 'user $(strip $(SIMPLEVPN_USERS))'
	@echo 'folder $(strip $(SIMPLEVPN_PERMISSIONS))'
