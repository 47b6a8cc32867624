/* command.h - the commands there are: `vmatlas NAME ...`. */
#ifndef VMATLAS_COMMAND_H
#define VMATLAS_COMMAND_H

#include <stdio.h>

/* To add a command `foo`, add its line here, in the order of `vmatlas --help`, and write foo.c with
 *
 *	int foo_main(int argc, char **argv);
 *
 * argv[0] is "vmatlas foo", as argp prints it in usages; options and operands follow. It returns
 * the exit status: 0 done, 1 could not, 2 usage. `foo --help` must print its help on stdout. */
#define COMMAND_LIST(X)                                                                         \
	X(run, "[OPTION...] [--] PROGRAM [ARG...]", "start a program with the atlas inside it") \
	X(dump, "[OPTION...] PID", "ask a running program for a report")                        \
	X(report, "[OPTION...] FILE", "show a snapshot")                                        \
	X(maps, "[OPTION...] PID|FILE", "show the mappings of a process or of a saved text")    \
	X(addr, "[OPTION...] PID|FILE ADDRESS...", "say what is at an address")                 \
	X(diff, "[OPTION...] OLD NEW...", "show what grew from one moment to another")          \
	X(top, "[OPTION...] PID", "watch a running program's memory")                           \
	X(export, "[OPTION...] FILE...", "write snapshots in the formats of other tools")       \
	X(check, "[OPTION...] FILE|PID", "hold a report against rules")

#define COMMAND_DECLARE(name, operands, summary) int name##_main(int argc, char **argv);
COMMAND_LIST(COMMAND_DECLARE)
#undef COMMAND_DECLARE

struct command {
	const char *name;
	const char *title; /* "vmatlas NAME" */
	const char *operands;
	const char *summary;
	int (*main)(int argc, char **argv);
};

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);

/* Calls a command with what follows its name on the command line; argv[0] is the name. */
int command_call(const struct command *command, int argc, char **argv);

/* One line per command, for `vmatlas --help`. */
void command_list(FILE *out);

#endif
