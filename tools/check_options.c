#include "check_options.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"

/* The rules have KEY_RULE, KEY_RULE + 1 and so on, in the order of their forms. */
enum { KEY_SINCE = 0x100, KEY_RULES, KEY_JSON, KEY_COLOR, KEY_RULE };

static const struct argp_option others[] = {
	{NULL, 0, NULL, 0, "More:", 2},
	{"rules", KEY_RULES, "FILE", 0, "Read rules from FILE, one in a line, # before comments",
		2},
	{"since", KEY_SINCE, "OLD", 0, "What --max-growth compares with: a file of an earlier time",
		2},
	{"verbose", 'v', NULL, 0, "A line for each rule that holds, too", 2},
	COLOR_OPTION(KEY_COLOR, 2),
	{"json", KEY_JSON, NULL, 0, "For programs: every rule, with its figure", 2},
};

static const char description[] =
	"Holds what a snapshot, a JSON report, a saved maps or smaps, or a process says against "
	"rules, for tests and CI: a line for each rule that is broken, and exit status 1.\v"
	"SIZE is bytes, or K, M, G, T. N% of --max-growth is of what was before, elsewhere of RSS. "
	"NAME is a row of the ledger (retained, mmapped, thread-stacks, ...), a kind of mapping "
	"(heap: its address space; heap.rss: what is resident of it), or a total (rss, live_bytes, "
	"peak_live_bytes, ...).\n"
	"\n"
	"Examples:\n"
	"  vmatlas check a.snapshot --max-unexplained 1% --max-retained 20%\n"
	"  vmatlas check --no-wx --max-rss 200M 4711\n"
	"  vmatlas check new.snapshot --since old.snapshot --max-growth heap=1M\n"
	"  vmatlas check --rules ci.rules report.json";

static void add_rule(struct check_options *options, int key, const char *argument)
{
	const char *name = check_forms[key - KEY_RULE].name;
	const char *fault = check_rules_add(&options->rules, name, argument);
	char option[40] = "--";

	if (!fault)
		return;
	strncat(option, name, sizeof(option) - 3);
	exit(complain_usage(option, "'%s': %s", argument ? argument : "", fault));
}

static void check_command(const struct check_options *options, struct argp_state *state)
{
	if (!options->rules.count)
		argp_error(state, "no rule given");
	if (check_rules_compare(&options->rules) && !options->since)
		argp_error(state, "--max-growth needs --since OLD");
	if (options->json && options->verbose)
		argp_error(state, "--json has every rule anyway, without -v");
}

static void read_rules(struct check_options *options, const char *path)
{
	int status = check_rules_read(&options->rules, path);

	if (status)
		exit(status);
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct check_options *options = state->input;

	switch (key) {
	case KEY_SINCE:
		options->since = argument;
		return 0;
	case KEY_RULES:
		read_rules(options, argument);
		return 0;
	case KEY_JSON:
		options->json = true;
		return 0;
	case KEY_COLOR:
		options->color = color_parse(argument);
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	case ARGP_KEY_ARG:
		if (options->target)
			argp_error(state, "one file at a time");
		options->target = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no file given");
		return 0;
	case ARGP_KEY_SUCCESS:
		check_command(options, state);
		return 0;
	}
	if (key < KEY_RULE || key >= KEY_RULE + CHECK_FORMS)
		return ARGP_ERR_UNKNOWN;
	add_rule(options, key, argument);
	return 0;
}

/* A heading, the rules, the other options, and the zeros at the end, which are there. */
static void fill(struct argp_option *table)
{
	*table++ = (struct argp_option){.doc = "Rules:", .group = 1};
	for (int i = 0; i < CHECK_FORMS; i++)
		*table++ = (struct argp_option){.name = check_forms[i].name,
			.key = KEY_RULE + i,
			.arg = check_forms[i].argument,
			.doc = check_forms[i].help,
			.group = 1};
	memcpy(table, others, sizeof(others));
}

void check_options_parse(struct check_options *options, int argc, char **argv)
{
	struct argp_option table[1 + CHECK_FORMS + sizeof(others) / sizeof(*others) + 1] = {0};
	const struct argp argp = {table, parse, "FILE|PID", description, NULL, NULL, NULL};

	fill(table);
	argp_err_exit_status = COMPLAIN_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, options);
}
