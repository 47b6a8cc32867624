# vmatlas: an atlas of a running program's memory.
#
#   make            builds build/libvmatlas.so and build/vmatlas
#   make demo       installs what is missing, builds, and shows a report of a real program
#   make test       installs what is missing, builds, and runs every test
#   make install    PREFIX=/usr/local DESTDIR=
#   make web        installs what the page of `vmatlas report --html` is made of, by npm, and
#                   builds the command with it; without this, make builds it without the page
#   make dist       build/dist/vmatlas-VERSION.tar.gz, of what is committed
#   make deb        Debian packages of it, in build/deb
#   make bench      what it costs, beside its peers; QUICK=1: in three minutes
#   make bench-hot  instructions per pair of malloc and free, under valgrind; NOTE=1 notes them
#   make fuzzers    the fuzz targets, by clang; tests/fuzz/run runs them
#   make storms     programs that storm the tables, with ThreadSanitizer and AddressSanitizer in them
#   make help       lists the rest

comma := ,
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
MANDIR ?= $(PREFIX)/share/man
PKGCONFIGDIR ?= $(LIBDIR)/pkgconfig
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
GDBDIR ?= $(PREFIX)/share/gdb/auto-load
DESTDIR ?=
BUILD := build
VERSION := 0.1.0

CC ?= cc
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
CFLAGS ?= -O2 -g
CPPFLAGS ?=
LDFLAGS ?=
BASE_CFLAGS := -std=gnu11 $(WARNINGS) -Iinclude -D_GNU_SOURCE -DVMATLAS_VERSION='"$(VERSION)"' -MMD -MP

# The shim lives in other people's processes: position independent, nothing exported but the
# list, thread-local storage that needs no allocation, frame pointers so that a wrapper knows its
# caller's registers, and no vectorised prologue that would need an aligned stack. Two wrappers
# that look alike must not become one that calls the other: the call stack would begin in it. Large
# variables have pages of their own and come first, so that all small ones lie on a few (warm.c).
# What a distribution adds to all it builds comes before this, and does not win.
cc-option = $(shell $(CC) -Werror $(1) -E -x c /dev/null >/dev/null 2>&1 && echo $(1))
SHIM_CFLAGS := -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-omit-frame-pointer \
	-fno-optimize-sibling-calls $(call cc-option,-fno-ipa-icf) \
	-fno-builtin-malloc -fno-builtin-free -fno-stack-protector -U_FORTIFY_SOURCE -fdata-sections
SHIM_LDFLAGS := -shared -Wl,-z,defs,-z,now,-z,relro,-z,nodelete,--as-needed \
	-Wl,--sort-section=alignment \
	-Wl,-soname,libvmatlas.so -Wl,--version-script=$(BUILD)/exports.map
TOOLS_LIBS := -ldw -lelf -liberty -ljansson -lsqlite3 -lz -lpthread \
	$(shell pkg-config --libs ncursesw 2>/dev/null || echo -lncursesw -ltinfo)

