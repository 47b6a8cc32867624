#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "apart.h"
#include "config.h"

#define LONG 100000

/* One variable and what must follow. `notice`: what the one notice must contain, NULL for none. */
struct setting {
	const char *entry, *notice;
	bool (*holds)(const struct config *config);
};

static bool defaults(const struct config *config)
{
	return config->fd == 2 && !config->output[0] && config->format == CONFIG_TEXT &&
	       config->signal == SIGUSR2 && !config->at_exit && !config->blocks &&
	       config->children && !config->maps_as_text && config->depth == 256 &&
	       config->interval_s == 0 && config->growth == 0 && config->history == 0 &&
	       !config->store[0] && !config->limit_percent && !config->failure && !config->keep &&
	       !config->cgroups[0];
}

#define HOLDS(name, fact)                             \
	static bool name(const struct config *config) \
	{                                             \
		return fact;                          \
	}
HOLDS(fd_0, config->fd == 0)
HOLDS(fd_1, config->fd == 1)
HOLDS(fd_7, config->fd == 7 && !config->output[0])
HOLDS(absolute, config->fd == -1 && !strcmp(config->output, "/var/tmp/%p.%n%%"))
HOLDS(relative, config->fd == -1 && !strcmp(config->output, "/tmp/reports/%p"))
HOLDS(file_in_dev, config->fd == -1 && !strcmp(config->output, "/dev/fd/x"))
HOLDS(json, config->format == CONFIG_JSON)
HOLDS(snapshot, config->format == CONFIG_SNAPSHOT)
HOLDS(signal_none, config->signal == 0)
HOLDS(signal_usr1, config->signal == SIGUSR1)
HOLDS(signal_rtmin, config->signal == SIGRTMIN)
HOLDS(signal_rtmin_3, config->signal == SIGRTMIN + 3)
HOLDS(signal_rtmax_1, config->signal == SIGRTMAX - 1)
HOLDS(signal_12, config->signal == 12)
HOLDS(at_exit, config->at_exit)
HOLDS(blocks, config->blocks)
HOLDS(no_children, !config->children)
HOLDS(as_text, config->maps_as_text)
HOLDS(depth_1, config->depth == 1)
HOLDS(depth_256, config->depth == 256)
HOLDS(every_minute, config->interval_s == 60)
HOLDS(growth_64m, config->growth == 64ull << 20)
HOLDS(growth_1t, config->growth == 1ull << 40)
HOLDS(growth_5, config->growth == 5)
HOLDS(limit_90, config->limit_percent == 90)
HOLDS(failure, config->failure)
HOLDS(keep_5, config->keep == 5)
HOLDS(keep_256, config->keep == 256)
HOLDS(cgroups, !strcmp(config->cgroups, "/tmp/groups"))
HOLDS(store_shm, !strcmp(config->store, "/dev/shm"))
HOLDS(store_relative, !strcmp(config->store, "/tmp/stores"))
HOLDS(history_1, config->history == 1)
HOLDS(history_64k, config->history == 64 << 10)
HOLDS(sample_512k, config->sample == 512 << 10)
HOLDS(sample_1, config->sample == 1)
HOLDS(sample_1t, config->sample == (uint64_t)1 << 40)
HOLDS(history_16m, config->history == 16 << 20)

