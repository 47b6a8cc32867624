#include "aftermath.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "complain.h"
#include "filename.h"
#include "setting.h"
#include "summary.h"

/* More names than this help nobody; the line that says how many more there are does. */
#define REPORTS_SHOWN 8

static void say_report(const char *path, void *context)
{
	size_t *count = context;

	if ((*count)++ < REPORTS_SHOWN)
		complain_note("report", "%s", path);
}

static const char *why_no_report(const struct launch *launch)
{
	const char *at_exit = setting_get(SETTING_EXIT);

	if (at_exit && !strcmp(at_exit, "0"))
		return "none was asked for at exit, and nothing else asked for one";
	if (WIFSIGNALED(launch->status) && WTERMSIG(launch->status) == SIGKILL)
		return "the program was killed by SIGKILL";
	if (WIFSIGNALED(launch->status))
		return "the program was killed by a signal";
	return "the program ended without one";
}

static bool is_running(const char *store)
{
	const char *number = strrchr(store, '.');

	while (number > store && number[-1] != '.')
		number--;
	return !kill((pid_t)strtol(number, NULL, 10), 0) || errno == EPERM;
}

static void say_store(const char *path, void *context)
{
	(void)context;
	if (!is_running(path))
		complain_note("store", "%s", path);
}

/* Of this program, and of all that it started. */
static void say_stores(const struct aftermath *aftermath)
{
	const char *directory = setting_get(SETTING_STORE);
	char template[2 * PATH_MAX], *to = template;

	if (!directory || strlen(directory) >= PATH_MAX - 64)
		return;
	/* Its own % is no letter of the template. */
	for (; *directory; directory++) {
		*to++ = *directory;
		if (*directory == '%')
			*to++ = '%';
	}
	strcpy(to, "/vmatlas.%e.%p.store");
	filename_find(template, &aftermath->begun, say_store, NULL);
}

/* Where the shim turns to when it cannot write where it should: programs close their standard error
 * before they end (preload/output.c). Only this program's, since others write there too. */
static void say_refuge(
	const struct aftermath *aftermath, const struct launch *launch, size_t *count)
{
	char refuge[64];

	snprintf(refuge, sizeof(refuge), "/tmp/vmatlas.%%e.%d.%%n", (int)launch->pid);
	filename_find(refuge, &aftermath->begun, say_report, count);
}

static void say_reports(const struct aftermath *aftermath, const struct launch *launch)
{
	const char *output = setting_get(SETTING_OUTPUT);
	size_t count = 0;

	if (!filename_is_descriptor(output))
		filename_find(output, &aftermath->begun, say_report, &count);
	if (count == 0)
		say_refuge(aftermath, launch, &count);
	if (count > REPORTS_SHOWN)
		complain_note("report", "and %zu more like %s", count - REPORTS_SHOWN, output);
	if (count == 0 && !filename_is_descriptor(output))
		complain_note("no report was written", "%s", why_no_report(launch));
}

struct newest {
	char path[PATH_MAX];
	struct timespec time;
};

static void keep_newest(const char *path, void *context)
{
	struct newest *newest = context;
	struct stat status;

	if (stat(path, &status) != 0 || strlen(path) >= sizeof(newest->path) ||
		status.st_mtim.tv_sec < newest->time.tv_sec ||
		(status.st_mtim.tv_sec == newest->time.tv_sec &&
			status.st_mtim.tv_nsec < newest->time.tv_nsec))
		return;
	newest->time = status.st_mtim;
	strcpy(newest->path, path);
}

/* Of the last report of the program itself: what it started has its own. */
static void say_summary(const struct aftermath *aftermath, const struct launch *launch)
{
	const char *output = setting_get(SETTING_OUTPUT);
	struct newest newest = {.path = ""};
	char template[2 * PATH_MAX];

	if (filename_is_descriptor(output) || !(aftermath->summary || summary_is_welcome()) ||
		!filename_of_process(output, launch->pid, template, sizeof(template)))
		return;
	filename_find(template, &aftermath->begun, keep_newest, &newest);
	if (*newest.path)
		summary_tell(newest.path);
}

void aftermath_tell(const struct aftermath *aftermath, const struct launch *launch)
{
	say_reports(aftermath, launch);
	say_stores(aftermath);
	say_summary(aftermath, launch);
}
