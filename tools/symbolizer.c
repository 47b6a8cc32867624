#include "symbolizer.h"

#include "debugfile.h"
#include "demangle.h"
#include "inlines.h"
#include "symbolindex.h"
#include "units.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Beside the file, in .debug there, and where Debian's -dbgsym packages put theirs. */
#define DEBUG_PATH_USUAL ":.debug:/usr/lib/debug"

/* Each module has a Dwfl of its own: modules of one process can have lain at the same addresses one
 * after the other, and in a Dwfl of its own a module's addresses are those of its headers. */
struct module {
	char *path;
	uint8_t *build_id;
	size_t build_id_size;
	bool opened;
	enum symbolizer_state state;
	Dwfl *dwfl;
	Dwfl_Module *dwfl_module; /* NULL unless there is a file to read */
	struct units *units;      /* the same */
	/* Of code and of data; NULL until they are needed. */
	struct symbolindex *index[2];
};

struct symbolizer {
	char *debug_path;
	Dwfl_Callbacks callbacks;
	struct module **modules;
	size_t count;
};

struct symbolizer *symbolizer_open(const char *debug_path)
{
	struct symbolizer *symbolizer = calloc(1, sizeof(*symbolizer));

	if (!symbolizer)
		return NULL;
	symbolizer->debug_path = strdup(debug_path ? debug_path : DEBUG_PATH_USUAL);
	if (!symbolizer->debug_path) {
		free(symbolizer);
		return NULL;
	}
	/* What a network says about this machine's files is no business of a report. */
	unsetenv("DEBUGINFOD_URLS");
	symbolizer->callbacks.find_elf = dwfl_build_id_find_elf;
	symbolizer->callbacks.find_debuginfo = dwfl_standard_find_debuginfo;
	symbolizer->callbacks.debuginfo_path = &symbolizer->debug_path;
	return symbolizer;
}

static void module_free(struct module *module)
{
	if (!module)
		return;
	symbolindex_free(module->index[SYMBOLINDEX_CODE]);
	symbolindex_free(module->index[SYMBOLINDEX_DATA]);
	units_free(module->units);
	if (module->dwfl)
		dwfl_end(module->dwfl);
	free(module->build_id);
	free(module->path);
	free(module);
}

void symbolizer_close(struct symbolizer *symbolizer)
{
	if (!symbolizer)
		return;
	for (size_t i = 0; i < symbolizer->count; i++)
		module_free(symbolizer->modules[i]);
	free(symbolizer->modules);
	free(symbolizer->debug_path);
	free(symbolizer);
}

static struct module *module_new(const char *path, const uint8_t *build_id, size_t size)
{
	struct module *module = calloc(1, sizeof(*module));

	if (!module)
		return NULL;
	module->path = strdup(path);
	module->build_id = malloc(size + 1);
	if (!module->path || !module->build_id) {
		module_free(module);
		return NULL;
	}
	if (size)
		memcpy(module->build_id, build_id, size);
	module->build_id_size = size;
	return module;
}

int symbolizer_add(struct symbolizer *symbolizer, const char *path, const uint8_t *build_id,
	size_t build_id_size)
{
	struct module *module = module_new(path, build_id, build_id_size);
	struct module **modules =
		reallocarray(symbolizer->modules, symbolizer->count + 1, sizeof(struct module *));

	if (modules)
		symbolizer->modules = modules;
	if (!modules || !module) {
		module_free(module);
		return -1;
	}
	modules[symbolizer->count] = module;
	return (int)symbolizer->count++;
}

/* The descriptor becomes the Dwfl's if it takes the file. */
static void read_file(
	struct symbolizer *symbolizer, struct module *module, int descriptor, const char *name)
{
	module->dwfl = dwfl_begin(&symbolizer->callbacks);
	if (module->dwfl) {
		dwfl_report_begin(module->dwfl);
		module->dwfl_module =
			dwfl_report_elf(module->dwfl, module->path, name, descriptor, 0, true);
		dwfl_report_end(module->dwfl, NULL, NULL);
	}
	if (module->dwfl_module) {
		module->units = units_new(module->dwfl_module);
	} else {
		close(descriptor);
		module->state = SYMBOLIZER_DAMAGED;
	}
}

static struct module *module_open(struct symbolizer *symbolizer, int number)
{
	struct module *module = symbolizer->modules[number];
	char name[PATH_MAX];
	int descriptor = -1;

