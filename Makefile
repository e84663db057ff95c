# Builds ./srv and ./cli: the module into build/classes, a run-time image with just what it needs into build/TARGET/image,
# and two launchers beside this file. Everything made is in build/, ./srv and ./cli; what takes long is kept in a cache
# outside of this folder (see jlink/target).
#
#   TARGET   x86_64, aarch64 or armhf; this machine's if not given
#   RUNTIME  tiny (made by `make runtime`), stock (the JDK's own VM), or auto: tiny when it has been made
#   JMODS    the folder of a JDK's jmods for the target, instead of the distribution's
#   FORM     of what `make dist` packs: squashfs for a runtime that is mounted, and not unpacked
#   BASE     another revision that `make bench` measures beside the tree; PART is what of it: stream,small,line,tls
#   BOARD    emulated boards on which `make bench` measures instead: aarch64,armhf

own    := $(patsubst armv%,armhf,$(shell uname -m))
TARGET  = $(own)
RUNTIME = auto
export JMODS JDK_RELEASE BASE PART ROUNDS FORM BOARD
# Where `cd` would look, and options of javac, as a shell may have them.
unexport CDPATH JDK_JAVAC_OPTIONS

sources := $(shell find src -name '*.java')
folders := $(shell find src -type d)
classes := build/classes/module-info.class

# Asked once, and only when something has to be built.
jdk = $(eval jdk := $$(shell jlink/find-jdk))$(or $(jdk),$(error no JDK to build with))

.DELETE_ON_ERROR:
.PHONY: all image runtime dist dist-tree footprint classlist bench demo test test-unit test-net test-images test-board \
	test-packaging mutation lint clean help

all: srv cli ## build both launchers (what `make` alone does)

srv: main = Server
cli: main = Client
srv: ## the server: compile it, link a trimmed run-time image, make the launcher ./srv
cli: ## the client: the same, with the launcher ./cli
srv cli: jlink/launcher image
	@sed 's/@MAIN@/$(main)/' jlink/launcher >build/$@ && chmod +x build/$@
	@cmp -s build/$@ $@ || { echo "making ./$@" && cp build/$@ $@; }

# String concatenation is compiled in place: linking it at run time would cost each start hundreds of classes.
# The folders are prerequisites so that a source that was removed or moved counts as a change. Half-made results never
# count as built: they are made beside their target and moved into place.
$(classes): $(sources) $(folders) Makefile
	@echo "compiling $(words $(sources)) files"
	@rm -rf build/classes build/classes.new
	@"$(jdk)/bin/javac" --release 22 -Xlint:all -Werror -XDstringConcat=inline \
		-d build/classes.new $(sources)
	@mv build/classes.new build/classes

# jlink/link knows by itself whether the image is the one that is wanted.
image: $(classes)
	@jlink/progress image-$(TARGET) jlink/link $(TARGET) $(RUNTIME)

runtime: ## the tiny VM for TARGET, from the JDK's source, into the cache (10 minutes)
	@jlink/progress runtime-$(TARGET) jlink/runtime $(TARGET) build

dist: image ## build/dist/simplevpn-VERSION-TARGET.tar.xz, to copy to a board and install there
	@jlink/progress dist-$(TARGET) jlink/dist $(TARGET)

dist-tree: image # the same as a folder, at DEST
	@jlink/dist $(TARGET) "$(DEST)"

demo: all ## three hosts on this machine, a tunnel between them, ping and a transfer (asks sudo when needed)
	@test/demo/run

test: all ## every test of the programs there is (asks sudo when needed)
	@test/run unit net

test-unit: $(classes) ## the fast tests, which need no root
	@test/run unit

test-net: all ## the tests on real TUN devices in network namespaces
	@test/run net

test-images: all ## the images for all targets, those for ARM under qemu-user (as root)
	@jlink/progress test-images test/images/run

test-board: ## whole boards in qemu-system: aarch64, armhf, and x86_64 with systemd (as root)
	@jlink/progress test-board test/board/run

mutation: test-unit ## what the unit tests of simplevpn.protocol do not notice when it is changed (two minutes)
	@test/mutation

lint: $(classes) ## the checks of the sources: javac, error-prone, SpotBugs, the house style, shellcheck, shfmt, mandoc
	@test/lint/run

test-packaging: dist ## the packages for Buildroot, Yocto, OpenWrt, systemd and OpenRC (as root; BUILDROOT=DIR, BITBAKE=DIR OECORE=DIR: in the real ones)
	@jlink/progress test-packaging test/packaging/run

bench: all ## the tunnel beside its peers, in turns; writes test/bench/results.md (as root, half an hour; BASE=REVISION: beside that; BOARD=aarch64,armhf: on boards)
	@jlink/progress bench test/bench/run

footprint: all ## sizes, memory and start-up of this machine's build and of its peers (as root, ten minutes)
	@jlink/progress footprint test/bench/footprint

classlist: image # records anew which classes the programs load on TARGET (as root), for the archive in the image
	@test/recorder/run $(TARGET)

clean: ## remove everything that was built, but not the cache
	rm -rf build srv cli

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 20
