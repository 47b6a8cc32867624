#include "command.h"
#include "complain.h"
#include "framenames.h"
#include "outfile.h"
#include "report_stream.h"
#include "snapshot.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>

enum { KEY_JSON = 0x100, KEY_TEXT, KEY_BLOCKS, KEY_NO_SOURCE, KEY_STACKS };

struct report_command {
	const char *path, *output;
	bool json, plain_names;
	struct report_options options;
};

static const struct argp_option options[] = {
	{"text", KEY_TEXT, NULL, 0, "For people; the default", 1},
	{"json", KEY_JSON, NULL, 0, "For programs", 1},
	{"blocks", KEY_BLOCKS, NULL, 0, "List every live block", 1},
	{"stacks", KEY_STACKS, "N", 0, "Show so many call stacks in the text (default 20)", 1},
	{"no-source", KEY_NO_SOURCE, NULL, 0,
		"Functions only: no files, lines and inlined functions; faster", 1},
	{"output", 'o', "FILE", 0, "Write to FILE, which appears when it is whole", 1},
	{0},
};

static const char description[] =
	"Shows a snapshot, as a report for people or as JSON.\v"
	"Names are demangled and come with file and line, by the debug information on this "
	"machine: "
	"in the program's files or in separate ones (/usr/lib/debug), found by build-id.\n"
	"\n"
	"Examples:\n"
	"  vmatlas run -f snapshot -o a.snapshot sort big.txt && vmatlas report a.snapshot\n"
	"  vmatlas report --json a.snapshot | jq .totals";

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
		command->json = key == KEY_JSON;
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
	case 'o':
		command->output = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (command->path)
			argp_error(state, "one snapshot at a time");
		command->path = argument;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no snapshot given");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static int write_named(struct report_command *command, const struct atlas *atlas, const char *path)
{
	struct framenames *framenames = framenames_open(atlas->view, !command->plain_names);
	struct outfile outfile;
	struct names names;
	int error, status, closing;

	if (!framenames)
		return complain_errno(path, ENOMEM);
	names = framenames_names(framenames);
	status = outfile_open(&outfile, command->output);
	if (!status) {
		error = report_stream(command->json ? report_json : report_text, atlas, &names,
			&command->options, outfile_sink, outfile.stream);
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

static int show(struct report_command *command, const struct snapshot *snapshot)
{
	struct view view = *snapshot_view(snapshot);
	uint32_t mappings = snapshot_mappings(snapshot);
	size_t size = atlas_memory(&view, mappings);
	void *memory = calloc(1, size);
	struct atlas atlas;
	int status;

	if (!memory)
		return complain_errno(command->path, ENOMEM);
	view.complete &= atlas_make(&atlas, &view, memory, size, mappings) == 0;
	status = write_named(command, &atlas, command->path);
	free(memory);
	return status;
}

int report_main(int argc, char **argv)
{
	const struct argp argp = {options, parse, "FILE", description, NULL, NULL, NULL};
	struct report_command command = {0};
	struct snapshot *snapshot;
	int status;

	argp_err_exit_status = COMPLAIN_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &command);
	status = snapshot_open(command.path, &snapshot);
	if (status)
		return status;
	status = show(&command, snapshot);
	snapshot_free(snapshot);
	return status;
}
