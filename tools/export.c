#include "command.h"
#include "complain.h"
#include "export_figures.h"
#include "export_format.h"
#include "outfile.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEY_SERVICE = 0x100, KEY_VALUE, KEY_KIND, KEY_TABLE, KEY_BLOCKS, KEY_NO_SOURCE };

struct input {
	const char *path, *service;
};

struct export_command {
	const struct export_format *format;
	const char *output;  /* NULL: standard output */
	const char *service; /* of the snapshots that follow */
	struct input *input;
	uint32_t inputs;
	struct export_options options;
};

static const struct argp_option options[] = {
	{"format", 'f', "FORMAT", 0, "One of those below; default: by the name of the output", 1},
	{"output", 'o', "FILE", 0,
		"Write to FILE, which appears when it is whole; - is standard output", 1},
	{"service", KEY_SERVICE, "NAME", 0,
		"What the snapshots that follow are counted under (default: the program's name)",
		1},
	{"value", KEY_VALUE, "VALUE", 0,
		"folded: live_bytes (default), live_blocks, resident, pinned, retained, "
		"allocated_bytes or allocations",
		2},
	{"kind", KEY_KIND, NULL, 0, "folded: begin with the kind of the memory", 2},
	{"table", KEY_TABLE, "callstacks|blocks|ledger", 0, "csv: which; default: callstacks", 2},
	{"blocks", KEY_BLOCKS, NULL, 0, "json: list every live block", 2},
	{"no-source", KEY_NO_SOURCE, NULL, 0,
		"Functions only: no files, lines and inlined functions; faster", 2},
	{0},
};

static const char description[] =
	"Writes snapshots in the formats of other tools.\v"
	"pprof, folded, sqlite and openmetrics take several snapshots; pprof adds up what the "
	"processes of a service have in common.\n"
	"\n"
	"Examples:\n"
	"  vmatlas export -o a.pb.gz a.snapshot && pprof -top a.pb.gz\n"
	"  vmatlas export -f folded --value=resident a.snapshot | flamegraph.pl > a.svg\n"
	"  vmatlas export -o all.pb.gz --service=web w*.snapshot --service=db d*.snapshot\n"
	"  vmatlas export -o a.sqlite a.snapshot && sqlite3 a.sqlite .schema";

/* -- Options -------------------------------------------------------------------------------- */

static void parse_format(struct export_command *command, const char *name)
{
	command->format = export_format_find(name);
	if (!command->format)
		exit(complain_usage("--format",
			"'%s': no such format (vmatlas export --help "
			"lists them)",
			name));
}

static void parse_value(struct export_command *command, const char *name)
{
	enum export_value value;

	if (!export_value_find(name, &value))
		exit(complain_usage("--value", "'%s': no such value", name));
	command->options.value = value;
}

static void parse_table(struct export_command *command, const char *name)
{
	static const char *const names[] = {[EXPORT_CALLSTACKS] = "callstacks",
		[EXPORT_BLOCK_TABLE] = "blocks",
		[EXPORT_LEDGER] = "ledger"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		command->options.table = (enum export_table)i;
		return;
	}
	exit(complain_usage("--table", "'%s': expected callstacks, blocks or ledger", name));
}

