#include "maps_options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"

enum {
	KEY_PERM = 0x100,
	KEY_KIND,
	KEY_PATH,
	KEY_ADDR,
	KEY_SORT,
	KEY_REVERSE,
	KEY_GROUP,
	KEY_GDB,
	KEY_ANNOTATE,
	KEY_EXPLAIN,
	KEY_PICTURE,
	KEY_JSON,
	KEY_CSV,
	KEY_ELF,
	KEY_COLOR,
	KEY_PASTED,
	KEY_ASK,
};

static const struct argp_option table[] = {
	{NULL, 0, NULL, 0, "Which mappings:", 1},
	{"perm", KEY_PERM, "PERM", 0,
		"With at least these letters (x, rw; p is not s), or exactly these (r-x, r-xp)", 1},
	{"kind", KEY_KIND, "KIND,...", 0, "Of these kinds: text, heap, thread-stack, ...", 1},
	{"path", KEY_PATH, "TEXT", 0, "With this text in the path, or a path that this glob fits",
		1},
	{"addr", KEY_ADDR, "LOW,HIGH", 0,
		"With a byte from LOW to HIGH, that one not included, or with this one address", 1},
	{NULL, 0, NULL, 0, "In which order:", 2},
	{"sort", KEY_SORT, "WHAT", 0, "By start, size, rss, path, kind, ...: see below", 2},
	{"reverse", KEY_REVERSE, NULL, 0, "The other way round", 2},
	{"group", KEY_GROUP, "file|kind", 0,
		"One row for each file, or kind, with the sums of its r--, r-x and rw- mappings",
		2},
	{NULL, 0, NULL, 0, "How:", 3},
	{NULL, 'x', NULL, 0, "As pmap -x of procps; -X, -XX likewise", 3},
	{NULL, 'X', NULL, OPTION_HIDDEN, NULL, 3},
	{"gdb", KEY_GDB, NULL, 0, "As gdb's `info proc mappings`", 3},
	{"annotate", KEY_ANNOTATE, NULL, 0, "The very text of maps, a tab, and the kind", 3},
	{"explain", KEY_EXPLAIN, NULL, 0, "A sentence for each mapping", 3},
	{"picture", KEY_PICTURE, NULL, 0, "The address space, with a bar for each mapping", 3},
	{"json", KEY_JSON, NULL, 0, "For programs", 3},
	{"csv", KEY_CSV, NULL, 0, "For spreadsheets", 3},
	{"elf", KEY_ELF, NULL, 0,
		"Below each mapping of an ELF file its segment and sections, as readelf -lS", 3},
	{"color", KEY_COLOR, "auto|always|never", OPTION_ARG_OPTIONAL,
		"By kind; auto, the default, is on a terminal unless NO_COLOR is set", 3},
	{NULL, 0, NULL, 0, "What is read:", 4},
	{"pasted", KEY_PASTED, NULL, 0,
		"Forgive lost blanks, capitals and notes in lines of maps from a web page or a log",
		4},
	{"ask", KEY_ASK, NULL, 0,
		"Ask the shim in the process for owners and live bytes, as vmatlas dump does", 4},
	{0},
};

static const char description[] =
	"Shows the mappings of a process, or of a saved text: maps, smaps, what pmap or gdb "
	"printed, or a snapshot; - is standard input.\v"
	"--sort takes start, size, path, kind, perms, owner, rss, pss, shared_clean, shared_dirty, "
	"private_clean, private_dirty, referenced, anonymous, anon_huge, swap, locked, and of a "
	"snapshot live, blocks and retained. Figures are sorted from large to small.\n"
	"\n"
	"Examples:\n"
	"  vmatlas maps --perm wx 4711           what may be written and executed\n"
	"  vmatlas maps --group file 4711        one row per library\n"
	"  vmatlas maps --explain saved.maps     what each line means\n"
	"  vmatlas maps --picture --reverse 4711 the address space, stack on top\n"
	"  vmatlas maps --addr 7f30c2a41f10 4711 what is mapped there\n"
	"  vmatlas maps -XX 4711                 with every key of smaps";

/* -- The command line ----------------------------------------------------------------------- */