# The page of `vmatlas report --html`, one file. Where `make web` has been, and node still is, it
# follows its sources; it may also just be there, made before or elsewhere.
WEB := $(BUILD)/web
WEB_LOCK := $(WEB)/node_modules/.package-lock.json
WEB_SRC := $(wildcard tools/web/*.mjs tools/web/src/*)
NODE := $(if $(wildcard $(WEB_LOCK)),$(shell command -v node))
PAGE := $(if $(NODE),$(WEB)/page.html,$(wildcard $(WEB)/page.html))

CORE_SRC := $(wildcard preload/core/*.c)
SHIM_SRC := $(wildcard preload/*.c)
TOOLS_SRC := $(wildcard tools/*.c)
CORE_OBJ := $(CORE_SRC:%.c=$(BUILD)/%.o)
SHIM_OBJ := $(SHIM_SRC:%.c=$(BUILD)/%.o)
TOOLS_OBJ := $(TOOLS_SRC:%.c=$(BUILD)/%.o)

UNIT_SRC := $(wildcard tests/unit/test_*.c)
UNIT := $(UNIT_SRC:%.c=$(BUILD)/%)
PROGRAM_SRC := $(wildcard tests/programs/*.c)
PROGRAM_CXX := $(wildcard tests/programs/*.cc)
PROGRAMS := $(PROGRAM_SRC:%.c=$(BUILD)/%) $(PROGRAM_CXX:%.cc=$(BUILD)/%)
BENCH := $(addprefix $(BUILD)/tests/bench/,spend pair larson dumped libforward.so libcounting.so \
	libloading.so)

.PHONY: all shim tools programs units demo test check setup install uninstall clean format lint help \
	dist deb bench bench-setup bench-hot fuzzers storms web web-packages
all: shim tools
shim: $(BUILD)/libvmatlas.so
tools: $(BUILD)/vmatlas
programs: $(PROGRAMS) $(BENCH)
units: $(UNIT)

$(BUILD)/preload/%.o: preload/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(SHIM_CFLAGS) -c $< -o $@

$(BUILD)/tools/%.o: tools/%.c
	@mkdir -p $(@D)
	$(CC) $(BASE_CFLAGS) $(CPPFLAGS) $(CFLAGS) -c $< -o $@

# What the shim exports follows from the list of wrapped functions.
$(BUILD)/exports.map: preload/wrapped.def
	@mkdir -p $(@D)
	{ echo '{ global:'; sed -n 's/^WRAPPED[_A-Z]*([^,]*, *\([a-z_A-Z0-9]*\).*/\t\1;/p' $<; \
	  echo '	vmatlas_*; local: *; };'; } > $@

$(BUILD)/libvmatlas.so: $(CORE_OBJ) $(SHIM_OBJ) $(BUILD)/exports.map
	$(CC) $(CFLAGS) $(LDFLAGS) $(SHIM_LDFLAGS) -o $@ $(CORE_OBJ) $(SHIM_OBJ)

$(BUILD)/vmatlas: $(CORE_OBJ) $(TOOLS_OBJ)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TOOLS_LIBS)

web: web-packages
	@$(MAKE) --no-print-directory tools
web-packages:
	@mkdir -p $(WEB)
	@cmp -s tools/web/package-lock.json $(WEB)/package-lock.json && test -f $(WEB_LOCK) || \
	{ cp tools/web/package.json tools/web/package-lock.json $(WEB) && \
	  npm ci --prefix $(WEB) --ignore-scripts --no-audit --no-fund; }
$(WEB)/page.html: $(if $(NODE),$(WEB_SRC) $(WEB_LOCK))
	node tools/web/build.mjs $(WEB) $@
$(BUILD)/tools/html_bundle.o: $(PAGE)
$(BUILD)/tools/html_bundle.o: BASE_CFLAGS += $(if $(PAGE),-DVMATLAS_PAGE='"$(PAGE)"')

# Unit tests link the very objects of the shim, but must not be wrapped by them: the wrappers
# stay out of the archive.
UNIT_OBJ := $(CORE_OBJ) $(filter-out $(BUILD)/preload/wrap_%.o,$(SHIM_OBJ)) \
	$(filter-out $(BUILD)/tools/vmatlas.o,$(TOOLS_OBJ))
$(BUILD)/units.a: $(UNIT_OBJ)
	rm -f $@
	ar qcs $@ $^
$(BUILD)/tests/unit/%: tests/unit/%.c $(BUILD)/units.a
	@mkdir -p $(@D)
	$(CC) $(BASE_CFLAGS) -I. -Ipreload -Ipreload/core -Itools $(CFLAGS) -o $@ $< $(BUILD)/units.a \
		-lcmocka $(TOOLS_LIBS) -ldl -lpthread -lm

