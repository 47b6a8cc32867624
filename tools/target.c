#include "target.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000u

static FILE *open_proc(pid_t pid, const char *name)
{
	char path[400];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

/* The last of several numbers: NSpid lists them from the outermost namespace in. */
static pid_t last_number(const char *text)
{
	char *end = (char *)(uintptr_t)text;
	long number = 0, next;

	while (next = strtol(text, &end, 10), end != text) {
		number = next;
		text = end;
	}
	return (pid_t)number;
}

static void read_line(const char *line, struct target *target)
{
	unsigned real, effective;
	int leader;

	sscanf(line, "State: %c", &target->state);
	sscanf(line, "SigCgt: %" SCNx64, &target->caught);
	if (sscanf(line, "Tgid: %d", &leader) == 1)
		target->leader = leader;
	if (sscanf(line, "Uid: %u %u", &real, &effective) == 2)
		target->user = effective;
	if (!strncmp(line, "NSpid:", 6))
		target->inner = last_number(line + 6);
}

/* The name of the program stands in brackets and may hold anything but a zero. */
static bool is_kernel_thread(pid_t pid)
{
	char line[4096] = "", *behind;
	FILE *file = open_proc(pid, "stat");
	unsigned flags = 0;

	if (!file)
		return false;
	line[fread(line, 1, sizeof(line) - 1, file)] = '\0';
	fclose(file);
	behind = strrchr(line, ')');
	if (behind)
		sscanf(behind, ") %*c %*d %*d %*d %*d %*d %u", &flags);
	return flags & PF_KTHREAD;
}

/* With the option hidepid of proc(5), what is not ours looks as if it were not there. */
static int why_no_status(pid_t pid, int error)
{
	if (error != ENOENT)
		return error;
	return kill(pid, 0) == 0 || errno == EPERM ? EACCES : ESRCH;
}

int target_read(pid_t pid, struct target *target)
{
	FILE *file = open_proc(pid, "status");
	char line[4096];

	if (!file)
		return why_no_status(pid, errno);
	*target = (struct target){.pid = pid, .leader = pid, .inner = pid};
	errno = 0;
	while (fgets(line, sizeof(line), file))
		read_line(line, target);
	fclose(file);
	target->kernel = is_kernel_thread(pid);
	return target->state ? 0 : ESRCH;
}

bool target_catches(const struct target *target, int number)
{
	return number > 0 && number <= 64 && target->caught >> (number - 1) & 1;
}

static uint64_t blocked_by(pid_t pid, const char *thread)
{
	char name[300], line[4096];
	uint64_t blocked = 0;
	FILE *file;

	snprintf(name, sizeof(name), "task/%s/status", thread);
	file = open_proc(pid, name);
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "SigBlk: %" SCNx64, &blocked);
	if (file)
		fclose(file);
	return blocked;
}

bool target_blocks(pid_t pid, int number)
{
	uint64_t all = ~(uint64_t)0;
	struct dirent *entry;
	char path[64];
	DIR *threads;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		return false;
	while ((entry = readdir(threads)))
		if (entry->d_name[0] != '.')
			all &= blocked_by(pid, entry->d_name);
	closedir(threads);
	return all >> (number - 1) & 1;
}

char *target_variable(pid_t pid, const char *name)
{
	FILE *file = open_proc(pid, "environ");
	size_t capacity = 0, length = strlen(name);
	char *entry = NULL, *value = NULL;

	while (file && !value && getdelim(&entry, &capacity, '\0', file) > 0)
		if (!strncmp(entry, name, length) && entry[length] == '=')
			value = strdup(entry + length + 1);
	free(entry);
	if (file)
		fclose(file);
	return value;
}
