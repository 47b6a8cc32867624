#include "listing_live.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listing_bytes.h"

/* Two reads of maps in a row were torn once in some hundred in a process that did nothing but map
 * and unmap with 8 threads; smaps takes longer. */
enum { ATTEMPTS = 5 };

static int read_proc(long pid, const char *name, char **bytes, size_t *length)
{
	char path[100];
	FILE *file;
	int error;

	snprintf(path, sizeof(path), "/proc/%ld/%s", pid, name);
	file = fopen(path, "re");
	error = errno;
	if (!file)
		return error == ENOENT || !error ? ESRCH : error;
	error = listing_bytes_read(file, bytes, length);
	fclose(file);
	return error;
}

/* -- The title ------------------------------------------------------------------------------ */

/* Arguments with a blank between them. */
static char *join(char *bytes, size_t length)
{
	while (length && !bytes[length - 1])
		length--;
	for (size_t i = 0; i < length; i++)
		if (!bytes[i])
			bytes[i] = ' ';
	bytes[length] = 0;
	return bytes;
}

/* "[kworker/0:1]", for what has no command line. */
static char *read_name(long pid)
{
	char *bytes = NULL, *title = NULL;
	size_t length = 0;

	if (read_proc(pid, "comm", &bytes, &length))
		return NULL;
	if (asprintf(&title, "[%.*s]", (int)strcspn(bytes, "\n"), bytes) < 0)
		title = NULL;
	free(bytes);
	return title;
}

static char *read_title(long pid)
{
	char *bytes = NULL;
	size_t length = 0;

	if (read_proc(pid, "cmdline", &bytes, &length))
		return NULL;
	if (length && bytes[0])
		return join(bytes, length);
	free(bytes);
	return read_name(pid);
}

/* -- The mappings --------------------------------------------------------------------------- */

static int read_once(long pid, const struct listing_how *how, struct listing **listing)
{
	struct listing_fault fault = {0};
	char *bytes = NULL;
	size_t length = 0;
	int error = read_proc(pid, how->smaps ? "smaps" : "maps", &bytes, &length);

	if (error)
		return error;
	if (!length) {
		free(bytes);
		return ENODATA;
	}
	return listing_parse(bytes, length, how, listing, &fault);
}

int listing_live(long pid, bool smaps, struct listing **out)
{
	const struct listing_how how = {.smaps = smaps};
	struct listing *listing = NULL;

	for (unsigned i = 0; i < ATTEMPTS; i++) {
		int error;
		listing_free(listing);
		listing = NULL;
		error = read_once(pid, &how, &listing);
		if (error)
			return error;
		if (!listing->disorder)
			break;
	}
	listing->pid = pid;
	listing->alive = true;
	listing->title = read_title(pid);
	*out = listing;
	return 0;
}

/* -- Threads -------------------------------------------------------------------------------- */

/* "0 0x.. (six arguments) SP PC", "-1 SP PC", or "running": fs/proc/base.c, proc_pid_syscall. */
static bool parse_stack_pointer(const char *text, uint64_t *pointer)
{
	const char *pc = strrchr(text, ' ');

	if (!pc || pc == text)
		return false;
	for (pc--; pc > text && *pc != ' '; pc--)
		;
	return sscanf(pc, " 0x%" SCNx64, pointer) == 1;
}

static bool read_stack_pointer(long pid, long tid, uint64_t *pointer)
{
	char name[60], *bytes = NULL;
	size_t length = 0;
	bool found;

	snprintf(name, sizeof(name), "task/%ld/syscall", tid);
	if (read_proc(pid, name, &bytes, &length))
		return false;
	found = parse_stack_pointer(bytes, pointer);
	free(bytes);
	return found;
}

static char *thread_owner(long pid, long tid)
{
	char name[60], *bytes = NULL, *owner = NULL;
	size_t length = 0;

	snprintf(name, sizeof(name), "task/%ld/comm", tid);
	if (read_proc(pid, name, &bytes, &length))
		return NULL;
	if (asprintf(&owner, "thread %ld %.*s", tid, (int)strcspn(bytes, "\n"), bytes) < 0)
		owner = NULL;
	free(bytes);
	return owner;
}

/* Inaccessible and directly below: it guards the stack, however large it is. */
static bool is_guard(const struct listing *listing, const struct listing_row *row)
{
	const struct listing_row *below = row - 1;

	return row > listing->row && below->line.end == row->line.start &&
	       !(below->line.perms & (MAPS_READ | MAPS_WRITE | MAPS_EXEC)) &&
	       (below->kind == KIND_GUARD || below->kind == KIND_RESERVE) && !below->owner;
}

/* A stack that a program made itself, out of malloc's memory say, stays what it is. */
static void name_stack(struct listing *listing, long tid)
{
	struct listing_row *row;
	uint64_t pointer;

	if (!read_stack_pointer(listing->pid, tid, &pointer))
		return;
	row = (struct listing_row *)listing_find(listing, pointer);
	if (!row || row->owner || (row->kind != KIND_ANON && row->kind != KIND_THREAD_STACK))
		return;
	row->kind = KIND_THREAD_STACK;
	row->owner = thread_owner(listing->pid, tid);
	if (!is_guard(listing, row) || !row->owner)
		return;
	row[-1].kind = KIND_GUARD;
	row[-1].owner = strdup(row->owner);
}

void listing_live_threads(struct listing *listing)
{
	const struct dirent *entry;
	char path[60];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%ld/task", listing->pid);
	tasks = opendir(path);
	if (!tasks)
		return;
	while ((entry = readdir(tasks)) != NULL)
		if (entry->d_name[0] != '.')
			name_stack(listing, strtol(entry->d_name, NULL, 10));
	closedir(tasks);
}
