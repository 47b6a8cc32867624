#include "inlines.h"

#include "demangle.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* A compiler that inlines deeper than this has written a damaged file. */
#define DEPTH_MOST 256

/* One walk, from the innermost function outward. */
struct walk {
	const struct unit *unit;
	struct symbolizer_frame frame; /* where the walk has got to */
	char path[PATH_MAX];           /* what frame.file may point to */
};

static int number_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value) != 0)
		return 0;
	return value <= INT_MAX ? (int)value : 0;
}

static const char *text_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;

	return dwarf_formstring(dwarf_attr_integrate(die, name, &attribute));
}

/* Names are relative to the compiler's directory where the line table did not say otherwise. */
static void put_file(struct walk *walk, const char *file)
{
	const char *directory = text_of(walk->unit->die, DW_AT_comp_dir);

	walk->frame.file = file;
	if (!file || *file == '/' || !directory)
		return;
	snprintf(walk->path, sizeof(walk->path), "%s/%s", directory, file);
	walk->frame.file = walk->path;
}

static void put_place(struct walk *walk)
{
	Dwarf_Line *line = dwarf_getsrc_die(walk->unit->die, walk->unit->address);

	if (!line)
		return;
	put_file(walk, dwarf_linesrc(line, NULL, NULL));
	dwarf_lineno(line, &walk->frame.line);
	dwarf_linecol(line, &walk->frame.column);
}

/* Where an inlined function was called is where its caller is. */
static void put_call(struct walk *walk, Dwarf_Die *inlined)
{
	size_t number = (size_t)number_of(inlined, DW_AT_call_file), count = 0;
	Dwarf_Files *files;

	walk->frame.file = NULL;
	walk->frame.line = number_of(inlined, DW_AT_call_line);
	walk->frame.column = number_of(inlined, DW_AT_call_column);
	if (dwarf_hasattr(inlined, DW_AT_call_file) &&
		dwarf_getsrcfiles(walk->unit->die, &files, &count) == 0 && number < count)
		put_file(walk, dwarf_filesrc(files, number, NULL, NULL));
}

/* A C function's symbol may be another name for the same code, or have a compiler's suffix. */
static const char *mangled_only(const char *symbol)
{
	return symbol && symbol[0] == '_' && (symbol[1] == 'Z' || symbol[1] == 'R') ? symbol : NULL;
}

static void tell(struct walk *walk, Dwarf_Die *die, const char *symbol, symbolizer_found *found,
	void *context)
{
	const char *linkage = text_of(die, DW_AT_linkage_name), *name = dwarf_diename(die);
	char *demangled;

	if (!linkage)
		linkage = text_of(die, DW_AT_MIPS_linkage_name);
	if (linkage)
		symbol = linkage;
	demangled = symbol ? demangle_name(symbol) : NULL;
	walk->frame.symbol = symbol ? symbol : name;
	walk->frame.function = demangled ? demangled : name ? name : symbol;
	walk->frame.inlined = dwarf_tag(die) == DW_TAG_inlined_subroutine;
	found(&walk->frame, context);
	free(demangled);
}

/* The child that holds the address. Only such children matter as can hold inlined functions; a
 * nested function has code of its own, elsewhere. */
static bool find_inner(Dwarf_Die *outer, Dwarf_Addr address, Dwarf_Die *inner)
{
	int more = dwarf_child(outer, inner);

	for (; more == 0; more = dwarf_siblingof(inner, inner)) {
		int tag = dwarf_tag(inner);

		if ((tag == DW_TAG_inlined_subroutine || tag == DW_TAG_lexical_block ||
			    tag == DW_TAG_try_block || tag == DW_TAG_catch_block) &&
			dwarf_haspc(inner, address) > 0)
			return true;
	}
	return false;
}

/* Leaves the function and what is inlined at the address, outermost first; returns how many. */
static int descend(const struct unit *unit, Dwarf_Die *functions)
{
	Dwarf_Die die = *unit->function, inner;
	int count = 0;

	functions[count++] = die;
	while (count < DEPTH_MOST && find_inner(&die, unit->address, &inner)) {
		die = inner;
		if (dwarf_tag(&die) == DW_TAG_inlined_subroutine)
			functions[count++] = die;
	}
	return count;
}

int inlines_walk(
	const struct unit *unit, const char *symbol, symbolizer_found *found, void *context)
{
	struct walk walk = {.unit = unit};
	Dwarf_Die functions[DEPTH_MOST];
	int count = unit->function ? descend(unit, functions) : 0;

	put_place(&walk);
	for (int i = count - 1; i > 0; i--) {
		tell(&walk, &functions[i], NULL, found, context);
		put_call(&walk, &functions[i]);
	}
	if (count > 0)
		tell(&walk, &functions[0], mangled_only(symbol), found, context);
	return count;
}
