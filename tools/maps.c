#include "command.h"
#include "complain.h"
#include "listing.h"
#include "maps_annotate.h"
#include "maps_csv.h"
#include "maps_explain.h"
#include "maps_extended.h"
#include "maps_filter.h"
#include "maps_gdb.h"
#include "maps_group_put.h"
#include "maps_json.h"
#include "maps_pmap.h"
#include "maps_sort.h"
#include "maps_table.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum form { TABLE, PMAP_X, EXTENDED, EXTENDED_ALL, GDB, ANNOTATE, EXPLAIN, JSON, CSV };

enum when { AUTO, ALWAYS, NEVER };

struct maps_command {
	const char *target;
	enum form form;
	bool formed; /* a form was asked for */
	enum when color;
	bool elf;
	enum maps_group_by group;
	struct listing_how how;
	struct maps_filter filter;
	struct maps_order order;
};

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
	KEY_JSON,
	KEY_CSV,
	KEY_ELF,
	KEY_COLOR,
	KEY_PASTED
};

static const struct argp_option options[] = {
	{NULL, 0, NULL, 0, "Which mappings:", 1},
	{"perm", KEY_PERM, "PERM", 0,
		"With at least these letters (x, rw, s; p is not s), or exactly these three or "
		"four "
		"(r-x, r-xp)",
		1},
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
	{"json", KEY_JSON, NULL, 0, "For programs", 3},
	{"csv", KEY_CSV, NULL, 0, "For spreadsheets", 3},
	{"elf", KEY_ELF, NULL, 0,
		"Below each mapping of an ELF file its segment and sections, as `readelf -lS` has "
		"them",
		3},
	{"color", KEY_COLOR, "WHEN", OPTION_ARG_OPTIONAL,
		"By kind: always, never, or auto, which is on a terminal unless NO_COLOR is set",
		3},
	{NULL, 0, NULL, 0, "What is read:", 4},
	{"pasted", KEY_PASTED, NULL, 0,
		"Forgive lost blanks, capitals and notes in lines of maps from a web page or a log",
		4},
	{0},
};

static const char description[] =
	"Shows the mappings of a process, or of a saved text: maps, smaps, pmap's or gdb's "
	"listing, "
	"a "
	"snapshot, or - for standard input.\v"
	"--sort takes start, size, path, kind, perms, owner, rss, pss, shared_clean, shared_dirty, "
	"private_clean, private_dirty, referenced, anonymous, anon_huge, swap, locked, and of a "
	"snapshot live, blocks and retained. Figures are sorted from large to small.\n"
	"\n"
	"Examples:\n"
	"  vmatlas maps --perm wx 4711           what may be written and executed\n"
	"  vmatlas maps --group file 4711        one row per library\n"
	"  vmatlas maps --explain saved.maps     what each line means\n"
	"  vmatlas maps --addr 7f30c2a41f10 4711 what is mapped there\n"
	"  vmatlas maps -X 4711                  as pmap -X, with every key of the kernel's";

/* -- The command line ----------------------------------------------------------------------- */

static void check_argument(const char *option, const char *argument, const char *fault)
{
	if (fault)
		exit(complain_usage(option, "'%s': %s", argument, fault));
}

static void set_form(struct maps_command *command, struct argp_state *state, enum form form)
{
	if (form == EXTENDED && command->formed && command->form == EXTENDED)
		form = EXTENDED_ALL;
	else if (command->formed && command->form != form)
		argp_error(
			state, "only one of -x, -X, --gdb, --annotate, --explain, --json, --csv");
	command->form = form;
	command->formed = true;
}

static void set_group(struct maps_command *command, const char *argument)
{
	if (!strcmp(argument, "file"))
		command->group = MAPS_GROUP_FILE;
	else if (!strcmp(argument, "kind"))
		command->group = MAPS_GROUP_KIND;
	else
		check_argument("--group", argument, "expected file or kind");
}

static void set_color(struct maps_command *command, const char *argument)
{
	if (!argument || !strcmp(argument, "always"))
		command->color = ALWAYS;
	else if (!strcmp(argument, "never"))
		command->color = NEVER;
	else if (!strcmp(argument, "auto"))
		command->color = AUTO;
	else
		check_argument("--color", argument, "expected auto, always or never");
}

