#include "addr_symbol.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"

/* A module, a listing_module or a vmatlas_module, and its number at the symbolizer's, -1 where its
 * file is not to be had. */
struct known {
	const void *module;
	int number;
};

struct addr_symbols {
	const struct listing *listing;
	const struct view *view;
	struct symbolizer *symbolizer;
	struct known *known;
	size_t count;
};

struct addr_symbols *addr_symbols_open(const struct listing *listing, const struct view *view)
{
	struct addr_symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->listing = listing;
	symbols->view = view;
	symbols->symbolizer = symbolizer_open(NULL);
	if (!symbols->symbolizer) {
		free(symbols);
		return NULL;
	}
	return symbols;
}

void addr_symbols_close(struct addr_symbols *symbols)
{
	if (!symbols)
		return;
	symbolizer_close(symbols->symbolizer);
	free(symbols->known);
	free(symbols);
}

/* -- Modules -------------------------------------------------------------------------------- */

static int add_mapped(struct addr_symbols *symbols, const struct listing_module *module)
{
	char path[2 * PATH_MAX];

	if (listing_module_file(symbols->listing, module, path, sizeof(path)))
		return -1;
	return symbolizer_add(symbols->symbolizer, path, NULL, 0);
}

/* Without a build-id nothing tells that the file is the one that was loaded. */
static int add_loaded(struct addr_symbols *symbols, const struct vmatlas_module *module)
{
	size_t length;
	const char *text = view_string(symbols->view, module->path, &length);
	char *path = length && module->build_id_length ? strndup(text, length) : NULL;
	int number = path ? symbolizer_add(symbols->symbolizer, path, module->build_id,
				    module->build_id_length)
			  : -1;

	free(path);
	return number;
}

/* Which kind of module it is, `mapped` says. */
static int number_of(struct addr_symbols *symbols, const void *module, bool mapped)
{
	struct known *known;

	for (size_t i = 0; i < symbols->count; i++)
		if (symbols->known[i].module == module)
			return symbols->known[i].number;
	known = reallocarray(symbols->known, symbols->count + 1, sizeof(*known));
	if (!known)
		return -1;
	symbols->known = known;
	known[symbols->count] = (struct known){
		module, mapped ? add_mapped(symbols, module) : add_loaded(symbols, module)};
	return known[symbols->count++].number;
}

/* The last that was loaded there. */
static const struct vmatlas_module *loaded_at(const struct view *view, uint64_t address)
{
	const struct vmatlas_module *found = NULL;
	uint32_t count = view ? lane_count(view->modules) : 0;

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_module *module = lane_find(view->modules, id);

		if (module && address >= module->start && address < module->end)
			found = module;
	}
	return found;
}

/* -- An address ----------------------------------------------------------------------------- */

static void put_segment(
	struct addr_symbol *symbol, const struct listing_module *module, uint64_t address)
{
	uint64_t inside;

	symbol->load = listing_module_load_at(module, address);
	symbol->section = listing_module_section_at(module, address);
	if (!symbol->load)
		return;
	inside = symbol->vaddr - symbol->load->vaddr;
	symbol->in_file = inside < symbol->load->filesz;
	symbol->file_offset = symbol->load->offset + inside;
}

/* The module's number, -1 for none. */
static int put_mapped(struct addr_symbols *symbols, const struct listing_module *module,
	uint64_t address, struct addr_symbol *symbol)
{
	const struct maps_line *line = &module->first->line;

	*symbol = (struct addr_symbol){
		.path = line->path,
		.path_length = line->path_length,
		.bias = module->bias,
		.vaddr = address - module->bias,
	};
	put_segment(symbol, module, address);
	return number_of(symbols, module, true);
}

static int put_loaded(struct addr_symbols *symbols, const struct vmatlas_module *module,
	uint64_t address, struct addr_symbol *symbol)
{
	*symbol = (struct addr_symbol){
		.bias = module->bias,
		.vaddr = address - module->bias,
	};
	symbol->path = view_string(symbols->view, module->path, &symbol->path_length);
	return number_of(symbols, module, false);
}

/* Without the version behind it. */
static char *pretty(const char *name)
{
	char *demangled = demangle_name(name);

	return demangled ? demangled : strndup(name, strcspn(name, "@"));
}

/* The innermost frame's; the first that comes. */
static void keep_source(const struct symbolizer_frame *frame, void *context)
{
	struct addr_symbol *symbol = context;

	if (symbol->file || !frame->file)
		return;
	symbol->file = strdup(frame->file);
	symbol->line = frame->line;
}

struct addr_symbol addr_symbol_find(
	struct addr_symbols *symbols, const struct listing_row *row, uint64_t address)
{
	const struct vmatlas_module *loaded =
		!row->module && kind_is_elf(row->kind) ? loaded_at(symbols->view, address) : NULL;
	struct addr_symbol symbol = {.path = NULL};
	int number = -1;

	if (row->module)
		number = put_mapped(symbols, row->module, address, &symbol);
	else if (loaded)
		number = put_loaded(symbols, loaded, address, &symbol);
	if (number < 0)
		return symbol;
	symbol.named =
		!symbolizer_symbol(symbols->symbolizer, number, symbol.vaddr, &symbol.symbol);
	if (symbol.named)
		symbol.name = pretty(symbol.symbol.name);
	if (symbol.named && !symbol.symbol.variable)
		symbolizer_frames(symbols->symbolizer, number, symbol.vaddr, keep_source, &symbol);
	return symbol;
}

void addr_symbol_free(struct addr_symbol *symbol)
{
	free(symbol->name);
	free(symbol->file);
}

int addr_symbol_named(struct addr_symbols *symbols, const char *name, uint64_t *address)
{
	const struct listing_module *last = NULL;
	struct symbolizer_symbol symbol;

	for (size_t i = 0; i < symbols->listing->count; i++) {
		const struct listing_module *module = symbols->listing->row[i].module;
		int number = module && module != last ? number_of(symbols, module, true) : -1;

		last = module;
		if (number < 0 || symbolizer_named(symbols->symbolizer, number, name, &symbol))
			continue;
		*address = symbol.start + module->bias;
		return 0;
	}
	return ENOENT;
}