static const struct setting settings[] = {
	{"PATH=/bin", NULL, defaults},
	{"VMATLAS", NULL, defaults},
	{"VMATLAS_", NULL, defaults},
	{"VMATLAS_=1", NULL, defaults},
	{"VMATLAS_OUTPUT", NULL, defaults},
	{"VMATLAS_NOBODY_KNOWS_THIS_LONG_NAME=1", NULL, defaults},
	{"vmatlas_exit=1", NULL, defaults},

	{"VMATLAS_OUTPUT=fd:7", NULL, fd_7},
	{"VMATLAS_OUTPUT=fd:0", NULL, fd_0},
	{"VMATLAS_OUTPUT=fd:", "not fd:NUMBER", defaults},
	{"VMATLAS_OUTPUT=fd:-1", "not fd:NUMBER", defaults},
	{"VMATLAS_OUTPUT=fd:7x", "not fd:NUMBER", defaults},
	{"VMATLAS_OUTPUT=fd:99999999999999999999", "not fd:NUMBER", defaults},
	{"VMATLAS_OUTPUT=", "not a path", defaults},
	{"VMATLAS_OUTPUT=/var/tmp/%p.%n%%", NULL, absolute},
	{"VMATLAS_OUTPUT=reports/%p", NULL, relative},
	{"VMATLAS_OUTPUT=/dev/stdout", NULL, fd_1},
	{"VMATLAS_OUTPUT=/dev/stderr", NULL, defaults},
	{"VMATLAS_OUTPUT=/dev/fd/7", NULL, fd_7},
	{"VMATLAS_OUTPUT=/proc/self/fd/7", NULL, fd_7},
	{"VMATLAS_OUTPUT=/dev/fd/x", NULL, file_in_dev},

	{"VMATLAS_FORMAT=text", NULL, defaults},
	{"VMATLAS_FORMAT=json", NULL, json},
	{"VMATLAS_FORMAT=snapshot", NULL, snapshot},
	{"VMATLAS_FORMAT=JSON", "not text, json or snapshot", defaults},
	{"VMATLAS_FORMAT=", "not text, json or snapshot", defaults},

	{"VMATLAS_SIGNAL=none", NULL, signal_none},
	{"VMATLAS_SIGNAL=USR1", NULL, signal_usr1},
	{"VMATLAS_SIGNAL=SIGUSR1", NULL, signal_usr1},
	{"VMATLAS_SIGNAL=12", NULL, signal_12},
	{"VMATLAS_SIGNAL=RTMIN", NULL, signal_rtmin},
	{"VMATLAS_SIGNAL=RTMIN+3", NULL, signal_rtmin_3},
	{"VMATLAS_SIGNAL=RTMAX-1", NULL, signal_rtmax_1},
	{"VMATLAS_SIGNAL=RTMIN+31", "not a signal", defaults},
	{"VMATLAS_SIGNAL=RTMIN-1", "not a signal", defaults},
	{"VMATLAS_SIGNAL=KILL", "not a signal", defaults},
	{"VMATLAS_SIGNAL=9", "not a signal", defaults},
	{"VMATLAS_SIGNAL=19", "not a signal", defaults},
	{"VMATLAS_SIGNAL=32", "not a signal", defaults},
	{"VMATLAS_SIGNAL=33", "not a signal", defaults},
	{"VMATLAS_SIGNAL=65", "not a signal", defaults},
	{"VMATLAS_SIGNAL=-1", "not a signal", defaults},
	{"VMATLAS_SIGNAL=usr1", "not a signal", defaults},
	{"VMATLAS_SIGNAL=", "not a signal", defaults},

	{"VMATLAS_EXIT=1", NULL, at_exit},
	{"VMATLAS_EXIT=0", NULL, defaults},
	{"VMATLAS_EXIT=yes", "stays 0", defaults},
	{"VMATLAS_BLOCKS=1", NULL, blocks},
	{"VMATLAS_BLOCKS=2", "stays 0", defaults},
	{"VMATLAS_CHILDREN=0", NULL, no_children},
	{"VMATLAS_CHILDREN=", "stays 1", defaults},
	{"VMATLAS_QUERY=text", NULL, as_text},
	{"VMATLAS_QUERY=ioctl", "not text", defaults},

	{"VMATLAS_DEPTH=1", NULL, depth_1},
	{"VMATLAS_DEPTH=256", NULL, depth_256},
	{"VMATLAS_DEPTH=0", "from 1 to 256", defaults},
	{"VMATLAS_DEPTH=257", "from 1 to 256", defaults},
	{"VMATLAS_DEPTH=0x10", "from 1 to 256", defaults},
	{"VMATLAS_DEPTH= 5", "from 1 to 256", defaults},
	{"VMATLAS_DEPTH=18446744073709551617", "from 1 to 256", defaults},

	{"VMATLAS_INTERVAL=60", NULL, every_minute},
	{"VMATLAS_INTERVAL=0", NULL, defaults},
	{"VMATLAS_INTERVAL=1m", "not a number of seconds", defaults},
	{"VMATLAS_INTERVAL=99999999999999999999", "not a number of seconds", defaults},
	{"VMATLAS_HISTORY=1", NULL, history_1},
	{"VMATLAS_HISTORY=64K", NULL, history_64k},
	{"VMATLAS_HISTORY=16M", NULL, history_16m},
	{"VMATLAS_HISTORY=0", NULL, defaults},
	{"VMATLAS_HISTORY=16777217", "up to 16M", defaults},
	{"VMATLAS_HISTORY=17M", "up to 16M", defaults},
	{"VMATLAS_HISTORY=-1", "up to 16M", defaults},
	{"VMATLAS_HISTORY=", "up to 16M", defaults},

	{"VMATLAS_GROWTH=64M", NULL, growth_64m},
	{"VMATLAS_GROWTH=1T", NULL, growth_1t},
	{"VMATLAS_GROWTH=5", NULL, growth_5},
	{"VMATLAS_GROWTH=M", "not a size", defaults},
	{"VMATLAS_GROWTH=", "not a size", defaults},
	{"VMATLAS_GROWTH=64MB", "not a size", defaults},
	{"VMATLAS_GROWTH=1.5G", "not a size", defaults},
	{"VMATLAS_GROWTH=16777216T", "not a size", defaults},
	{"VMATLAS_GROWTH=00000000000000000000000000000000064M", "not a size", defaults},

	{"VMATLAS_LIMIT=90%", NULL, limit_90},
	{"VMATLAS_LIMIT=90", NULL, limit_90},
	{"VMATLAS_LIMIT=0", NULL, defaults},
	{"VMATLAS_LIMIT=101%", "not a percentage", defaults},
	{"VMATLAS_LIMIT=9000%", "not a percentage", defaults},
	{"VMATLAS_LIMIT=%", "not a percentage", defaults},
	{"VMATLAS_LIMIT=", "not a percentage", defaults},
	{"VMATLAS_LIMIT=9%0", "not a percentage", defaults},
	{"VMATLAS_FAILURE=1", NULL, failure},
	{"VMATLAS_FAILURE=2", "not 0 or 1", defaults},
	{"VMATLAS_KEEP=5", NULL, keep_5},
	{"VMATLAS_KEEP=256", NULL, keep_256},
	{"VMATLAS_KEEP=0", NULL, defaults},
	{"VMATLAS_KEEP=257", "up to 256", defaults},
	{"VMATLAS_KEEP=-1", "up to 256", defaults},
	{"VMATLAS_CGROUP=/tmp/groups", NULL, cgroups},

	{"VMATLAS_SAMPLE=0", NULL, defaults},
	{"VMATLAS_SAMPLE=512K", NULL, sample_512k},
	{"VMATLAS_SAMPLE=1", NULL, sample_1},
	{"VMATLAS_SAMPLE=1T", NULL, sample_1t},
	{"VMATLAS_SAMPLE=1025G", "not a size up to 1T", defaults},
	{"VMATLAS_SAMPLE=", "not a size", defaults},
	{"VMATLAS_SAMPLE=-1", "not a size", defaults},
	{"VMATLAS_SAMPLE=512KB", "not a size", defaults},
	{"VMATLAS_SAMPLE=99999999999999999999999999", "not a size", defaults},
	{"VMATLAS_STORE=/dev/shm", NULL, store_shm},
	{"VMATLAS_STORE=stores", NULL, store_relative},
	{"VMATLAS_STORE=0", NULL, defaults},
	{"VMATLAS_STORE=", NULL, defaults},
	{"VMATLAS_LOG=fd:2", "cannot do that", defaults},
};