static void add_input(struct export_command *command, const char *path)
{
	struct input *input =
		reallocarray(command->input, command->inputs + 1, sizeof(*command->input));

	if (!input)
		exit(complain_errno(path, ENOMEM));
	command->input = input;
	input[command->inputs++] = (struct input){path, command->service};
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct export_command *command = state->input;

	switch (key) {
	case 'f':
		parse_format(command, argument);
		return 0;
	case 'o':
		command->output = strcmp(argument, "-") == 0 ? NULL : argument;
		return 0;
	case KEY_SERVICE:
		command->service = argument;
		return 0;
	case KEY_VALUE:
		parse_value(command, argument);
		return 0;
	case KEY_KIND:
		command->options.kind = true;
		return 0;
	case KEY_TABLE:
		parse_table(command, argument);
		return 0;
	case KEY_BLOCKS:
		command->options.blocks = true;
		return 0;
	case KEY_NO_SOURCE:
		command->options.source = false;
		return 0;
	case ARGP_KEY_ARG:
		add_input(command, argument);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no snapshot given");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* Behind the options of --help: the formats, as they call themselves. */
static char *list_formats(int key, const char *text, void *unused)
{
	const struct export_format *format;
	char *list = NULL;
	size_t size;
	FILE *stream;

	(void)unused;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)(uintptr_t)text;
	stream = open_memstream(&list, &size);
	if (!stream)
		return (char *)(uintptr_t)text;
	fputs("Formats:\n", stream);
	for (unsigned i = 0; (format = export_format_at(i)); i++)
		fprintf(stream, "  %-12s %-17s %s\n", format->name, format->suffix,
			format->summary);
	fprintf(stream, "\n%s", text);
	fclose(stream);
	return list;
}

/* Returns 0 or an exit status. */
static int settle_format(struct export_command *command)
{
	const struct export_format *format = command->format;

	if (!format && command->output)
		format = export_format_of_file(command->output);
	command->format = format;
	if (!format)
		return complain_usage("--format", "none given, and the output's name tells none");
	if (command->inputs > 1 && !format->many)
		return complain_usage("--format", "%s takes one snapshot at a time", format->name);
	if (format->binary && !command->output && isatty(STDOUT_FILENO))
		return complain_usage(
			"standard output", "a terminal; %s is for files: -o FILE", format->name);
	return 0;
}

/* -- Writing -------------------------------------------------------------------------------- */

static const char *output_name(const struct export_command *command)
{
	return command->output ? command->output : "standard output";
}

/* What a format's function returned, as an exit status; said if it is not yet. */
static int status_of(const struct export_command *command, int error)
{
	if (!error)
		return 0;
	return error == EXPORT_TOLD ? COMPLAIN_COULD_NOT
				    : complain_errno(output_name(command), error);
}

/* Each returns 0 or an exit status. */
static int add_process(
	const struct export_command *command, struct export_job *job, const struct input *input)
{
	struct export_process process;
	int status =
		export_process_open(&process, input->path, input->service, command->options.source);

	if (!status)
		status = status_of(command, command->format->add(job, &process));
	if (!status && process.view.sample_mean)
		complain_note(input->path, EXPORT_SAMPLED, process.view.sample_mean);
	if (!status)
		framenames_tell(process.framenames);
	export_process_close(&process);
	return status;
}

static int write_processes(const struct export_command *command, struct export_job *job)
{
	const struct export_format *format = command->format;
	int status = status_of(command, format->begin ? format->begin(job) : 0), ending = 0;

	for (uint32_t i = 0; i < command->inputs && !status; i++)
		status = add_process(command, job, &command->input[i]);
	if (format->end)
		ending = format->end(job, status ? EIO : 0);
	if (!ending)
		ending = text_flush(job->text);
	return status ? status : status_of(command, ending);
}

static int write_output(const struct export_command *command)
{
	struct export_job job = {.options = &command->options, .processes = command->inputs};
	struct outfile outfile;
	char buffer[65536];
	struct text text;
	int status = outfile_open(&outfile, command->output), closing;

	if (status)
		return status;
	text_init(&text, buffer, sizeof(buffer), outfile_sink, outfile.stream);
	job.stream = outfile.stream;
	job.text = &text;
	job.path = outfile.temporary;
	status = write_processes(command, &job);
	closing = outfile_close(&outfile, !status);
	return status ? status : closing;
}

int export_main(int argc, char **argv)
{
	const struct argp argp = {options, parse, "FILE...", description, NULL, list_formats, NULL};
	struct export_command command = {.options = {.source = true}};
	int status;

	argp_err_exit_status = COMPLAIN_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &command);
	status = settle_format(&command);
	if (!status)
		status = write_output(&command);
	free(command.input);
	return status;
}
