#include "listing_snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/core/owner.h"
#include "framenames.h"
#include "relic.h"
#include "vmatlas_snapshot.h"

bool listing_is_snapshot(const char *bytes, size_t length)
{
	static const char magic[8] = VMATLAS_STORE_MAGIC;

	return (length >= sizeof(magic) && !memcmp(bytes, magic, sizeof(magic))) ||
	       relic_begins(bytes, length);
}

/* -- The rows: the text of smaps, frozen ---------------------------------------------------- */

static int read_smaps(const struct view *view, char **bytes, size_t *length)
{
	size_t capacity = 1 << 20;
	ssize_t got;

	*bytes = malloc(capacity);
	*length = 0;
	if (!*bytes)
		return ENOMEM;
	got = view->smaps_rewind(view->context);
	if (got < 0)
		return (int)-got;
	while ((got = view->smaps_read(view->context, *bytes + *length, capacity - *length)) > 0) {
		char *grown = *bytes;
		*length += (size_t)got;
		if (*length == capacity)
			grown = realloc(*bytes, capacity *= 2);
		if (!grown)
			return ENOMEM;
		*bytes = grown;
	}
	return got < 0 ? (int)-got : 0;
}

static int read_rows(
	const struct view *view, struct listing **listing, struct snapshot_fault *fault)
{
	const struct listing_how how = {.smaps = true};
	struct listing_fault where = {0};
	size_t length;
	char *bytes;
	int error = read_smaps(view, &bytes, &length);

	if (error) {
		free(bytes);
		return error;
	}
	error = listing_parse(bytes, length, &how, listing, &where);
	if (error == EILSEQ) {
		fault->offset = 0;
		snprintf(fault->reason, sizeof(fault->reason),
			"the smaps in it, line %zu, column %zu: %s", where.line, where.column,
			where.reason);
	}
	return error;
}

static void put_facts(struct listing *listing, const struct view *view)
{
	listing->form = LISTING_SNAPSHOT;
	listing->known |= LISTING_LIVE | (view->maps_only ? 0 : LISTING_SMAPS | LISTING_RSS);
	listing->pid = view->pid;
	listing->title = malloc(view->argv_length + 1);
	if (!listing->title)
		return;
	for (size_t i = 0; i < view->argv_length; i++)
		listing->title[i] = view->argv[i] ? view->argv[i] : ' ';
	listing->title[view->argv_length] = 0;
	for (size_t i = view->argv_length; i && listing->title[i - 1] == ' '; i--)
		listing->title[i - 1] = 0;
}

/* -- What the shim knew --------------------------------------------------------------------- */

static char *owner_text(enum kind kind, const char *bytes, size_t length)
{
	char *owner;
	int written =
		asprintf(&owner, "%s%.*s", kind == KIND_BSS ? "bss of " : "", (int)length, bytes);

	return length && written >= 0 ? owner : NULL;
}

static char *owner_of(const struct report *report, const struct atlas_mapping *mapping)
{
	char bytes[OWNER_BYTES];
	size_t length = owner_of_mapping(report, mapping, bytes);

	/* A file's name says no more than its path. */
	if (mapping->owner == ATLAS_OWNER_PATH && mapping->path_length)
		return NULL;
	return owner_text((enum kind)mapping->kind, bytes, length);
}

/* Mapping and part have fields of one name. */
#define LIVE(of, known)                                                                       \
	(struct listing_live)                                                                 \
	{                                                                                     \
		.blocks = (of)->live_blocks, .bytes = (of)->live_bytes,                       \
		.resident = (of)->live_resident, .retained = (of)->retained,                  \
		.trimmable = (of)->trimmable, .pinned = (of)->pinned, .pages_known = (known), \
	}

static void put_part(
	struct listing_part *to, const struct report *report, const struct atlas_part *part)
{
	char bytes[OWNER_BYTES];
	size_t length = owner_of_part(report, part, bytes);