static void read_one(const void *argument)
{
	const struct setting *setting = argument;
	char *environment[] = {(char *)(uintptr_t)setting->entry, NULL};

	CHECK(chdir("/tmp") == 0);
	config_boot(environment);
	if (!setting->holds(config()))
		dprintf(2, "%s\n", setting->entry);
	CHECK(setting->holds(config()));
	CHECK(config()->notices == (setting->notice != NULL));
	CHECK(!setting->notice || strstr(config()->notice[0], setting->notice));
}

static void every_variable_is_taken_or_told(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof settings / sizeof settings[0]; i++)
		failed += apart(read_one, &settings[i]) != 0;
	assert_int_equal(failed, 0);
}

static void check_plain(const char *text)
{
	CHECK(memchr(text, 0, CONFIG_NOTICE));
	for (; *text; text++)
		CHECK(*text >= ' ' && *text < 127);
}

static void read_hostile(const void *format)
{
	char *environment[] = {malloc(LONG + 100), NULL};

	strcpy(environment[0], format);
	memset(environment[0] + strlen(format), 'x', LONG);
	environment[0][strlen(format) + LONG] = 0;
	config_boot(environment);
	CHECK(defaults(config()));
	CHECK(config()->notices == 1);
	check_plain(config()->notice[0]);
}

static void hostile_values_give_one_plain_line(void **state)
{
	static const char *const starts[] = {"VMATLAS_OUTPUT=", "VMATLAS_OUTPUT=/",
		"VMATLAS_OUTPUT=fd:", "VMATLAS_FORMAT=\033[2J\n\001\177\377",
		"VMATLAS_SIGNAL=RTMIN+", "VMATLAS_EXIT=\033]0;", "VMATLAS_DEPTH=9",
		"VMATLAS_GROWTH=1", "VMATLAS_INTERVAL=\t", "VMATLAS_QUERY=text"};

	(void)state;
	for (unsigned i = 0; i < sizeof starts / sizeof starts[0]; i++)
		assert_int_equal(apart(read_hostile, starts[i]), 0);
}