static void check_argument(const char *option, const char *argument, const char *fault)
{
	if (fault)
		exit(complain_usage(option, "'%s': %s", argument, fault));
}

static void set_form(struct maps_options *options, struct argp_state *state, enum maps_form form)
{
	if (form == MAPS_EXTENDED && options->formed && options->form == MAPS_EXTENDED)
		form = MAPS_EXTENDED_ALL;
	else if (options->formed && options->form != form)
		argp_error(state, "only one of -x, -X, --gdb, --annotate, --explain, --picture, "
				  "--json, --csv");
	options->form = form;
	options->formed = true;
}

static void set_group(struct maps_options *options, const char *argument)
{
	if (!strcmp(argument, "file"))
		options->group = MAPS_GROUP_FILE;
	else if (!strcmp(argument, "kind"))
		options->group = MAPS_GROUP_KIND;
	else
		check_argument("--group", argument, "expected file or kind");
}

static void set_sort(struct maps_options *options, const char *argument)
{
	if (!maps_order_find(&options->order, argument))
		check_argument("--sort", argument, "no such key; `vmatlas maps --help` lists them");
}

static error_t parse_filter(int key, char *argument, struct maps_filter *filter)
{
	switch (key) {
	case KEY_PERM:
		check_argument("--perm", argument, maps_filter_perms(filter, argument));
		return 0;
	case KEY_KIND:
		check_argument("--kind", argument, maps_filter_kinds(filter, argument));
		return 0;
	case KEY_ADDR:
		check_argument("--addr", argument, maps_filter_addr(filter, argument));
		return 0;
	case KEY_PATH:
		filter->path = argument;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_form(int key, struct maps_options *options, struct argp_state *state)
{
	switch (key) {
	case 'x':
		set_form(options, state, MAPS_PMAP);
		return 0;
	case 'X':
		set_form(options, state, MAPS_EXTENDED);
		return 0;
	case KEY_GDB:
	case KEY_ANNOTATE:
	case KEY_EXPLAIN:
	case KEY_PICTURE:
	case KEY_JSON:
	case KEY_CSV:
		set_form(options, state,
			key == KEY_GDB        ? MAPS_GDB
			: key == KEY_ANNOTATE ? MAPS_ANNOTATE
			: key == KEY_EXPLAIN  ? MAPS_EXPLAIN
			: key == KEY_PICTURE  ? MAPS_PICTURE
			: key == KEY_JSON     ? MAPS_JSON
					      : MAPS_CSV);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_rest(int key, char *argument, struct maps_options *options)
{
	switch (key) {
	case KEY_SORT:
		set_sort(options, argument);
		return 0;
	case KEY_REVERSE:
		options->order.reverse = true;
		return 0;
	case KEY_GROUP:
		set_group(options, argument);
		return 0;
	case KEY_COLOR:
		options->color = color_parse(argument);
		return 0;
	case KEY_ELF:
		options->elf = true;
		return 0;
	case KEY_PASTED:
		options->how.pasted = true;
		return 0;
	case KEY_ASK:
		options->how.ask = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void check_command(const struct maps_options *options, struct argp_state *state)
{
	if (options->group && options->formed && options->form != MAPS_JSON &&
		options->form != MAPS_CSV)
		argp_error(state, "--group goes with --json and --csv only");
	if (options->form == MAPS_PICTURE && !maps_order_by_address(&options->order))
		argp_error(state, "--picture is in the order of addresses");
	if (options->elf && options->formed)
		argp_error(state, "--elf goes with no other form; --json has it anyway");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct maps_options *options = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (options->target)
			argp_error(state, "one process or file at a time");
		options->target = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no process or file given");
		return 0;
	case ARGP_KEY_SUCCESS:
		check_command(options, state);
		return 0;
	}
	if (!parse_filter(key, argument, &options->filter) || !parse_form(key, options, state))
		return 0;
	return parse_rest(key, argument, options);
}

void maps_options_parse(struct maps_options *options, int argc, char **argv)
{
	const struct argp argp = {table, parse, "PID|FILE", description, NULL, NULL, NULL};

	argp_err_exit_status = COMPLAIN_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, options);
}
