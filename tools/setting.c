#include "setting.h"

#include "../preload/core/poisson.h"
#include "filename.h"
#include "size.h"

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room for an absolute path whose every byte was doubled. */
#define VALUE_SIZE ((size_t)4 * PATH_MAX)
/* A century: more is a slip of the finger, and less than any clock's limit. */
#define INTERVAL_MOST 3153600000
#define DEPTH_MOST 256
/* As the shim: 1 GiB of records. */
#define HISTORY_MOST (1 << 24)
/* As the shim. */
#define KEEP_MOST 256

/* Each puts the value in its final form (VALUE_SIZE bytes), or returns what it expects. */
typedef const char *setting_reader(const char *value, char *final);

static const char *put_number(char *final, uint64_t number)
{
	sprintf(final, "%llu", (unsigned long long)number);
	return NULL;
}

static const char *read_bytes(const char *value, char *final)
{
	uint64_t bytes;
	const char *expected = size_bytes(value, &bytes);

	return expected ? expected : put_number(final, bytes);
}

static const char *read_history(const char *value, char *final)
{
	uint64_t count;

	if (size_bytes(value, &count) || count > HISTORY_MOST)
		return "expected a number of blocks: 1000, 64K, up to 16M";
	return put_number(final, count);
}

static const char *read_sample(const char *value, char *final)
{
	uint64_t bytes;

	if (size_bytes(value, &bytes) || bytes > POISSON_MEAN_MOST)
		return "expected a number of bytes up to 1T: 512K, 0 for all";
	return put_number(final, bytes);
}

static const char *read_interval(const char *value, char *final)
{
	uint64_t seconds;

	if (!size_number(value, INTERVAL_MOST, &seconds) || seconds == 0)
		return "expected a number of seconds";
	return put_number(final, seconds);
}

static const char *read_limit(const char *value, char *final)
{
	char digits[8] = "";
	size_t length = strlen(value);
	uint64_t percent;

	length -= length && value[length - 1] == '%';
	if (length < sizeof(digits))
		memcpy(digits, value, length);
	if (!size_number(digits, 100, &percent) || percent == 0)
		return "expected a percentage from 1% to 100%";
	return put_number(final, percent);
}

static const char *read_keep(const char *value, char *final)
{
	uint64_t count;

	if (!size_number(value, KEEP_MOST, &count) || count == 0)
		return "expected a number of reports from 1 to 256";
	return put_number(final, count);
}

static const char *read_depth(const char *value, char *final)
{
	uint64_t depth;

	if (!size_number(value, DEPTH_MOST, &depth) || depth == 0)
		return "expected a number of frames from 1 to 256";
	return put_number(final, depth);
}

static const char *read_switch(const char *value, char *final)
{
	if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0)
		return "expected 0 or 1";
	strcpy(final, value);
	return NULL;
}

static const char *read_format(const char *value, char *final)
{
	static const char *const formats[] = {"text", "json", "snapshot"};

	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (!strcmp(value, formats[i]))
			return strcpy(final, value), NULL;
	return "expected text, json or snapshot";
}

/* A fault that looks like a request would be lost, the next two cannot be caught, and glibc keeps
 * 32 and 33 for itself. */
static bool can_be_asked_by(int number)
{
	static const int never[] = {
		SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (number == never[i])
			return false;
	return number >= 1 && (number < 32 || number >= SIGRTMIN) && number <= SIGRTMAX;
}

static int signal_number(const char *name)
{
	uint64_t number;

	if (size_number(name, (uint64_t)SIGRTMAX, &number))
		return (int)number;
	if (!strncmp(name, "RTMIN+", 6) && size_number(name + 6, 30, &number))
		return SIGRTMIN + (int)number;
	if (!strncmp(name, "RTMAX-", 6) && size_number(name + 6, 30, &number))
		return SIGRTMAX - (int)number;
	for (int i = 1; i < 32; i++)
		if (sigabbrev_np(i) && !strcmp(name, sigabbrev_np(i)))
			return i;
	return !strcmp(name, "RTMIN") ? SIGRTMIN : !strcmp(name, "RTMAX") ? SIGRTMAX : -1;
}

static const char *without_sig(const char *value)
{
	return strncmp(value, "SIG", 3) ? value : value + 3;
}

int setting_signal(const char *value)
{
	int number = signal_number(without_sig(value));

	return can_be_asked_by(number) ? number : 0;
}

/* Standard signals go to the shim as numbers, so that it need not know all names; real-time signals
 * by name, since their numbers are the C library's affair. */
static const char *read_signal(const char *value, char *final)
{
	const char *name = without_sig(value);
	int number = signal_number(name);

	if (strcmp(value, "none") != 0 && !can_be_asked_by(number))
		return "expected a signal that can be caught (USR2, RTMIN+3, 12), or none";
	if (number > 0 && number < 32)
		return put_number(final, (uint64_t)number);
	if (strlen(name) >= VALUE_SIZE)
		return "too long";
	strcpy(final, name);
	return NULL;
}

static const char *read_output(const char *value, char *final)
{
	return filename_absolute(value, final, VALUE_SIZE);
}

/* The program may change its directory. */
static const char *read_store(const char *value, char *final)
{
	char path[PATH_MAX];
	struct stat status;

	if (!realpath(value, path) || stat(path, &status) || !S_ISDIR(status.st_mode))
		return "expected a directory that is there";
	if (access(path, W_OK | X_OK))
		return "expected a directory that may be written to";
	return strcpy(final, path), NULL;
}

static const struct {
	const char *variable;
	setting_reader *read;
} settings[SETTING_COUNT] = {
	[SETTING_OUTPUT] = {"VMATLAS_OUTPUT", read_output},
	[SETTING_FORMAT] = {"VMATLAS_FORMAT", read_format},
	[SETTING_SIGNAL] = {"VMATLAS_SIGNAL", read_signal},
	[SETTING_EXIT] = {"VMATLAS_EXIT", read_switch},
	[SETTING_INTERVAL] = {"VMATLAS_INTERVAL", read_interval},
	[SETTING_GROWTH] = {"VMATLAS_GROWTH", read_bytes},
	[SETTING_LIMIT] = {"VMATLAS_LIMIT", read_limit},
	[SETTING_FAILURE] = {"VMATLAS_FAILURE", read_switch},
	[SETTING_KEEP] = {"VMATLAS_KEEP", read_keep},
	[SETTING_DEPTH] = {"VMATLAS_DEPTH", read_depth},
	[SETTING_HISTORY] = {"VMATLAS_HISTORY", read_history},
	[SETTING_SAMPLE] = {"VMATLAS_SAMPLE", read_sample},
	[SETTING_STORE] = {"VMATLAS_STORE", read_store},
	[SETTING_BLOCKS] = {"VMATLAS_BLOCKS", read_switch},
	[SETTING_CHILDREN] = {"VMATLAS_CHILDREN", read_switch},
};

const char *setting_put(enum setting setting, const char *value)
{
	char final[VALUE_SIZE];
	const char *expected = settings[setting].read(value, final);

	if (expected)
		return expected;
	return setenv(settings[setting].variable, final, 1) == 0 ? NULL : "out of memory";
}

const char *setting_get(enum setting setting)
{
	return getenv(settings[setting].variable);
}
