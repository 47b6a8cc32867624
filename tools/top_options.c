#include "top_options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "size.h"

enum {
	KEY_ONCE = 0x100,
	KEY_JSON,
	KEY_NO_SOURCE,
	KEY_FILTER,
	DELAY_MS = 2000,
	ROWS_MOST = 1000000000,
};

static const struct argp_option options[] = {
	{"delay", 'd', "SECONDS", 0,
		"Between two pictures (default 2); longer where pictures take the program more "
		"than "
		"1 % of its time",
		1},
	{"view", 'v', "ledger|mappings|stacks|threads|arenas", 0,
		"Begin with this; default: ledger", 1},
	{"sort", 's', "COLUMN", 0, "Sort by it: a heading of the view", 1},
	{"reverse", 'r', NULL, 0, "The other way round", 1},
	{"filter", KEY_FILTER, "TEXT", 0, "Only rows that have this text in name or kind", 1},
	{"no-source", KEY_NO_SOURCE, NULL, 0,
		"Functions only: no files, lines and inlined functions; faster", 1},
	{"once", KEY_ONCE, NULL, 0, "Print the view, and end", 2},
	{"rows", 'n', "N", 0, "Print so many rows at most", 2},
	{"json", KEY_JSON, NULL, 0, "Print it as JSON", 2},
	{0},
};

static const char description[] =
	"Shows the memory of a program that runs under the shim, while it runs.\v"
	"The program is asked for a snapshot, as by `vmatlas dump`, each time; figures are those "
	"of "
	"`vmatlas report`. One thread of it is held up meanwhile, and pictures come so rarely that "
	"this is 1 % of its time at most: the last line says how long one took.\n"
	"\n"
	"Keys: 1 to 5 and Tab choose a view, < and > the column to sort by, R reverses, / filters, "
	"Enter shows a call stack, m begins to tell growth anew, p pauses, ? helps, q ends.\n"
	"\n"
	"Examples:\n"
	"  vmatlas top 1234\n"
	"  vmatlas top -v stacks -s growth 1234\n"
	"  vmatlas top --once -v stacks -n 10 1234\n"
	"  vmatlas top --once --json 1234 | jq .totals";

static unsigned parse_delay(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= 0.1) || seconds > 1e6)
		exit(complain_usage(
			"--delay", "'%s': expected a number of seconds from 0.1", text));
	return (unsigned)(seconds * 1000);
}

static enum top_view parse_view(const char *text)
{
	for (unsigned view = 0; view < TOP_VIEWS; view++)
		if (!strcmp(text, top_form((enum top_view)view)->name))
			return (enum top_view)view;
	exit(complain_usage(
		"--view", "'%s': expected ledger, mappings, stacks, threads or arenas", text));
}

static size_t parse_rows(const char *text)
{
	uint64_t rows;

	if (!size_number(text, ROWS_MOST, &rows) || !rows)
		exit(complain_usage("--rows", "'%s': expected a number from 1", text));
	return (size_t)rows;
}

/* Once the view is known. */
static int parse_sort(enum top_view view, const char *text)
{
	const struct top_form *form = top_form(view);
	char titles[512] = "";

	for (unsigned i = 0; i < top_form_columns(form); i++) {
		const struct top_column *column = &form->column[i];

		if (!strcmp(text, column->title) || (column->key && !strcmp(text, column->key)))
			return (int)i;
		strcat(strcat(titles, i ? ", " : ""), column->key ? column->key : column->title);
	}
	exit(complain_usage("--sort", "'%s': expected one of %s", text, titles));
}

struct parsing {
	struct top_options *options;
	const char *sort;
};

static error_t parse_operand(
	struct top_options *made, int key, char *argument, struct argp_state *state)
{
	if (key == ARGP_KEY_ARG && made->pid)
		argp_error(state, "one process at a time");
	else if (key == ARGP_KEY_ARG)
		made->pid = argument;
	else if (key == ARGP_KEY_NO_ARGS)
		argp_error(state, "no pid given");
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct parsing *parsing = state->input;
	struct top_options *made = parsing->options;

	switch (key) {
	case 'd':
		made->wanted_ms = parse_delay(argument);
		return 0;
	case 'v':
		made->view = parse_view(argument);
		return 0;
	case 's':
		parsing->sort = argument;
		return 0;
	case 'r':
		made->reversed = true;
		return 0;
	case 'n':
		made->rows = parse_rows(argument);
		return 0;
	case KEY_FILTER:
		made->filter = argument;
		return 0;
	case KEY_NO_SOURCE:
		made->plain_names = true;
		return 0;
	case KEY_ONCE:
		made->once = true;
		return 0;
	case KEY_JSON:
		made->json = true;
		return 0;
	}
	return parse_operand(made, key, argument, state);
}

void top_options_parse(struct top_options *made, int argc, char **argv)
{
	const struct argp argp = {options, parse, "PID", description, NULL, NULL, NULL};
	struct parsing parsing = {.options = made};

	*made = (struct top_options){.wanted_ms = DELAY_MS, .sort = -1, .filter = ""};
	argp_err_exit_status = COMPLAIN_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &parsing);
	if (parsing.sort)
		made->sort = parse_sort(made->view, parsing.sort);
	if ((made->json || made->rows) && !made->once)
		exit(complain_usage(made->json ? "--json" : "--rows", "goes with --once"));
	if (!size_number(made->pid, INT32_MAX, &(uint64_t){0}))
		exit(complain_usage(made->pid, "expected the pid of a process"));
}
