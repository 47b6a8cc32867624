#include "addr_json.h"
#include "addr_text.h"
#include "color.h"
#include "command.h"
#include "complain.h"
#include "outfile.h"
#include "paint.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_JSON = 0x100, KEY_DEPTH, KEY_NO_ASK, KEY_COLOR, DEPTH_MOST = 256 };

struct addr_command {
	const char *target;
	char **words; /* the addresses, in the arguments of the command */
	int count;
	bool json;
	bool outside; /* without asking the shim */
	uint32_t depth;
	enum color color;
};

static const struct argp_option options[] = {
	{"json", KEY_JSON, NULL, 0, "For programs", 1},
	COLOR_OPTION(KEY_COLOR, 1),
	{"depth", KEY_DEPTH, "N", 0, "Show so many frames of a call stack (default 16)", 1},
	{"no-ask", KEY_NO_ASK, NULL, 0,
		"Do not ask the shim in the process: mappings, pages and symbols only", 1},
	{0},
};

static const char description[] =
	"Says of each address what is there: the block, who asked for it and when, the variable or "
	"function, the stack and its depth, the page, the mapping.\v"
	"An address is hexadecimal, with or without 0x, or SYMBOL or SYMBOL+OFFSET of the program "
	"or a library (hexadecimal, too). FILE is a snapshot, a core, or a saved maps or smaps, "
	"which know "
	"of mappings and symbols only. A process with the shim in it is asked for a snapshot.\n"
	"\n"
	"Who had an address before is known with VMATLAS_HISTORY (`vmatlas run --history 64K`).\n"
	"\n"
	"Exit status: 0 each address is mapped, or was and it is known whose; 1 one is not, or "
	"could not; 2 wrong usage.\n"
	"\n"
	"Examples:\n"
	"  vmatlas addr 4711 7f30c2a41f10\n"
	"  vmatlas addr --json now.snapshot 0x55d0c8e2a2a0 main+1c";

/* -- The command line ----------------------------------------------------------------------- */

static uint32_t parse_depth(const char *text)
{
	char *end;
	unsigned long depth = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || !depth || depth > DEPTH_MOST)
		exit(complain_usage(
			"--depth", "'%s': expected a number from 1 to %d", text, DEPTH_MOST));
	return (uint32_t)depth;
}

/* The first operand is the target, and all behind it are addresses. */
static void take_operand(struct addr_command *command, char *argument)
{
	if (command->target)
		command->words[command->count++] = argument;
	else
		command->target = argument;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct addr_command *command = state->input;

	switch (key) {
	case KEY_JSON:
		command->json = true;
		return 0;
	case KEY_COLOR:
		command->color = color_parse(argument);
		return 0;
	case KEY_DEPTH:
		command->depth = parse_depth(argument);
		return 0;
	case KEY_NO_ASK:
		command->outside = true;
		return 0;
	case ARGP_KEY_ARG:
		take_operand(command, argument);
		return 0;
	case ARGP_KEY_END:
		if (!command->count)
			argp_error(state,
				command->target ? "no address given" : "no process or file given");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

/* -- Addresses ------------------------------------------------------------------------------ */

static bool parse_hex(const char *text, uint64_t *value)
{
	const char *digits = !strncmp(text, "0x", 2) || !strncmp(text, "0X", 2) ? text + 2 : text;
	size_t length = strspn(digits, "0123456789abcdefABCDEF");

	if (!length || length > 16 || digits[length])
		return false;
	*value = strtoull(digits, NULL, 16);
	return true;
}

/* "SYMBOL+OFFSET": a plus is in no symbol but those of C++, which are mangled in files. */
static bool parse_symbol(const struct addr_source *source, const char *word, uint64_t *address)
{
	const char *plus = strrchr(word, '+');
	char *name = strndup(word, plus ? (size_t)(plus - word) : strlen(word));
	uint64_t offset = 0;
	bool found = name && *name && (!plus || parse_hex(plus + 1, &offset)) &&
		     !addr_symbol_named(source->symbols, name, address);

	free(name);
	*address += found ? offset : 0;
	return found;
}

/* Whether no symbol is needed to understand it. */
static bool is_plain(const char *word)
{
	uint64_t ignored;

	return parse_hex(word, &ignored);
}

static int parse_address(const struct addr_source *source, const char *word, uint64_t *address)
{
	if (parse_hex(word, address) || parse_symbol(source, word, address))
		return 0;
	return complain_usage(
		word, "neither an address (hexadecimal) nor a symbol of %s", source->target);
}

/* What can be no symbol, either, is said before a process is asked for anything. */
static int check_words(const struct addr_command *command)
{
	for (int i = 0; i < command->count; i++) {
		const char *word = command->words[i];

		if (!is_plain(word) && (!*word || strchr("0123456789-+", *word)))
			return complain_usage(word, "expected an address (hexadecimal)");
	}
	return 0;
}

/* -- Answers -------------------------------------------------------------------------------- */

/* 0 when somebody has the address, or had it. */
static int answer_one(struct addr_source *source, struct json *json, uint64_t address)
{
	struct addr_answer answer = addr_answer_find(source, address);
	int status = answer.row || answer.freed_count ? 0 : COMPLAIN_COULD_NOT;

	if (json)
		addr_json(json, source, &answer);
	else
		addr_text(source, &answer);
	addr_answer_free(&answer);
	return status;
}

static int answer_all(
	struct addr_source *source, struct json *json, const uint64_t *addresses, int count)
{
	int status = 0;

	for (int i = 0; i < count; i++) {
		if (i && !json)
			text_char(source->report.text, '\n');
		status |= answer_one(source, json, addresses[i]);
	}
	return status;
}

static int write_answers(
	const struct addr_command *command, struct addr_source *source, const uint64_t *addresses)
{
	struct paint paint = {
		.stream = stdout, .wanted = !command->json && color_wanted(command->color, NULL)};
	char buffer[8192];
	struct text text;
	struct json json;
	int status, error;

	text_init(&text, buffer, sizeof(buffer), paint_sink, &paint);
	source->options.depth = command->depth;
	source->report.options = &source->options;
	source->report.text = &text;
	if (command->json)
		addr_json_begin(&json, source);
	status = answer_all(source, command->json ? &json : NULL, addresses, command->count);
	if (command->json)
		addr_json_end(&json);
	error = text_flush(&text);
	source->report.text = NULL;
	return error ? complain_errno("standard output", error) : status;
}

static int look_up(const struct addr_command *command, struct addr_source *source)
{
	uint64_t *addresses = calloc((size_t)command->count, sizeof(*addresses));
	int status = 0;

	if (!addresses)
		return complain_errno(command->target, ENOMEM);
	for (int i = 0; !status && i < command->count; i++)
		status = parse_address(source, command->words[i], &addresses[i]);
	if (!status)
		status = write_answers(command, source, addresses);
	free(addresses);
	return status;
}

int addr_main(int argc, char **argv)
{
	const struct argp argp = {
		options, parse, "PID|FILE ADDRESS...", description, NULL, NULL, NULL};
	struct addr_command command = {.words = calloc((size_t)argc + 1, sizeof(char *))};
	struct addr_source source;
	int status;

	argp_err_exit_status = COMPLAIN_USAGE;
	if (!command.words)
		return complain_errno("addresses", ENOMEM);
	argp_parse(&argp, argc, argv, 0, NULL, &command);
	status = check_words(&command);
	if (!status) {
		status = addr_source_open(&source, command.target, !command.outside);
		if (!status)
			status = look_up(&command, &source);
		addr_source_close(&source);
	}
	free(command.words);
	return status;
}
