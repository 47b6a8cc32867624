#include "color.h"
#include "command.h"
#include "complain.h"
#include "framenames.h"
#include "html.h"
#include "outfile.h"
#include "paint.h"
#include "report_stream.h"
#include "snapshot.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEY_JSON = 0x100, KEY_TEXT, KEY_HTML, KEY_BLOCKS, KEY_NO_SOURCE, KEY_STACKS, KEY_COLOR };

struct report_command {
	char **paths; /* of the snapshots, in the arguments of the command */
	uint32_t count;
	const char *output;
	enum color color;
	bool json, html, plain_names;
	struct report_options options;
};

static const struct argp_option options[] = {
	{"text", KEY_TEXT, NULL, 0, "For people; the default", 1},
	{"json", KEY_JSON, NULL, 0, "For programs", 1},
	{"html", KEY_HTML, NULL, 0,
		"A page for a browser, with all that it needs in it; of several snapshots, too", 1},
	{"blocks", KEY_BLOCKS, NULL, 0, "List every live block", 1},
	{"stacks", KEY_STACKS, "N", 0, "Show so many call stacks in the text (default 20)", 1},
	{"no-source", KEY_NO_SOURCE, NULL, 0,
		"Functions only: no files, lines and inlined functions; faster", 1},
	COLOR_OPTION(KEY_COLOR, 1),
	{"output", 'o', "FILE", 0, "Write to FILE, which appears when it is whole", 1},
	{0},
};

static const char description[] =
	"Shows a snapshot, as a report for people, as JSON, or as a page to look around in.\v"
	"Names are demangled and come with file and line, by the debug information on this "
	"machine: "
	"in the program's files or in separate ones (/usr/lib/debug), found by build-id.\n"
	"\n"
	"Examples:\n"
	"  vmatlas run -f snapshot -o a.snapshot sort big.txt && vmatlas report a.snapshot\n"
	"  vmatlas report --json a.snapshot | jq .totals\n"
	"  vmatlas report --html -o a.html 1.snapshot 2.snapshot 3.snapshot";

static uint32_t parse_count(const char *text)
{
	char *end;
	unsigned long count = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !count || count > UINT32_MAX)
		exit(complain_usage("--stacks", "'%s': expected a number from 1", text));
	return (uint32_t)count;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct report_command *command = state->input;

	switch (key) {
	case KEY_JSON:
	case KEY_TEXT:
	case KEY_HTML:
		command->json = key == KEY_JSON;
		command->html = key == KEY_HTML;
		return 0;
	case KEY_BLOCKS:
		command->options.blocks = true;
		return 0;
	case KEY_NO_SOURCE:
		command->plain_names = true;
		return 0;
	case KEY_STACKS:
		command->options.stacks = parse_count(argument);
		return 0;
	case KEY_COLOR:
		command->color = color_parse(argument);
		return 0;
	case 'o':
		command->output = argument;
		return 0;
	case ARGP_KEY_ARG:
		command->paths[command->count++] = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no snapshot given");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* -- Text and JSON -------------------------------------------------------------------------- */

static int write_named(struct report_command *command, const struct atlas *atlas, const char *path)
{
	struct framenames *framenames = framenames_open(atlas->view, !command->plain_names);
	struct paint paint = {
		.wanted = !command->json && color_wanted(command->color, command->output)};
	struct outfile outfile;
	struct names names;
	int error, status, closing;

	if (!framenames)
		return complain_errno(path, ENOMEM);
	names = framenames_names(framenames);
	status = outfile_open(&outfile, command->output);
	if (!status) {
		paint.stream = outfile.stream;
		error = report_stream(command->json ? report_json : report_text, atlas, &names,
			&command->options, paint_sink, &paint);
		if (error)
			status = complain_errno(
				command->output ? command->output : "standard output", error);
		closing = outfile_close(&outfile, !status);
		status = status ? status : closing;
	}
	if (!status)
		framenames_tell(framenames);
	framenames_close(framenames);
	return status;
}

static int show_view(struct report_command *command, const struct snapshot *snapshot)
{
	const char *path = command->paths[0];
	struct view view = *snapshot_view(snapshot);
	uint32_t mappings = snapshot_mappings(snapshot);
	size_t size = atlas_memory(&view, mappings);
	void *memory = calloc(1, size);
	struct atlas atlas;
	int status;

	if (!memory)
		return complain_errno(path, ENOMEM);
	view.complete &= atlas_make(&atlas, &view, memory, size, mappings) == 0;
	status = write_named(command, &atlas, path);
	free(memory);
	return status;
}

static int show(struct report_command *command)
{
	struct snapshot *snapshot;
	int status;

	if (command->count > 1)
		return complain_usage(command->paths[1],
			"one snapshot at a time, but for --html; `vmatlas diff` compares them");
	status = snapshot_open(command->paths[0], &snapshot);
	if (status)
		return status;
	status = show_view(command, snapshot);
	snapshot_free(snapshot);
	return status;
}

/* -- The page ------------------------------------------------------------------------------- */

static int show_html(const struct report_command *command)
{
	if (!html_available())
		return complain_usage("--html",
			"this vmatlas was built without the page (`make web` builds it in)");
	if (!command->output && isatty(STDOUT_FILENO))
		return complain_usage(
			"standard output", "a terminal; a page is for files: -o FILE");
	return html_write(command->paths, command->count, command->output, !command->plain_names);
}

int report_main(int argc, char **argv)
{
	const struct argp argp = {options, parse, "FILE...", description, NULL, NULL, NULL};
	struct report_command command = {.paths = calloc((size_t)argc + 1, sizeof(char *))};
	int status;

	argp_err_exit_status = COMPLAIN_USAGE;
	if (!command.paths)
		return complain_errno("snapshots", ENOMEM);
	argp_parse(&argp, argc, argv, 0, NULL, &command);
	status = command.html ? show_html(&command) : show(&command);
	free(command.paths);
	return status;
}
