#include "aftermath.h"
#include "command.h"
#include "complain.h"
#include "launch.h"
#include "library.h"
#include "preflight.h"
#include "setting.h"

#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* An option without a letter has a key beyond all letters. */
#define KEY(setting) (0x100 + (setting))
#define KEY_NO_EXIT 0x200
#define KEY_NO_CHILDREN 0x201
#define KEY_SUMMARY 0x202

struct run {
	char **program; /* and its arguments; NULL until they are met */
	bool quiet, summary;
};

static const struct argp_option options[] = {
	{NULL, 0, NULL, 0, "Where and how to report:", 1},
	{"output", 'o', "TEMPLATE", 0,
		"Report to fd:N or to a file. In its name %p is the pid, %n the number of the "
		"report, %e the "
		"program, %t the time, %h the host, %% a percent sign. Without this option: "
		"vmatlas.%e.%p.%n.txt (or .json, .snapshot) in the current directory",
		1},
	{"format", 'f', "text|json|snapshot", 0, "A snapshot is for `vmatlas report`", 1},
	{"blocks", KEY(SETTING_BLOCKS), NULL, 0, "List every live block in the report", 1},
	{"keep", KEY(SETTING_KEEP), "N", 0,
		"Keep the last N reports of each process; older ones are removed", 1},
	{"quiet", 'q', NULL, 0, "Do not say where the report went, nor what it comes to", 1},
	{"summary", KEY_SUMMARY, NULL, 0,
		"Say what it comes to also where standard error is no terminal", 1},
	{NULL, 0, NULL, 0, "When to report:", 2},
	{"signal", 's', "SIGNAL", 0, "On this signal (USR2, RTMIN+3, 12, none). Default: USR2", 2},
	{"interval", KEY(SETTING_INTERVAL), "SECONDS", 0, "Every so many seconds", 2},
	{"growth", KEY(SETTING_GROWTH), "BYTES", 0,
		"Whenever live or resident memory has grown by so many bytes (100M)", 2},
	{"limit", KEY(SETTING_LIMIT), "PERCENT", 0,
		"When a memory control group uses so much of its limit (90%)", 2},
	{"failure", KEY(SETTING_FAILURE), NULL, 0, "When malloc fails", 2},
	{"no-exit", KEY_NO_EXIT, NULL, 0, "Not when the program ends", 2},
	{NULL, 0, NULL, 0, "What to record:", 3},
	{"depth", KEY(SETTING_DEPTH), "FRAMES", 0, "Call stacks up to so many frames (1 to 256)",
		3},
	{"sample", KEY(SETTING_SAMPLE), "BYTES", 0,
		"Call stacks of one in so many allocated bytes (512K): costs nearly nothing, and "
		"what "
		"they hold is estimated. Totals, mappings and RSS stay exact",
		3},
	{"history", KEY(SETTING_HISTORY), "BLOCKS", 0,
		"Who made and who freed the last so many freed blocks (1000, 64K), for `vmatlas "
		"addr`",
		3},
	{"store", KEY(SETTING_STORE), "DIR", 0,
		"Keep the tables in a file in this directory, which is left there when the program "
		"is killed: `vmatlas report` reads it",
		3},
	{"children", KEY(SETTING_CHILDREN), NULL, 0, "Also the programs that the program executes",
		3},
	{"no-children", KEY_NO_CHILDREN, NULL, 0, "Only this program", 3},
	{NULL, 0, NULL, 0, "Help:", -1},
	{0},
};

static const char description[] =
	"Starts PROGRAM with libvmatlas.so preloaded and ends as it ends.\v"
	"Standard input, output and error, signals and the exit status are the program's: a "
	"program "
	"that dies by a signal takes `vmatlas run` with it by the same signal. At the end a line "
	"on "
	"standard error says where each report went. Variables such as VMATLAS_DEPTH that are set "
	"already stay in force where no option says otherwise.\n"
	"\n"
	"Exit status: the program's; 127 if it was not found, 126 if it cannot be executed, 1 if "
	"the "
	"shim would not be loaded into it (static, setuid, other machine or C library: said before "
	"it "
	"is started), 2 for wrong usage.\n"
	"\n"
	"Examples:\n"
	"  vmatlas run sort big.txt\n"
	"  vmatlas run -o fd:2 -- ls -l          (report on standard error)\n"
	"  vmatlas run -f json -o %e.%p.json make   (one file per process)\n"
	"  vmatlas run --interval 60 --no-exit redis-server\n"
	"  vmatlas run -f snapshot --growth 100M --limit 90% --keep 5 ./server\n"
	"  vmatlas run --store /var/tmp ./server   (when it is killed, `vmatlas report` it)\n"
	"  vmatlas run -f snapshot -s RTMIN+3 ./server &  kill -RTMIN+3 PID\n"
	"\n"
	"The shim is looked for beside this command, in ../lib, or where VMATLAS_LIBRARY says.";

static void put_option(enum setting setting, const char *option, const char *value)
{
	const char *expected = setting_put(setting, value);

	if (expected)
		exit(complain_usage(NULL, "--%s: '%s': %s", option, value, expected));
}

