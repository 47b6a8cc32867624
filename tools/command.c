#include "command.h"

#include <string.h>

#define COMMAND_ROW(name, operands, summary) \
	{#name, "vmatlas " #name, operands, summary, name##_main},

static const struct command commands[] = {COMMAND_LIST(COMMAND_ROW)};

#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int command_call(const struct command *command, int argc, char **argv)
{
	argv[0] = (char *)command->title;
	return command->main(argc, argv);
}

void command_list(FILE *out)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-7s %s\n", commands[i].name, commands[i].summary);
}
