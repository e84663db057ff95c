# Builds ./srv and ./cli: the module into build/classes, a run-time image with just what it needs into build/image,
# and two launchers beside this file. Everything made is in build/, ./srv and ./cli.

sources := src/module-info.java $(wildcard src/simplevpn/*.java)
classes := build/classes/module-info.class
image   := build/image/release

# Asked once, and only when something has to be built.
jdk = $(eval jdk := $$(shell jlink/find-jdk))$(or $(jdk),$(error no JDK to build with))

.DELETE_ON_ERROR:
.PHONY: all bench demo test test-unit test-net clean help

all: srv cli ## build both launchers (what `make` alone does)

srv: main = Server
cli: main = Client
srv: ## the server: compile it, link a trimmed run-time image, make the launcher ./srv
cli: ## the client: the same, with the launcher ./cli
srv cli: jlink/launcher $(image)
	@echo "making ./$@"
	@sed 's/@MAIN@/$(main)/' jlink/launcher >build/$@ && chmod +x build/$@ && mv -f build/$@ $@

# String concatenation is compiled in place: linking it at run time would cost each start hundreds of classes.
# The folder is a prerequisite so that a source that was removed counts as a change. Half-made results never
# count as built: both steps write beside their target and move it into place.
$(classes): $(sources) src/simplevpn Makefile
	@echo "compiling $(words $(sources)) files"
	@rm -rf build/classes build/classes.new
	@"$(jdk)/bin/javac" --release 22 -Xlint:all -Werror -XDstringConcat=inline \
		-d build/classes.new $(sources)
	@mv build/classes.new build/classes

# Of bin/, the launchers need only java.
$(image): $(classes)
	@echo "linking the run-time image"
	@rm -rf build/image build/image.new
	@"$(jdk)/bin/jlink" --module-path build/classes --add-modules simplevpn --output build/image.new \
		--strip-java-debug-attributes --no-header-files --no-man-pages
	@find build/image.new/bin -type f ! -name java -delete
	@mv build/image.new build/image

demo: all ## three hosts on this machine, a tunnel between them, ping and a transfer (asks sudo when needed)
	@test/demo

test: all ## every test there is (asks sudo when needed)
	@test/run unit net

test-unit: $(classes) ## the fast tests, which need no root
	@test/run unit

test-net: all ## the tests on real TUN devices in network namespaces
	@test/run net

bench: all ## the tunnel beside its peers, measured in turns; writes test/bench/results.md (as root, half an hour)
	@test/bench/run

clean: ## remove everything that was built
	rm -rf build srv cli

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16