static const char *option_name(int key)
{
	for (const struct argp_option *option = options; option->name || option->group; option++)
		if (option->key == key)
			return option->name;
	return "";
}

/* The settings whose option takes no value, and the value that it stands for. */
static const struct {
	int key;
	enum setting setting;
	const char *value;
} switches[] = {
	{KEY(SETTING_BLOCKS), SETTING_BLOCKS, "1"},
	{KEY(SETTING_FAILURE), SETTING_FAILURE, "1"},
	{KEY(SETTING_CHILDREN), SETTING_CHILDREN, "1"},
	{KEY_NO_CHILDREN, SETTING_CHILDREN, "0"},
	{KEY_NO_EXIT, SETTING_EXIT, "0"},
};

static bool put_switch(int key)
{
	for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++)
		if (switches[i].key == key) {
			put_option(switches[i].setting, option_name(key), switches[i].value);
			return true;
		}
	return false;
}

static enum setting setting_of(int key)
{
	switch (key) {
	case 'o':
		return SETTING_OUTPUT;
	case 'f':
		return SETTING_FORMAT;
	case 's':
		return SETTING_SIGNAL;
	}
	return key >= KEY(0) && key < KEY(SETTING_COUNT) ? (enum setting)(key - KEY(0))
							 : SETTING_COUNT;
}

/* The first operand is the program, and everything behind it is the program's. */
static void take_program(struct run *run, struct argp_state *state)
{
	run->program = state->argv + state->next - 1;
	state->next = state->argc;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct run *run = state->input;

	if (key == 'q') {
		run->quiet = true;
	} else if (key == KEY_SUMMARY) {
		run->summary = true;
	} else if (key == ARGP_KEY_ARG) {
		take_program(run, state);
	} else if (key == ARGP_KEY_NO_ARGS) {
		argp_error(state, "no program given");
	} else if (!put_switch(key)) {
		if (setting_of(key) == SETTING_COUNT)
			return ARGP_ERR_UNKNOWN;
		put_option(setting_of(key), option_name(key), argument);
	}
	return 0;
}

/* What no option and no variable has said. The report's name is made absolute in any case: the
 * program may change its directory before it is written. */
static int put_defaults(void)
{
	const char *format = setting_get(SETTING_FORMAT);
	const char *output = setting_get(SETTING_OUTPUT);
	char name[64];
	const char *wrong;

	if (!setting_get(SETTING_EXIT))
		setting_put(SETTING_EXIT, "1");
	snprintf(name, sizeof(name), "vmatlas.%%e.%%p.%%n.%s",
		!format || !strcmp(format, "text") ? "txt" : format);
	wrong = setting_put(SETTING_OUTPUT, output ? output : name);
	return wrong ? complain_cannot(output ? output : "the report", "%s", wrong) : 0;
}

static int check_program(const char *program, const char *library, struct preflight *preflight)
{
	enum preflight_verdict verdict;
	struct image shim;
	int error = image_read(library, &shim);

	if (error)
		return complain_cannot(
			library, "%s", error == ENOEXEC ? "not a shared library" : strerror(error));
	verdict = preflight_check(program, &shim, preflight);
	if (verdict != PREFLIGHT_FINE)
		complain_cannot(program, "%s", preflight->reason);
	return (int)verdict;
}

static int preload(const char *library)
{
	int error = library_preload(library);

	if (error == EINVAL)
		return complain_cannot(library, "the loader cannot preload a path with a blank or "
						"a colon; install it elsewhere");
	return error ? complain_errno(library, error) : 0;
}

static int prepare(const char *program, struct preflight *preflight)
{
	char library[PATH_MAX];
	int error = library_find(library), status;

	if (error)
		return complain_cannot(
			library, "%s: the shim is missing (set VMATLAS_LIBRARY)", strerror(error));
	status = check_program(program, library, preflight);
	if (!status)
		status = put_defaults();
	return status ? status : preload(library);
}

static int start(struct run *run, const char *path)
{
	struct aftermath aftermath = {.summary = run->summary};
	struct launch launch;
	int error;

	/* Files get their times from this clock, which runs some milliseconds behind the other. */
	clock_gettime(CLOCK_REALTIME_COARSE, &aftermath.begun);
	error = launch_run(path, run->program, &launch);
	if (error) {
		complain_errno(run->program[0], error);
		return error == ENOENT ? PREFLIGHT_NOT_FOUND : PREFLIGHT_NOT_RUNNABLE;
	}
	if (!run->quiet)
		aftermath_tell(&aftermath, &launch);
	launch_end(&launch);
}

int run_main(int argc, char **argv)
{
	const struct argp argp = {
		options, parse, "[--] PROGRAM [ARG...]", description, NULL, NULL, NULL};
	struct run run = {0};
	struct preflight preflight;
	int status;

	argp_err_exit_status = COMPLAIN_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &run);
	status = prepare(run.program[0], &preflight);
	return status ? status : start(&run, preflight.path);
}
