#include "command.h"
#include "complain.h"
#include "dumpfile.h"
#include "setting.h"
#include "shimstate.h"
#include "target.h"
#include "vmatlas_store.h"

#include <argp.h>
#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A dump takes some milliseconds; asking every 20 ms costs nothing that could be measured. */
enum { POLL_FIRST_MS = 2, POLL_MOST_MS = 20, TIMEOUT_MS = 10000 };

/* "SIGRTMIN+30", and any int for the compiler. */
enum { SIGNAL_NAME = 24 };

/* An option without a letter has a key beyond all letters. */
enum { KEY_PRIVATE = 0x100 };

struct dump {
	const char *operand; /* the pid as it was given */
	pid_t pid;
	const char *output;
	int format; /* -1: as the process was started */
	bool private;
	int timeout_ms;
	struct target target;
	struct shimstate shim;
	struct vmatlas_state before, now;
};

static const struct argp_option options[] = {
	{"format", 'f', "text|json|snapshot", 0, "Whatever VMATLAS_FORMAT says", 1},
	{"output", 'o', "FILE", 0, "Copy the report to FILE", 1},
	{"private", KEY_PRIVATE, NULL, 0, "To FILE alone, and not where VMATLAS_OUTPUT said", 1},
	{"timeout", 't', "SECONDS", 0, "Wait so long for it (default 10)", 1},
	{0},
};

static const char description[] =
	"Asks a program that runs under the shim for a report, waits for it, and prints where it "
	"is."
	"\v"
	"The program writes it where VMATLAS_OUTPUT said when it was started. Where it uses "
	"SIGUSR2 "
	"itself, it is asked by the real-time signal that the shim took instead.\n"
	"\n"
	"Examples:\n"
	"  vmatlas dump 1234\n"
	"  vmatlas dump -f snapshot -o now.snapshot 1234 && vmatlas report now.snapshot";

/* -- The command line ----------------------------------------------------------------------- */

static int parse_format(const char *name)
{
	static const char *const names[] = {"text", "json", "snapshot"};

	for (int i = 0; i < 3; i++)
		if (!strcmp(names[i], name))
			return i;
	exit(complain_usage("--format", "'%s': expected text, json or snapshot", name));
}

static int parse_timeout(const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds > 0) || seconds > 1e6)
		exit(complain_usage("--timeout", "'%s': expected a number of seconds", text));
	return (int)(seconds * 1000);
}

