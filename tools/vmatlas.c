#include "command.h"
#include "complain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The Makefile knows the version; this is for a file compiled by hand. */
#ifndef VMATLAS_VERSION
#define VMATLAS_VERSION "0.1"
#endif

static void print_help(FILE *out)
{
	fputs("Usage: vmatlas COMMAND [OPTION...] [ARGUMENT...]\n"
	      "An atlas of a running program's memory: which call stacks own which mappings, and "
	      "why\n"
	      "resident pages are resident.\n"
	      "\n"
	      "Commands:\n",
		out);
	command_list(out);
	fputs("\n"
	      "  vmatlas help COMMAND (or vmatlas COMMAND --help) tells its options.\n"
	      "  vmatlas --version prints the version.\n"
	      "\n"
	      "Exit status: 0 done, 1 could not, 2 wrong usage. `vmatlas run` ends as the program\n"
	      "that it started ended.\n"
	      "\n"
	      "Examples:\n"
	      "  vmatlas run sort big.txt           report at exit, in the current directory\n"
	      "  vmatlas run -f json -o a.json ls   as JSON, in a file of that name\n"
	      "  LD_PRELOAD=/usr/local/lib/libvmatlas.so sort big.txt & kill -USR2 $!\n"
	      "                                     the same without this command\n",
		out);
}

static int usage(const char *what, const char *reason)
{
	complain_usage(what, "%s", reason);
	fputs("Try 'vmatlas --help'.\n", stderr);
	return COMPLAIN_USAGE;
}

/* What was meant for stdout and did not get there (a full disk) must not look like success. At
 * exit, since argp ends the process by itself after --help. */
static void check_output(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		_exit(complain_cannot("standard output", "%s", strerror(errno)));
}

static int call(int argc, char **argv)
{
	const struct command *command = command_find(argv[0]);

	if (!command)
		return usage(argv[0], "no such command");
	return command_call(command, argc, argv);
}

static int help(int argc, char **argv)
{
	char option[] = "--help";
	char *arguments[] = {argc > 1 ? argv[1] : NULL, option, NULL};

	if (argc > 1)
		return call(2, arguments);
	print_help(stdout);
	return 0;
}

static int print_version(void)
{
	puts("vmatlas " VMATLAS_VERSION);
	return 0;
}

static int is(const char *word, const char *name)
{
	return !strcmp(word, name);
}

int main(int argc, char **argv)
{
	atexit(check_output);
	if (argc < 2)
		return usage(NULL, "no command given");
	if (is(argv[1], "help") || is(argv[1], "--help") || is(argv[1], "-h") || is(argv[1], "-?"))
		return help(argc - 1, argv + 1);
	if (is(argv[1], "version") || is(argv[1], "--version") || is(argv[1], "-V"))
		return print_version();
	return call(argc - 1, argv + 1);
}
