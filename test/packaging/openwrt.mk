# Stands in for OpenWrt's rules.mk and include/package.mk: what the package's Makefile uses of them. `make show-NAME` prints a variable,
# `make install DESTDIR=DIR` does what Package/simplevpn/install says, `make script-NAME` prints a script that goes with the package.
CP := cp -fpR
LN := ln -sf
INSTALL_DIR := install -d -m0755
INSTALL_BIN := install -m0755
INSTALL_DATA := install -m0644
INSTALL_CONF := install -m0600
RSTRIP := strip-everything

define BuildPackage
install:
	$(call Package/$(1)/install,$(DESTDIR))
endef

show-%:
	@echo '$($*)'

script-%:
	@:$(info $(Package/$(PKG_NAME)/$*))