	if (module->opened)
		return module;
	module->opened = true;
	module->state = debugfile_open(module->path, module->build_id, module->build_id_size,
		symbolizer->debug_path, &descriptor, name);
	if (descriptor >= 0)
		read_file(symbolizer, module, descriptor, name);
	return module;
}

enum symbolizer_state symbolizer_module_state(struct symbolizer *symbolizer, int module)
{
	return module_open(symbolizer, module)->state;
}

const char *symbolizer_state_text(enum symbolizer_state state)
{
	switch (state) {
	case SYMBOLIZER_READY:
		return "";
	case SYMBOLIZER_UNVERIFIED:
		return "the file has no build-id to compare";
	case SYMBOLIZER_MISSING:
		return "the file is not there";
	case SYMBOLIZER_CHANGED:
		return "the file has changed since";
	case SYMBOLIZER_DAMAGED:
		return "the file is damaged";
	}
	return "unknown";
}

static struct symbolindex *index_of(struct module *module, enum symbolindex_what what)
{
	if (!module->index[what])
		module->index[what] = symbolindex_read(module->dwfl_module, what);
	return module->index[what];
}

static const char *find_symbol(struct module *module, uint64_t address)
{
	struct symbolindex *index = index_of(module, SYMBOLINDEX_CODE);
	const struct symbolindex_symbol *symbol = index ? symbolindex_find(index, address) : NULL;

	return symbol ? symbol->name : NULL;
}

static int tell_symbol(const char *symbol, symbolizer_found *found, void *context)
{
	struct symbolizer_frame frame = {.symbol = symbol};
	char *demangled;

	if (!symbol)
		return 0;
	demangled = demangle_name(symbol);
	frame.function = demangled ? demangled : symbol;
	found(&frame, context);
	free(demangled);
	return 1;
}

int symbolizer_frames(struct symbolizer *symbolizer, int number, uint64_t address,
	symbolizer_found *found, void *context)
{
	struct module *module = module_open(symbolizer, number);
	const char *symbol;
	struct unit unit;
	int told = 0;

	if (!module->dwfl_module)
		return 0;
	symbol = find_symbol(module, address);
	if (module->units && units_find(module->units, address, &unit) == 0)
		told = inlines_walk(&unit, symbol, found, context);
	return told ? told : tell_symbol(symbol, found, context);
}

static int give(const struct symbolindex_symbol *found, enum symbolindex_what what,
	struct symbolizer_symbol *symbol)
{
	*symbol = (struct symbolizer_symbol){
		.name = found->name,
		.start = found->start,
		.size = found->sized ? found->size : 0,
		.variable = what == SYMBOLINDEX_DATA,
	};
	return 0;
}

/* By its name where there is one, else by the address. */
static int look_up(
	struct module *module, const char *name, uint64_t address, struct symbolizer_symbol *symbol)
{
	static const enum symbolindex_what whats[] = {SYMBOLINDEX_CODE, SYMBOLINDEX_DATA};

	for (int i = 0; module->dwfl_module && i < 2; i++) {
		const struct symbolindex *index = index_of(module, whats[i]);
		const struct symbolindex_symbol *found = NULL;

		if (index)
			found = name ? symbolindex_named(index, name)
				     : symbolindex_find(index, address);
		if (found)
			return give(found, whats[i], symbol);
	}
	return ENOENT;
}

int symbolizer_symbol(struct symbolizer *symbolizer, int number, uint64_t address,
	struct symbolizer_symbol *symbol)
{
	return look_up(module_open(symbolizer, number), NULL, address, symbol);
}

int symbolizer_named(struct symbolizer *symbolizer, int number, const char *name,
	struct symbolizer_symbol *symbol)
{
	return look_up(module_open(symbolizer, number), name, 0, symbol);
}

int symbolizer_address(
	struct symbolizer *symbolizer, int number, uint64_t offset, uint64_t *address)
{
	struct module *module = module_open(symbolizer, number);
	GElf_Addr bias = 0;
	GElf_Phdr header;
	size_t count = 0;
	Elf *elf;

	elf = module->dwfl_module ? dwfl_module_getelf(module->dwfl_module, &bias) : NULL;
	if (!elf || elf_getphdrnum(elf, &count) != 0)
		return ENOENT;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(elf, (int)i, &header) && header.p_type == PT_LOAD &&
			offset >= header.p_offset && offset - header.p_offset < header.p_filesz) {
			*address = offset - header.p_offset + header.p_vaddr + bias;
			return 0;
		}
	return ENOENT;
}