static void read_many(const void *unused)
{
	char *environment[] = {"VMATLAS_FORMAT=a", "VMATLAS_SIGNAL=a", "VMATLAS_EXIT=a",
		"VMATLAS_BLOCKS=a", "VMATLAS_CHILDREN=a", "VMATLAS_QUERY=a", "VMATLAS_DEPTH=a",
		"VMATLAS_INTERVAL=a", "VMATLAS_GROWTH=a", "VMATLAS_OUTPUT=fd:a", NULL};

	(void)unused;
	config_boot(environment);
	CHECK(defaults(config()));
	CHECK(config()->notices == CONFIG_NOTICES);
	for (unsigned i = 0; i < CONFIG_NOTICES; i++)
		check_plain(config()->notice[i]);
}

static void more_notices_than_fit_are_left_out(void **state)
{
	(void)state;
	assert_int_equal(apart(read_many, NULL), 0);
}

static void read_two_outputs(const void *entry)
{
	char *environment[] = {
		"VMATLAS_OUTPUT=/tmp/report", (char *)(uintptr_t)entry, "VMATLAS_EXIT=1", NULL};

	config_boot(environment);
	CHECK(config()->fd == 2 && !config()->output[0] && config()->at_exit);
}

/* Found by fuzzing: the path stayed beside the descriptor, and a notice said what was not so. */
static void the_last_of_two_outputs_holds(void **state)
{
	(void)state;
	assert_int_equal(apart(read_two_outputs, "VMATLAS_OUTPUT=fd:2"), 0);
	assert_int_equal(apart(read_two_outputs, "VMATLAS_OUTPUT=fd:x"), 0);
}

static void read_in_a_directory_with_percents(const void *unused)
{
	char *environment[] = {"VMATLAS_OUTPUT=r.%p", "VMATLAS_STORE=s", NULL};
	char name[] = "/tmp/100%p-XXXXXX", wanted[100];

	(void)unused;
	CHECK(mkdtemp(name) && chdir(name) == 0);
	config_boot(environment);
	rmdir(name);
	snprintf(wanted, sizeof wanted, "/tmp/100%%%%p-%s/r.%%p", name + sizeof name - 7);
	CHECK(!strcmp(config()->output, wanted));
	snprintf(wanted, sizeof wanted, "%s/s", name); /* no template */
	CHECK(!strcmp(config()->store, wanted));
}

static void a_percent_of_the_directory_is_no_letter(void **state)
{
	(void)state;
	assert_int_equal(apart(read_in_a_directory_with_percents, NULL), 0);
}

static void read_in_a_directory_that_is_gone(const void *unused)
{
	char *environment[] = {"VMATLAS_OUTPUT=report", NULL};
	char name[] = "/tmp/goneXXXXXX";

	(void)unused;
	CHECK(mkdtemp(name) && chdir(name) == 0 && rmdir(name) == 0);
	config_boot(environment);
	CHECK(defaults(config()) && config()->notices == 1);
}

static void read_deep_down(const void *unused)
{
	char *environment[] = {"VMATLAS_OUTPUT=report", NULL};
	char name[201];

	(void)unused;
	memset(name, '%', 200);
	name[200] = 0;
	CHECK(chdir("/tmp") == 0);
	for (int i = 0; i < 14; i++) {
		mkdir(name, 0700);
		CHECK(chdir(name) == 0);
	}
	config_boot(environment);
	CHECK(defaults(config()) && config()->notices == 1);
	for (int i = 0; i < 14; i++)
		CHECK(chdir("..") == 0 && rmdir(name) == 0);
}

static void a_relative_path_without_a_directory_is_told(void **state)
{
	(void)state;
	assert_int_equal(apart(read_in_a_directory_that_is_gone, NULL), 0);
	assert_int_equal(apart(read_deep_down, NULL), 0);
}

static void read_twice(const void *unused)
{
	char *first[] = {"VMATLAS_EXIT=1", NULL}, *second[] = {"VMATLAS_BLOCKS=1", NULL};

	(void)unused;
	config_boot(NULL);
	config_boot(first);
	config_boot(second);
	CHECK(config()->at_exit && !config()->blocks);
}

static void the_first_environment_counts(void **state)
{
	(void)state;
	assert_int_equal(apart(read_twice, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_variable_is_taken_or_told),
		cmocka_unit_test(hostile_values_give_one_plain_line),
		cmocka_unit_test(more_notices_than_fit_are_left_out),
		cmocka_unit_test(the_last_of_two_outputs_holds),
		cmocka_unit_test(a_percent_of_the_directory_is_no_letter),
		cmocka_unit_test(a_relative_path_without_a_directory_is_told),
		cmocka_unit_test(the_first_environment_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
