#include "addr_symbol.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"

/* A module and its number at the symbolizer's, -1 where its file is not to be had. */
struct known {
	const struct listing_module *module;
	int number;
};

struct addr_symbols {
	const struct listing *listing;
	struct symbolizer *symbolizer;
	struct known *known;
	size_t count;
};

struct addr_symbols *addr_symbols_open(const struct listing *listing)
{
	struct addr_symbols *symbols = calloc(1, sizeof(*symbols));

	if (!symbols)
		return NULL;
	symbols->listing = listing;
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

static int add_module(struct addr_symbols *symbols, const struct listing_module *module)
{
	char path[2 * PATH_MAX];

	if (listing_module_file(symbols->listing, module, path, sizeof(path)))
		return -1;
	return symbolizer_add(symbols->symbolizer, path, NULL, 0);
}

static int number_of(struct addr_symbols *symbols, const struct listing_module *module)
{
	struct known *known;

	for (size_t i = 0; i < symbols->count; i++)
		if (symbols->known[i].module == module)
			return symbols->known[i].number;
	known = reallocarray(symbols->known, symbols->count + 1, sizeof(*known));
	if (!known)
		return -1;
	symbols->known = known;
	known[symbols->count] = (struct known){module, add_module(symbols, module)};
	return known[symbols->count++].number;
}

/* -- An address ----------------------------------------------------------------------------- */

static void put_place(struct addr_symbol *symbol, uint64_t address)
{
	const struct listing_module *module = symbol->module;
	uint64_t inside;

	symbol->vaddr = address - module->bias;
	symbol->load = listing_module_load_at(module, address);
	symbol->section = listing_module_section_at(module, address);
	if (!symbol->load)
		return;
	inside = symbol->vaddr - symbol->load->vaddr;
	symbol->in_file = inside < symbol->load->filesz;
	symbol->file_offset = symbol->load->offset + inside;
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
	struct addr_symbol symbol = {.module = row->module};
	int number;

	if (!symbol.module)
		return symbol;
	put_place(&symbol, address);
	number = number_of(symbols, symbol.module);
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
		int number = module && module != last ? number_of(symbols, module) : -1;

		last = module;
		if (number < 0 || symbolizer_named(symbols->symbolizer, number, name, &symbol))
			continue;
		*address = symbol.start + module->bias;
		return 0;
	}
	return ENOENT;
}