	*to = (struct listing_part){
		.start = part->start,
		.end = part->end,
		.rss = part->rss,
		.kind = (enum kind)part->kind,
		.owner = owner_text((enum kind)part->kind, bytes, length),
		.live = LIVE(part, report->atlas->pages_known),
	};
}

/* Without memory for them the row stays one thing. */
static void put_parts(
	struct listing_row *row, const struct report *report, const struct atlas_mapping *mapping)
{
	if (mapping->parts < 2)
		return;
	row->part = calloc(mapping->parts, sizeof(*row->part));
	if (!row->part)
		return;
	row->parts = mapping->parts;
	for (size_t i = 0; i < row->parts; i++)
		put_part(&row->part[i], report, &report->atlas->part[mapping->part + i]);
}

static void put_live(
	struct listing_row *row, const struct report *report, const struct atlas_mapping *mapping)
{
	row->kind = (enum kind)mapping->kind;
	row->owner = owner_of(report, mapping);
	row->live = LIVE(mapping, report->atlas->pages_known);
	put_parts(row, report, mapping);
}

static void put_rows(struct listing *listing, const struct atlas *atlas, const struct names *names,
	uint64_t *scratch)
{
	struct report_options options = {0};
	struct report report;

	options.scratch = scratch;
	options.scratch_words = report_scratch(atlas, &options);
	report_begin(&report, atlas, names, &options, NULL);
	for (size_t i = 0; i < listing->count; i++) {
		struct listing_row *row = &listing->row[i];
		const struct atlas_mapping *mapping = atlas_find(atlas, row->line.start);
		if (mapping && mapping->start == row->line.start)
			put_live(row, &report, mapping);
	}
}

static int put_atlas(struct listing *listing, const struct atlas *atlas)
{
	const struct report_options options = {0};
	struct framenames *framenames = framenames_open(atlas->view, false);
	uint64_t *scratch = calloc(report_scratch(atlas, &options) + 1, sizeof(*scratch));
	struct names names;

	if (framenames && scratch) {
		names = framenames_names(framenames);
		put_rows(listing, atlas, &names, scratch);
	}
	framenames_close(framenames);
	free(scratch);
	return framenames && scratch ? 0 : ENOMEM;
}

static int put_known(struct listing *listing, const struct snapshot *snapshot)
{
	struct view view = *snapshot_view(snapshot);
	uint32_t mappings = snapshot_mappings(snapshot);
	size_t size = atlas_memory(&view, mappings);
	void *memory = calloc(1, size);
	struct atlas atlas;
	int error = ENOMEM;

	if (memory)
		error = atlas_make(&atlas, &view, memory, size, mappings);
	if (!error)
		error = put_atlas(listing, &atlas);
	free(memory);
	return error;
}

static int read_listing(
	const struct snapshot *snapshot, struct listing **listing, struct snapshot_fault *fault)
{
	struct listing *made = NULL;
	int error = read_rows(snapshot_view(snapshot), &made, fault);

	if (error)
		return error;
	put_facts(made, snapshot_view(snapshot));
	error = put_known(made, snapshot);
	if (error)
		listing_free(made);
	else
		*listing = made;
	return error;
}

int listing_snapshot_file(FILE *file, struct listing **listing, struct snapshot_fault *fault)
{
	struct snapshot *snapshot = NULL;
	int error = snapshot_read(file, &snapshot, fault);

	if (!error)
		error = read_listing(snapshot, listing, fault);
	if (error)
		snapshot_free(snapshot);
	else
		(*listing)->snapshot = snapshot;
	return error;
}

int listing_snapshot(
	const char *bytes, size_t length, struct listing **listing, struct snapshot_fault *fault)
{
	FILE *file = fmemopen((void *)(uintptr_t)bytes, length, "rb");
	int error;

	if (!file)
		return errno;
	error = listing_snapshot_file(file, listing, fault);
	fclose(file);
	return error;
}