$(BUILD)/tests/programs/%: tests/programs/%.c $(wildcard tests/programs/*.h)
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Iinclude -O1 -g -fno-builtin -o $@ $< -ldl -lpthread
$(BUILD)/tests/programs/%: tests/programs/%.cc $(wildcard tests/programs/*.h)
	@mkdir -p $(@D)
	$(CXX) -std=c++17 -D_GNU_SOURCE -Wall -Wextra -Iinclude -O1 -g -fno-builtin -o $@ $< -ldl -lpthread

# demo and test install what is missing; `make check` runs the tests with what is there.
setup:
	@tests/setup
demo:
	@tests/setup demo
	@$(MAKE) --no-print-directory all
	@tests/demo
test: setup
	@$(MAKE) --no-print-directory check
check: all programs units
	@tests/run

# What is installed: its mode, where it is, and where it goes.
PUT := 755:$(BUILD)/vmatlas:$(PREFIX)/bin/vmatlas \
	755:$(BUILD)/libvmatlas.so:$(LIBDIR)/libvmatlas.so \
	644:include/vmatlas.h:$(PREFIX)/include/vmatlas.h \
	644:$(BUILD)/vmatlas.pc:$(PKGCONFIGDIR)/vmatlas.pc \
	644:tools/completion/vmatlas.bash:$(BASHDIR)/vmatlas \
	644:tools/completion/_vmatlas:$(ZSHDIR)/_vmatlas \
	644:tools/gdb/vmatlas.py:$(GDBDIR)$(LIBDIR)/libvmatlas.so-gdb.py \
	$(foreach page,$(wildcard tools/man/*.[17]), \
		644:$(page):$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page)))

.PHONY: $(BUILD)/vmatlas.pc # the places may be others than last time
$(BUILD)/vmatlas.pc: tools/packaging/vmatlas.pc.in
	@mkdir -p $(@D)
	sed 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(LIBDIR)|; s|@VERSION@|$(VERSION)|' $< >$@
install: all $(BUILD)/vmatlas.pc
	@set -e; for put in $(PUT); do \
		mode=$${put%%:*}; put=$${put#*:}; \
		install -D -m $$mode $${put%%:*} $(DESTDIR)$${put#*:}; \
		echo $(DESTDIR)$${put#*:}; \
	done
uninstall:
	rm -f $(foreach put,$(PUT),$(DESTDIR)$(lastword $(subst :, ,$(put))))

# What is committed, the same bytes each time. Of a tarball none can be made.
TREE := vmatlas-$(VERSION)
dist:
	@mkdir -p $(BUILD)/dist
	git archive --format=tar --prefix=$(TREE)/ HEAD | gzip -9n >$(BUILD)/dist/$(TREE).tar.gz.part
	mv $(BUILD)/dist/$(TREE).tar.gz.part $(BUILD)/dist/$(TREE).tar.gz
# The page of report --html comes along where it has been built: a package is built without a network.
deb: dist $(PAGE)
	rm -rf $(BUILD)/deb
	mkdir -p $(BUILD)/deb
	tar -xzf $(BUILD)/dist/$(TREE).tar.gz -C $(BUILD)/deb
	cp -r tools/packaging/debian $(BUILD)/deb/$(TREE)/debian
	$(if $(PAGE),install -D -m 644 $(PAGE) $(BUILD)/deb/$(TREE)/build/web/page.html)
	cd $(BUILD)/deb/$(TREE) && dpkg-buildpackage -b -nc -uc -us
	@ls $(BUILD)/deb/*.deb
clean:
	rm -rf $(BUILD)

FORMATTED := $(shell git ls-files '*.c' '*.h' 2>/dev/null)
format:
	clang-format -i $(FORMATTED)
# What cppcheck is not asked: it takes what a function fills in through a pointer, in another file,
# for uninitialized; and a vfork child has nothing but its stack to allocate on (wrap_end.c).
LINT_NOT := ctuuninitvar allocaCalled
lint:
	clang-format --dry-run -Werror $(FORMATTED)
	clang-tidy --quiet $(CORE_SRC) $(SHIM_SRC) $(TOOLS_SRC) -- $(BASE_CFLAGS)
	cppcheck --quiet --enable=warning,performance,portability --error-exitcode=1 \
		$(LINT_NOT:%=--suppress=%) -Iinclude preload tools

BENCH_CFLAGS := -std=gnu11 -D_GNU_SOURCE $(WARNINGS)
$(BUILD)/tests/bench/spend: tests/bench/spend.c tests/bench/family.c tests/bench/family.h
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -O2 -o $@ $(filter %.c,$^)
$(BUILD)/tests/bench/libforward.so: tests/bench/forward.c preload/wrapped.def
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -O2 -fPIC -shared -Ipreload -o $@ $<
$(BUILD)/tests/bench/lib%.so: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -O2 -fno-builtin -fPIC -shared -o $@ $<
# Each frame stays a frame, and each pair of malloc and free is made.
$(BUILD)/tests/bench/%: tests/bench/%.c
	@mkdir -p $(@D)
	$(CC) $(BENCH_CFLAGS) -O1 -fno-builtin -fno-optimize-sibling-calls -o $@ $< -lpthread

bench-setup:
	@tests/setup bench
bench: all $(BENCH)
	@tests/bench/bench.py $(if $(QUICK),--quick)
bench-hot: all $(BENCH)
	@tests/bench/hot.py $(if $(NOTE),--note)

# Fuzz targets, by clang: all that they link is compiled so that libFuzzer sees its ways.
FUZZ_CC ?= clang
FUZZ_CFLAGS := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/fuzz/%)
fuzzers: $(FUZZ)
$(BUILD)/fuzz/objects/%.o: %.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(BASE_CFLAGS) -ftls-model=initial-exec -fsanitize=fuzzer-no-link $(FUZZ_CFLAGS) \
		-c $< -o $@
$(BUILD)/fuzz/fuzzed.a: $(UNIT_OBJ:$(BUILD)/%=$(BUILD)/fuzz/objects/%)
	rm -f $@
	ar qcs $@ $^
$(BUILD)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(BUILD)/fuzz/fuzzed.a
	$(FUZZ_CC) $(BASE_CFLAGS) -I. -Ipreload -Ipreload/core -Itools -Itests/unit -fsanitize=fuzzer \
		$(FUZZ_CFLAGS) \
		-o $@ $< $(BUILD)/fuzz/fuzzed.a $(TOOLS_LIBS) -ldl -lpthread -lm

# Storms on the tables, by many threads, under sanitizers: $(BUILD)/storms/KIND/NAME.
STORMS := $(patsubst tests/storms/%.c,%,$(wildcard tests/storms/*.c))
STORM_SRC := $(CORE_SRC) $(filter-out preload/wrap_%.c,$(SHIM_SRC))
STORM_CFLAGS := $(BASE_CFLAGS) -I. -Ipreload -Ipreload/core -ftls-model=initial-exec -O1 -g \
	-fno-omit-frame-pointer $(call cc-option,-Wno-tsan)
define storm_rules
$(BUILD)/storms/$(1)/objects/%.o: %.c
	@mkdir -p $$(@D)
	$(CC) $(STORM_CFLAGS) -fsanitize=$(2) -c $$< -o $$@
$(BUILD)/storms/$(1)/%: $(BUILD)/storms/$(1)/objects/tests/storms/%.o \
		$(STORM_SRC:%.c=$(BUILD)/storms/$(1)/objects/%.o)
	$(CC) -fsanitize=$(2) -o $$@ $$^ -ldl -lpthread -lm
endef
$(eval $(call storm_rules,thread,thread))
$(eval $(call storm_rules,address,address$(comma)undefined))
.SECONDARY:
storms: $(foreach kind,thread address,$(addprefix $(BUILD)/storms/$(kind)/,$(STORMS)))
help:
	@sed -n 's/^#   //p' Makefile

-include $(wildcard $(BUILD)/tests/unit/*.d) $(wildcard $(BUILD)/preload/*.d $(BUILD)/preload/core/*.d $(BUILD)/tools/*.d) \
	$(wildcard $(BUILD)/fuzz/*.d $(BUILD)/fuzz/objects/*/*.d $(BUILD)/fuzz/objects/*/*/*.d) \
	$(wildcard $(BUILD)/storms/*/objects/*/*.d $(BUILD)/storms/*/objects/*/*/*.d)
