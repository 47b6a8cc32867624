#include "addr_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "shimstate.h"
#include "snapshot.h"
#include "target.h"

/* -- A process ------------------------------------------------------------------------------ */

/* 0 for what is no number, and so a file. */
static long pid_of(const char *target)
{
	size_t digits = strspn(target, "0123456789");
	long pid = digits && digits < 11 && !target[digits] ? strtol(target, NULL, 10) : 0;

	return pid <= INT32_MAX ? pid : 0;
}

static const char *why_not(int error)
{
	switch (error) {
	case ENOENT:
		return "no shim in it";
	case EPERM:
	case EACCES:
		return "not permitted to ask whether there is a shim in it";
	case EAGAIN:
		return "the shim in it has not begun to work";
	case EBUSY:
		return "it is stopped, and its shim cannot answer";
	case EPROTO:
		return "the shim in it is of another version";
	}
	return "its shim does not answer";
}

static int open_outside(struct addr_source *source, int error)
{
	const struct listing_how how = {.smaps = true};
	int status = listing_open(source->target, &how, &source->listing);

	if (!status && error)
		complain_note(
			source->target, "%s: mappings, pages and symbols only", why_not(error));
	return status;
}

/* What the shim says, or why it says nothing. It answers for the whole process, whichever thread's
 * number was given. */
static int ask_shim(struct addr_source *source, long pid)
{
	const struct listing_how how = {.ask = true};
	struct shimstate shim;
	struct target target;
	char number[16];
	int error = target_read((pid_t)pid, &target);

	if (!error)
		error = shimstate_find(target.leader, &shim);
	if (error)
		return error;
	if (target.state == 'T' || target.state == 't')
		return EBUSY;
	snprintf(number, sizeof(number), "%d", (int)target.leader);
	return listing_open(number, &how, &source->listing) ? EIO : 0;
}

static void open_pagemap(struct addr_source *source)
{
	char path[60];

	snprintf(path, sizeof(path), "/proc/%ld/pagemap", source->listing->pid);
	source->pagemap = open(path, O_RDONLY | O_CLOEXEC);
}

static int open_process(struct addr_source *source, long pid, bool ask)
{
	int error = ask ? ask_shim(source, pid) : 0, status = 0;

	/* What does not exist is no matter of shims. */
	if (!source->listing)
		status = open_outside(source, error == ESRCH ? 0 : error);
	if (!status && !source->listing->snapshot)
		open_pagemap(source);
	return status;
}

/* -- What the shim knew --------------------------------------------------------------------- */

static int open_view(struct addr_source *source)
{
	const struct snapshot *snapshot = source->listing->snapshot;
	uint32_t mappings = snapshot_mappings(snapshot);
	const struct view *view = snapshot_view(snapshot);
	size_t size = atlas_memory(view, mappings);

	source->memory = calloc(1, size);
	source->framenames = framenames_open(view, true);
	if (!source->memory || !source->framenames)
		return complain_errno(source->target, ENOMEM);
	source->view = view;
	source->names = framenames_names(source->framenames);
	/* What of smaps cannot be read the listing has complained of. */
	atlas_make(&source->atlas, view, source->memory, size, mappings);
	report_begin(&source->report, &source->atlas, &source->names, &source->options, NULL);
	return 0;
}

int addr_source_open(struct addr_source *source, const char *target, bool ask)
{
	const struct listing_how how = {.smaps = true};
	long pid = pid_of(target);
	int status;

	*source = (struct addr_source){.target = target, .pagemap = -1};
	status =
		pid ? open_process(source, pid, ask) : listing_open(target, &how, &source->listing);
	if (!status && source->listing->snapshot)
		status = open_view(source);
	if (status)
		return status;
	source->symbols = addr_symbols_open(source->listing, source->view);
	return source->symbols ? 0 : complain_errno(target, ENOMEM);
}

void addr_source_close(struct addr_source *source)
{
	addr_symbols_close(source->symbols);
	if (source->framenames)
		framenames_close(source->framenames);
	free(source->memory);
	if (source->pagemap >= 0)
		close(source->pagemap);
	listing_free(source->listing);
}
