#include "diff_side.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "listing_ask.h"
#include "listing_bytes.h"
#include "listing_snapshot.h"

/* -- A snapshot ----------------------------------------------------------------------------- */

static int make_atlas(struct diff_side *side)
{
	uint32_t mappings = snapshot_mappings(side->snapshot);
	size_t size;

	side->view = *snapshot_view(side->snapshot);
	size = atlas_memory(&side->view, mappings);
	side->memory = calloc(1, size);
	if (!side->memory)
		return complain_errno(side->name, ENOMEM);
	side->view.complete &=
		atlas_make(&side->atlas, &side->view, side->memory, size, mappings) == 0;
	return 0;
}

static int read_snapshot(struct diff_side *side, FILE *file)
{
	struct snapshot_fault fault = {0};
	int error = snapshot_read(file, &side->snapshot, &fault);

	return error ? snapshot_complain(side->name, error, &fault) : make_atlas(side);
}

/* -- A file --------------------------------------------------------------------------------- */

static int read_bytes(
	struct diff_side *side, char *bytes, size_t length, const struct listing_how *how)
{
	FILE *file;
	int status;

	if (!listing_is_snapshot(bytes, length))
		return listing_take(side->name, bytes, length, how, &side->listing);
	file = fmemopen(bytes, length, "rb");
	status = file ? read_snapshot(side, file) : complain_errno(side->name, errno);
	if (file)
		fclose(file);
	free(bytes);
	return status;
}

/* A snapshot can be large: where the file can be read twice, it is not held in memory whole. */
static bool begins_snapshot(FILE *file)
{
	char magic[8];

	return pread(fileno(file), magic, sizeof(magic), 0) == sizeof(magic) &&
	       listing_is_snapshot(magic, sizeof(magic));
}

static int read_stream(struct diff_side *side, FILE *file, const struct listing_how *how)
{
	size_t length;
	char *bytes;
	int error;

	if (file != stdin && begins_snapshot(file))
		return read_snapshot(side, file);
	error = listing_bytes_read(file, &bytes, &length);
	if (error)
		return complain_errno(side->name, error);
	return read_bytes(side, bytes, length, how);
}

static int read_file(struct diff_side *side, const char *path, const struct listing_how *how)
{
	FILE *file;
	int status;

	if (!strcmp(path, "-")) {
		side->name = "standard input";
		return read_stream(side, stdin, how);
	}
	file = fopen(path, "rbe");
	if (!file)
		return complain_errno(path, errno);
	status = read_stream(side, file, how);
	fclose(file);
	return status;
}

static int ask(struct diff_side *side, const struct listing_how *how)
{
	char *bytes;
	size_t length;
	int status = listing_ask(side->name, &bytes, &length);

	return status ? status : read_bytes(side, bytes, length, how);
}

static int read_target(struct diff_side *side, const struct listing_how *how)
{
	if (!listing_is_process(side->name))
		return read_file(side, side->name, how);
	return how->ask ? ask(side, how) : listing_open(side->name, how, &side->listing);
}

/* -- The whole ------------------------------------------------------------------------------ */

int diff_side_open(struct diff_side *side, const char *target, const struct listing_how *how)
{
	int status, error;

	*side = (struct diff_side){.name = target};
	status = read_target(side, how);
	if (status)
		return status;
	error = side->snapshot ? diff_items_of_parts(&side->items, &side->atlas)
			       : diff_items_of_listing(&side->items, side->listing);
	return error ? complain_errno(target, error) : 0;
}

void diff_side_close(struct diff_side *side)
{
	free(side->items.item);
	free(side->memory);
	snapshot_free(side->snapshot);
	listing_free(side->listing);
}

/* -- What it knows -------------------------------------------------------------------------- */

bool diff_side_knows_rss(const struct diff_side *side)
{
	if (side->snapshot)
		return !side->view.maps_only;
	return side->listing->known & (LISTING_RSS | LISTING_SMAPS);
}

bool diff_side_knows_pages(const struct diff_side *side)
{
	return side->snapshot && side->atlas.pages_known;
}

bool diff_side_same_process(const struct diff_side *a, const struct diff_side *b)
{
	const struct view *x = &a->view, *y = &b->view;

	return a->snapshot && b->snapshot && x->pid == y->pid && x->start.ticks == y->start.ticks &&
	       x->start.realtime_ns == y->start.realtime_ns && !strcmp(x->exe, y->exe);
}

static bool same_name(const struct diff_item *a, const struct diff_item *b)
{
	return a->path_length == b->path_length && !memcmp(a->path, b->path, a->path_length);
}

static uint32_t count_named(const struct diff_items *items)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < items->count; i++)
		count += items->item[i].path_length != 0;
	return count;
}

bool diff_side_same_space(const struct diff_side *a, const struct diff_side *b)
{
	uint32_t named = count_named(&a->items), others = count_named(&b->items), same = 0;

	for (uint32_t i = 0; i < a->items.count; i++) {
		const struct diff_item *item = &a->items.item[i];
		const struct diff_item *found = diff_items_past(&b->items, item->start);

		same += item->path_length && found && found->start == item->start &&
			same_name(item, found);
	}
	return 2 * (uint64_t)same >= (named < others ? named : others);
}

const char *diff_side_program(const struct diff_side *side, size_t *length)
{
	if (side->snapshot) {
		*length = strlen(side->view.exe);
		return side->view.exe;
	}
	/* The kernel loads the program below its libraries. */
	for (uint32_t i = 0; i < side->items.count; i++) {
		const struct diff_item *item = &side->items.item[i];

		*length = item->path_length;
		if (*length && item->path[0] != '[')
			return item->path;
	}
	*length = 0;
	return "";
}

bool diff_side_apart(const struct diff_side *a, const struct diff_side *b, int64_t *ns)
{
	const struct view_clock *x = &a->view.now, *y = &b->view.now;
	bool same = diff_side_same_process(a, b);

	if (!a->snapshot || !b->snapshot)
		return false;
	*ns = same ? (int64_t)(y->monotonic_ns - x->monotonic_ns)
		   : (int64_t)(y->realtime_ns - x->realtime_ns);
	return true;
}