static pid_t parse_pid(const char *text)
{
	char *end;
	long pid = strtol(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || pid <= 0 || pid > INT32_MAX)
		exit(complain_usage(text, "expected the pid of a process"));
	return (pid_t)pid;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct dump *dump = state->input;

	if (key == 'f')
		dump->format = parse_format(argument);
	else if (key == 'o')
		dump->output = argument;
	else if (key == KEY_PRIVATE)
		dump->private = true;
	else if (key == 't')
		dump->timeout_ms = parse_timeout(argument);
	else if (key == ARGP_KEY_ARG && !dump->operand)
		dump->operand = argument;
	else if (key == ARGP_KEY_ARG)
		argp_error(state, "one process at a time");
	else if (key == ARGP_KEY_NO_ARGS)
		argp_error(state, "no pid given");
	else if (key == ARGP_KEY_SUCCESS && dump->private && !dump->output)
		argp_error(state, "--private goes with --output");
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

/* -- Before asking -------------------------------------------------------------------------- */

static int cannot(const struct dump *dump, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int cannot(const struct dump *dump, const char *format, ...)
{
	char what[32], reason[6000];
	va_list arguments;

	snprintf(what, sizeof(what), "process %d", (int)dump->pid);
	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	return complain_cannot(what, "%s", reason);
}

static const char *signal_name(int number, char name[SIGNAL_NAME])
{
	const char *abbreviation = sigabbrev_np(number);

	if (abbreviation)
		snprintf(name, SIGNAL_NAME, "SIG%s", abbreviation);
	else if (number >= SIGRTMIN)
		snprintf(name, SIGNAL_NAME, "SIGRTMIN+%d", number - SIGRTMIN);
	else
		snprintf(name, SIGNAL_NAME, "signal %d", number);
	return name;
}

static int check_target(const struct dump *dump)
{
	const struct target *target = &dump->target;

	if (target->leader != dump->pid)
		return cannot(dump, "that is a thread of process %d: vmatlas dump %d",
			(int)target->leader, (int)target->leader);
	if (target->kernel)
		return cannot(dump, "a thread of the kernel");
	if (target->state == 'Z' || target->state == 'X')
		return cannot(dump, "it has ended, and waits for its parent (a zombie)");
	return 0;
}

static int complain_find(const struct dump *dump, int error)
{
	switch (error) {
	case ESRCH:
		return cannot(dump, "no such process");
	case EACCES:
	case EPERM:
		return cannot(dump, "not permitted: another user's process, or a protected one");
	case ENOENT:
		return cannot(dump, "it does not run under vmatlas (no libvmatlas.so in its maps): "
				    "start it by `vmatlas run`");
	case EAGAIN:
		return cannot(dump,
			"the shim in it (%s) has not begun to work, or is older than "
			"this command",
			dump->shim.library);
	case EPROTO:
		return cannot(dump,
			"the shim in it (%s) is of version %u, this command of version "
			"%u",
			dump->shim.library, dump->shim.version, VMATLAS_STORE_VERSION);
	}
	return cannot(dump, "%s", strerror(error));
}

/* -- Asking --------------------------------------------------------------------------------- */

/* Without a handler the signal would end the process. */
static int check_handler(const struct dump *dump, int number)
{
	char name[SIGNAL_NAME];

	if (!number)
		return cannot(dump, "it has no signal to be asked by (VMATLAS_SIGNAL=none)");
	if (target_catches(&dump->target, number))
		return 0;
	return cannot(dump, "nothing handles %s in it any more; not sent, as it would end it",
		signal_name(number, name));
}

static int ask(const struct dump *dump, int number)
{
	int format = dump->private && dump->format < 0 ? (int)dump->before.format : dump->format;
	int private = dump->private ? VMATLAS_REQUEST_PRIVATE : 0;
	union sigval value = {.sival_int = VMATLAS_REQUEST(format | private)};
	int result = format < 0 ? kill(dump->pid, number) : sigqueue(dump->pid, number, value);

	return result == 0 ? 0 : complain_find(dump, errno);
}

static void sleep_ms(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

/* Why nothing came, as far as can be seen from here. */
static int complain_silence(struct dump *dump)
{
	int number = dump->before.signal;
	double seconds = dump->timeout_ms / 1000.0;
	char name[SIGNAL_NAME];

	signal_name(number, name);
	if (target_read(dump->pid, &dump->target) != 0 || dump->target.state == 'Z')
		return cannot(dump, "it ended before it had written a report");
	if (dump->target.state == 'T' || dump->target.state == 't')
		return cannot(dump,
			"it is stopped, by a signal or a debugger: the report comes when "
			"it continues");
	if (dump->now.started != dump->now.finished)
		return cannot(dump, "still writing after %g s", seconds);
	if (target_blocks(dump->pid, number))
		return cannot(
			dump, "no answer in %g s: every thread of it blocks %s", seconds, name);
	if (dump->target.state == 'D')
		return cannot(dump, "no answer in %g s: it waits for a device", seconds);
	return cannot(dump, "no answer to %s in %g s", name, seconds);
}

/* Reports of the kind that was asked for: another's, an interval's say, may come before ours, or
 * right behind it. */
static uint32_t finished_of(const struct dump *dump, const struct vmatlas_state *state)
{
	return dump->private ? state->private_finished : state->finished - state->private_finished;
}

/* A process that forked has the counters of its parent until its first dump, which begins anew. */
static bool has_answered(const struct dump *dump)
{
	uint32_t now = finished_of(dump, &dump->now), before = finished_of(dump, &dump->before);

	if (dump->now.pid != dump->before.pid)
		return now > 0;
	return (int32_t)(now - before) > 0;
}

static bool is_idle(const struct dump *dump)
{
	return dump->now.started == dump->now.finished;
}

/* Reads the state until that holds. 0, ETIMEDOUT, or the error of reading. */
static int wait_until(struct dump *dump, bool (*holds)(const struct dump *))
{
	int waited = 0, step = POLL_FIRST_MS, error;

	for (;;) {
		error = shimstate_read(dump->pid, &dump->shim, &dump->now);
		if (error || holds(dump))
			return error;
		if (waited >= dump->timeout_ms)
			return ETIMEDOUT;
		sleep_ms(step);
		waited += step;
		step = step * 2 < POLL_MOST_MS ? step * 2 : POLL_MOST_MS;
	}
}

/* The program may wait for the first itself (sigwait, signalfd), which nothing shows, and would
 * take ours for its own. */
static int signal_for(const struct dump *dump)
{
	const struct vmatlas_state *state = &dump->before;

	return state->second && !target_blocks(dump->pid, state->second) ? state->second
									 : state->signal;
}

/* Asks and waits; 0 or an exit status. */
static int ask_and_wait(struct dump *dump)
{
	int error = wait_until(dump, is_idle), status, number;

	if (!error) {
		dump->before = dump->now;
		number = signal_for(dump);
		status = check_handler(dump, number);
		if (!status)
			status = ask(dump, number);
		if (status)
			return status;
		error = wait_until(dump, has_answered);
	}
	if (error == ETIMEDOUT || error == ESRCH)
		return complain_silence(dump);
	return error ? complain_find(dump, error) : 0;
}

/* -- Where its memory is closed to us ------------------------------------------------------- */

/* VMATLAS_SIGNAL as the process was started with; 0 for none or nonsense. */
static int started_signal(pid_t pid)
{
	char *value = target_variable(pid, "VMATLAS_SIGNAL");
	int number = value ? setting_signal(value) : SIGUSR2;

	free(value);
	return number;
}

/* The Yama module lets only a debugger's child be read, but anybody's own be sent signals. */
static int ask_blindly(struct dump *dump)
{
	int number = started_signal(dump->pid), status = check_handler(dump, number);
	char *output = target_variable(dump->pid, "VMATLAS_OUTPUT"), name[SIGNAL_NAME];

	if (!status)
		status = ask(dump, number);
	if (!status)
		complain_note(NULL,
			"process %d: sent %s, but this system does not let its memory be seen "
			"(kernel.yama.ptrace_scope), so whether and where it reports is not known; "
			"VMATLAS_OUTPUT is %s",
			(int)dump->pid, signal_name(number, name),
			output ? output : "not set: fd:2");
	free(output);
	return status;
}

/* Whether a new file can take the name. */
static int check_directory(const char *output)
{
	char *copy = strdup(output);
	int error = copy && access(dirname(copy), W_OK | X_OK) == 0 ? 0 : errno;

	free(copy);
	return error;
}

/* Before the program is asked: a report that nobody can take would be made for nothing. A device or
 * a FIFO is opened later, as it may wait for its reader. */
static int check_output(const char *output)
{
	struct stat status;
	int error = 0;

	if (stat(output, &status) != 0 || S_ISREG(status.st_mode))
		error = check_directory(output);
	else if (S_ISDIR(status.st_mode))
		error = EISDIR;
	return error ? complain_cannot(output, "%s", strerror(error)) : 0;
}

int dump_main(int argc, char **argv)
{
	const struct argp argp = {options, parse, "PID", description, NULL, NULL, NULL};
	struct dump dump = {.format = -1, .timeout_ms = TIMEOUT_MS};
	int error, status;

	argp_err_exit_status = COMPLAIN_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &dump);
	dump.pid = parse_pid(dump.operand);
	status = dump.output ? check_output(dump.output) : 0;
	if (status)
		return status;
	error = target_read(dump.pid, &dump.target);
	status = error ? complain_find(&dump, error) : check_target(&dump);
	if (status)
		return status;
	error = shimstate_find(dump.pid, &dump.shim);
	if (error == EPERM && !dump.private)
		return ask_blindly(&dump);
	if (error)
		return complain_find(&dump, error);
	status = ask_and_wait(&dump);
	if (status)
		return status;
	return dump.private ? dumpfile_take(&dump.target, &dump.now, dump.output)
			    : dumpfile_tell(&dump.target, &dump.now, dump.output);
}
