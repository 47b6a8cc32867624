#include "diff_options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "size.h"

enum {
	KEY_ROWS = 0x100,
	KEY_MAPPINGS,
	KEY_STACKS,
	KEY_LEAKS,
	KEY_MIN,
	KEY_TOP,
	KEY_SORT,
	KEY_TEXT,
	KEY_JSON,
	KEY_NO_SOURCE,
	KEY_COLOR,
	KEY_PASTED,
	KEY_ASK,
};

static const struct argp_option table[] = {
	{NULL, 0, NULL, 0, "What is shown, if not all that there is:", 1},
	{"rows", KEY_ROWS, NULL, 0, "The rows of the ledger, which sum to the growth of RSS", 1},
	{"mappings", KEY_MAPPINGS, NULL, 0, "Mappings that are new, gone, grown, shrunk, touched",
		1},
	{"stacks", KEY_STACKS, NULL, 0, "Call stacks: what they allocated and mapped", 1},
	{"leaks", KEY_LEAKS, NULL, 0,
		"Call stacks that grew in each interval and keep what they allocated", 1},
	{NULL, 0, NULL, 0, "How much of it:", 2},
	{"min", KEY_MIN, "BYTES", 0,
		"Only what grew or shrank by so much (64K, 1M); the rest is summed up", 2},
	{"top", KEY_TOP, "N", 0, "So many of each list (default 20; with --json all)", 2},
	{"sort", KEY_SORT, "rss|live|size", 0,
		"By growth of this; else mappings by rss, call stacks by live", 2},
	{NULL, 0, NULL, 0, "How:", 3},
	{"text", KEY_TEXT, NULL, 0, "For people; the default", 3},
	{"json", KEY_JSON, NULL, 0, "For programs", 3},
	{"no-source", KEY_NO_SOURCE, NULL, 0,
		"Functions only: no files, lines and inlined functions; faster", 3},
	COLOR_OPTION(KEY_COLOR, 3),
	{"output", 'o', "FILE", 0, "Write to FILE, which appears when it is whole", 3},
	{NULL, 0, NULL, 0, "What is read:", 4},
	{"pasted", KEY_PASTED, NULL, 0,
		"Forgive lost blanks, capitals and notes in lines of maps from a web page or a log",
		4},
	{"ask", KEY_ASK, NULL, 0, "Of a process, ask its shim for a snapshot", 4},
	{0},
};

static const char description[] =
	"Shows how a process grew from one moment to another: by row of the ledger, mapping and "
	"call stack.\v"
	"OLD and NEW are snapshots, or saved lists of mappings (maps, smaps, what pmap or gdb "
	"printed), or a process; - is standard input. Of more than two, the first is compared "
	"with the last, and those in between say what grew all the time.\n"
	"\n"
	"Mappings are listed from 256K, or 1 % of all that changed if that is more; with --json "
	"all of them.\n"
	"\n"
	"Examples:\n"
	"  vmatlas diff a.snapshot b.snapshot\n"
	"  vmatlas diff --leaks 1.snapshot 2.snapshot 3.snapshot 4.snapshot\n"
	"  cp /proc/4711/smaps before; sleep 60; vmatlas diff before 4711\n"
	"  vmatlas diff --json a.snapshot b.snapshot | jq .growth.rss";

/* -- Values --------------------------------------------------------------------------------- */

static uint64_t parse_bytes(const char *text)
{
	uint64_t bytes = 0;
	const char *fault = size_bytes(text, &bytes);

	if (fault)
		exit(complain_usage("--min", "'%s': %s", text, fault));
	return bytes;
}

static uint32_t parse_count(const char *text)
{
	uint64_t count = 0;

	if (!size_number(text, UINT32_MAX, &count) || !count)
		exit(complain_usage("--top", "'%s': expected a number from 1", text));
	return (uint32_t)count;
}

static enum diff_sort parse_sort(const char *text)
{
	static const char *const names[] = {
		[DIFF_SORT_RSS] = "rss", [DIFF_SORT_LIVE] = "live", [DIFF_SORT_SIZE] = "size"};

	for (unsigned i = DIFF_SORT_RSS; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(text, names[i]))
			return (enum diff_sort)i;
	exit(complain_usage("--sort", "'%s': expected rss, live or size", text));
}

/* -- Options -------------------------------------------------------------------------------- */

static error_t parse_section(int key, struct diff_options *options)
{
	static const unsigned sections[] = {
		DIFF_SECTION_ROWS, DIFF_SECTION_MAPPINGS, DIFF_SECTION_STACKS, DIFF_SECTION_LEAKS};

	if (key < KEY_ROWS || key > KEY_LEAKS)
		return ARGP_ERR_UNKNOWN;
	options->sections |= sections[key - KEY_ROWS];
	return 0;
}

static error_t parse_amount(int key, const char *argument, struct diff_options *options)
{
	switch (key) {
	case KEY_MIN:
		options->least = parse_bytes(argument);
		options->least_given = true;
		return 0;
	case KEY_TOP:
		options->top = parse_count(argument);
		return 0;
	case KEY_SORT:
		options->sort = parse_sort(argument);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_form(int key, const char *argument, struct diff_options *options)
{
	switch (key) {
	case KEY_TEXT:
	case KEY_JSON:
		options->json = key == KEY_JSON;
		return 0;
	case KEY_NO_SOURCE:
		options->plain_names = true;
		return 0;
	case KEY_COLOR:
		options->color = color_parse(argument);
		return 0;
	case 'o':
		options->output = argument;
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

/* Standard input has one end. */
static void check_targets(const struct diff_options *options, struct argp_state *state)
{
	unsigned standard = 0;

	if (options->targets < 2)
		argp_error(state, "two moments are needed: OLD and NEW");
	for (unsigned i = 0; i < options->targets; i++)
		standard += !strcmp(options->target[i], "-");
	if (standard > 1)
		argp_error(state, "standard input can be read once");
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct diff_options *options = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (options->targets == DIFF_TARGETS)
			argp_error(state, "no more than %d at a time", DIFF_TARGETS);
		options->target[options->targets++] = argument;
		return 0;
	case ARGP_KEY_END:
		check_targets(options, state);
		return 0;
	}
	if (!parse_section(key, options) || !parse_amount(key, argument, options))
		return 0;
	return parse_form(key, argument, options);
}

void diff_options_parse(struct diff_options *options, int argc, char **argv)
{
	const struct argp argp = {table, parse, "OLD NEW...", description, NULL, NULL, NULL};

	argp_err_exit_status = COMPLAIN_USAGE;
	options->how.smaps = true;
	argp_parse(&argp, argc, argv, 0, NULL, options);
}

bool diff_options_shows(const struct diff_options *options, enum diff_section section)
{
	return !options->sections || options->sections & section;
}