static void set_sort(struct maps_command *command, const char *argument)
{
	if (!maps_order_find(&command->order, argument))
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

static error_t parse_form(int key, struct maps_command *command, struct argp_state *state)
{
	switch (key) {
	case 'x':
		set_form(command, state, PMAP_X);
		return 0;
	case 'X':
		set_form(command, state, EXTENDED);
		return 0;
	case KEY_GDB:
	case KEY_ANNOTATE:
	case KEY_EXPLAIN:
	case KEY_JSON:
	case KEY_CSV:
		set_form(command, state,
			key == KEY_GDB        ? GDB
			: key == KEY_ANNOTATE ? ANNOTATE
			: key == KEY_EXPLAIN  ? EXPLAIN
			: key == KEY_JSON     ? JSON
					      : CSV);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_rest(int key, char *argument, struct maps_command *command)
{
	switch (key) {
	case KEY_SORT:
		set_sort(command, argument);
		return 0;
	case KEY_REVERSE:
		command->order.reverse = true;
		return 0;
	case KEY_GROUP:
		set_group(command, argument);
		return 0;
	case KEY_COLOR:
		set_color(command, argument);
		return 0;
	case KEY_ELF:
		command->elf = true;
		return 0;
	case KEY_PASTED:
		command->how.pasted = true;
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static void check_command(const struct maps_command *command, struct argp_state *state)
{
	if (command->group && command->formed && command->form != JSON && command->form != CSV)
		argp_error(state, "--group goes with --json and --csv only");
	if (command->elf && command->formed)
		argp_error(state, "--elf goes with no other form; --json has it anyway");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct maps_command *command = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (command->target)
			argp_error(state, "one process or file at a time");
		command->target = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no process or file given");
		return 0;
	case ARGP_KEY_SUCCESS:
		check_command(command, state);
		return 0;
	}
	if (!parse_filter(key, argument, &command->filter) || !parse_form(key, command, state))
		return 0;
	return parse_rest(key, argument, command);
}

/* -- What it needs -------------------------------------------------------------------------- */

static unsigned needs_of(const struct maps_command *command)
{
	static const unsigned needs[] = {
		[PMAP_X] = LISTING_RSS,
		[EXTENDED] = LISTING_SMAPS,
		[EXTENDED_ALL] = LISTING_SMAPS,
		[GDB] = LISTING_OFFSET,
		[ANNOTATE] = LISTING_FILE,
		[CSV] = 0,
	};
	unsigned perms = command->filter.perms_mask ? LISTING_PERMS : 0;

	return needs[command->form] | maps_order_needs(&command->order) | perms;
}

/* smaps costs ten times what maps costs: only for who wants its figures. */
static bool wants_smaps(const struct maps_command *command)
{
	return (needs_of(command) & (LISTING_RSS | LISTING_SMAPS)) || command->group ||
	       command->form == JSON || command->form == CSV;
}

static int check_listing(const struct maps_command *command, const struct listing *listing)
{
	unsigned missing = needs_of(command) & ~listing->known;

	if (!missing)
		return 0;
	return complain_cannot(command->target, "it does not say %s",
		missing & LISTING_PERMS    ? "which permissions mappings have"
		: missing & LISTING_OFFSET ? "which offset mappings have"
		: missing & LISTING_FILE   ? "which device and inode mappings have"
		: missing & LISTING_RSS    ? "what is resident: that is in smaps"
		: missing & LISTING_SMAPS  ? "what smaps says"
					   : "what is live: that is in snapshots");
}

static bool wants_color(const struct maps_command *command)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (command->color != AUTO)
		return command->color == ALWAYS;
	/* https://no-color.org: set, and not empty. */
	return !(no_color && *no_color) && !(term && !strcmp(term, "dumb")) &&
	       isatty(STDOUT_FILENO);
}

/* -- Showing -------------------------------------------------------------------------------- */

static void select_rows(const struct maps_command *command, struct maps_view *view)
{
	const struct listing *listing = view->listing;

	for (size_t i = 0; i < listing->count; i++)
		if (maps_filter_passes(&command->filter, &listing->row[i]))
			view->row[view->count++] = &listing->row[i];
	maps_order_sort(&command->order, view->row, view->count);
}

static void show_groups(const struct maps_command *command, const struct maps_view *view)
{
	size_t count;
	struct maps_group *group = maps_group_make(view, command->group, &count);

	if (!group)
		view->text->error = ENOMEM;
	else if (command->form == JSON)
		maps_group_json(view, group, count);
	else if (command->form == CSV)
		maps_group_csv(view, group, count);
	else
		maps_group_table(view, group, count);
	free(group);
}

static void show_rows(const struct maps_command *command, const struct maps_view *view)
{
	switch (command->form) {
	case TABLE:
		return maps_table(view);
	case PMAP_X:
		return maps_pmap(view);
	case EXTENDED:
	case EXTENDED_ALL:
		return maps_extended(view, command->form == EXTENDED_ALL);
	case GDB:
		return maps_gdb(view);
	case ANNOTATE:
		return maps_annotate(view);
	case EXPLAIN:
		return maps_explain(view);
	case JSON:
		return maps_json(view);
	case CSV:
		return maps_csv(view);
	}
}

static int write_stream(void *stream, const char *bytes, size_t length)
{
	errno = 0;
	if (fwrite(bytes, 1, length, stream) == length)
		return 0;
	return errno ? errno : EIO;
}

static int show(const struct maps_command *command, const struct listing *listing)
{
	const struct maps_filter *filter = &command->filter;
	char buffer[8192];
	struct text text;
	struct maps_view view = {
		.listing = listing,
		.row = calloc(listing->count, sizeof(struct listing_row *)),
		.text = &text,
		.kinds = filter->kinds,
		.filtered =
			filter->perms_mask || filter->kinds || filter->path || filter->addressed,
		.color = wants_color(command),
		.elf = command->elf,
	};
	int error;

	if (!view.row)
		return complain_errno(command->target, ENOMEM);
	text_init(&text, buffer, sizeof(buffer), write_stream, stdout);
	select_rows(command, &view);
	if (command->group)
		show_groups(command, &view);
	else
		show_rows(command, &view);
	free(view.row);
	error = text_flush(&text);
	return error ? complain_errno("standard output", error) : 0;
}

int maps_main(int argc, char **argv)
{
	const struct argp argp = {options, parse, "PID|FILE", description, NULL, NULL, NULL};
	struct maps_command command = {0};
	struct listing *listing;
	int status;

	argp_err_exit_status = COMPLAIN_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &command);
	command.how.smaps = wants_smaps(&command);
	status = listing_open(command.target, &command.how, &listing);
	if (status)
		return status;
	status = check_listing(&command, listing);
	if (!status)
		status = show(&command, listing);
	listing_free(listing);
	return status;
}
