#include "units.h"

#include "dieranges.h"

#include <dwarf.h>
#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>

struct units {
	Dwfl_Module *module;
	Dwarf_Addr bias;
	bool read;
	struct dieranges ranges; /* of the units */
	void *functions;         /* tree of struct functions, see tsearch(3) */
};

/* The functions of a unit that was asked about. */
struct functions {
	void *unit; /* where the unit's DIE lies in memory: its identity */
	struct dieranges ranges;
};

struct units *units_new(Dwfl_Module *module)
{
	struct units *units = calloc(1, sizeof(*units));

	if (units)
		units->module = module;
	return units;
}

static void functions_free(void *node)
{
	struct functions *functions = node;

	dieranges_free(&functions->ranges);
	free(functions);
}

void units_free(struct units *units)
{
	if (!units)
		return;
	tdestroy(units->functions, functions_free);
	dieranges_free(&units->ranges);
	free(units);
}

static int read_units(struct units *units)
{
	Dwarf_Die *unit = NULL;
	int error = 0;

	units->read = true;
	while (!error && (unit = dwfl_module_nextcu(units->module, unit, &units->bias)))
		error = dieranges_add(&units->ranges, unit);
	dieranges_sort(&units->ranges);
	return error;
}

static int compare(const void *one, const void *other)
{
	const struct functions *a = one, *b = other;

	return a->unit < b->unit ? -1 : a->unit > b->unit;
}

/* With -gsplit-dwarf the file has skeletons, and the functions are in a .dwo file. */
static Dwarf_Die *whole_unit(Dwarf_Die *unit, Dwarf_Die *split)
{
	uint8_t type;

	if (dwarf_cu_info(unit->cu, NULL, &type, NULL, split, NULL, NULL, NULL) == 0 &&
		type == DW_UT_skeleton && split->addr)
		return split;
	return unit;
}

static int read_functions(struct functions *functions, Dwarf_Die *unit)
{
	Dwarf_Die split;
	int error = dieranges_add_functions(&functions->ranges, whole_unit(unit, &split));

	dieranges_sort(&functions->ranges);
	return error;
}

static const struct functions *find_functions(struct units *units, Dwarf_Die *unit)
{
	struct functions wanted = {.unit = unit->addr}, *functions;
	struct functions **known = tfind(&wanted, &units->functions, compare);

	if (known)
		return *known;
	functions = calloc(1, sizeof(*functions));
	if (!functions)
		return NULL;
	functions->unit = unit->addr;
	if (read_functions(functions, unit) == 0 && tsearch(functions, &units->functions, compare))
		return functions;
	functions_free(functions);
	return NULL;
}

int units_find(struct units *units, Dwarf_Addr address, struct unit *unit)
{
	int error = units->read ? 0 : read_units(units);
	const struct functions *functions;
	Dwarf_Die *die;

	if (error)
		return error;
	die = dieranges_find(&units->ranges, address - units->bias);
	if (!die)
		return ENOENT;
	functions = find_functions(units, die);
	if (!functions)
		return ENOMEM;
	unit->die = die;
	unit->address = address - units->bias;
	unit->function = dieranges_find(&functions->ranges, unit->address);
	return 0;
}
