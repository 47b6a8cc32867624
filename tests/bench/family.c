/* family.c - reads /proc/PID/task/TID/children (proc(5)) from the top down. */
#include "family.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef long visit_function(pid_t pid);

static long resident_kib(pid_t pid)
{
	char path[64];
	long size, resident = 0;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/statm", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static long kill_one(pid_t pid)
{
	return kill(pid, SIGKILL);
}

static long each(pid_t pid, visit_function *visit);

/* The children that one thread has made. */
static long each_child(pid_t pid, const char *thread, visit_function *visit)
{
	char path[96];
	long sum = 0;
	pid_t child;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", pid, thread);
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fscanf(file, "%d", &child) == 1)
		sum += each(child, visit);
	fclose(file);
	return sum;
}

/* The children are listed before the visit: of a killed process they would be another's. */
static long each(pid_t pid, visit_function *visit)
{
	char path[64];
	struct dirent *entry;
	long sum = 0;
	DIR *threads;

	snprintf(path, sizeof path, "/proc/%d/task", pid);
	threads = opendir(path);
	while (threads && (entry = readdir(threads)))
		if (entry->d_name[0] != '.')
			sum += each_child(pid, entry->d_name, visit);
	if (threads)
		closedir(threads);
	return sum + visit(pid);
}

long family_kib(pid_t pid)
{
	return each(pid, resident_kib);
}

void family_kill(pid_t pid)
{
	each(pid, kill_one);
}
