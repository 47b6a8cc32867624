#include "maps_json.h"

#include <string.h>

#include "listing_modules.h"

static void put_known(struct json *json, const char *key, uint64_t value, bool known)
{
	json_key(json, key);
	if (known)
		json_number(json, value);
	else
		json_nil(json);
}

static void put_text(struct json *json, const char *key, const struct text *text, bool known)
{
	json_key(json, key);
	if (known)
		json_bytes(json, text->buffer, text->used);
	else
		json_nil(json);
}

/* -- A mapping ------------------------------------------------------------------------------ */

static void put_file(struct json *json, const struct listing_row *row, unsigned known)
{
	const struct maps_line *line = &row->line;
	char buffer[40];
	struct text text;

	text_init(&text, buffer, sizeof(buffer), NULL, NULL);
	text_str(&text, maps_letters(line->perms, (char[5]){0}));
	put_text(json, "perms", &text, known & LISTING_PERMS);
	put_known(json, "offset", line->offset, known & LISTING_OFFSET);
	text_init(&text, buffer, sizeof(buffer), NULL, NULL);
	maps_view_device(&text, line);
	put_text(json, "dev", &text, known & LISTING_FILE);
	put_known(json, "inode", line->inode, known & LISTING_FILE);
	json_put_bytes(json, "path", line->path, line->path_length);
}

static void put_figures(struct json *json, const struct listing_row *row, unsigned known)
{
	bool rss = known & LISTING_RSS, smaps = known & LISTING_SMAPS;

	json_put_number(json, "size", row->line.end - row->line.start);
	put_known(json, "rss", row->smaps.rss, rss);
	put_known(json, "pss", row->smaps.pss, smaps);
	put_known(json, "private_dirty", row->smaps.private_dirty, smaps);
	put_known(json, "swap", row->smaps.swap, smaps);
	put_known(json, "guard_bytes", row->guard_bytes,
		row->guard_bytes || (known & LISTING_GUARDS && !row->guards));
}

static void put_live(struct json *json, const struct listing_live *live, bool blocks)
{
	put_known(json, "live_blocks", live->blocks, blocks);
	put_known(json, "live_bytes", live->bytes, blocks);
	put_known(json, "live_resident", live->resident, live->pages_known);
	put_known(json, "retained", live->retained, live->pages_known);
	put_known(json, "trimmable", live->trimmable, live->pages_known);
	put_known(json, "pinned", live->pinned, live->pages_known);
}

/* As in the report. */
static void put_parts(struct json *json, const struct listing_row *row)
{
	if (!row->parts)
		return;
	json_put_array(json, "parts");
	for (size_t i = 0; i < row->parts; i++) {
		const struct listing_part *part = &row->part[i];
		json_object_begin(json);
		json_put_address(json, "start", part->start);
		json_put_address(json, "end", part->end);
		json_put_string(json, "kind", kind_name(part->kind));
		json_put_string(json, "owner", part->owner);
		json_put_number(json, "size", part->end - part->start);
		put_known(json, "rss", part->rss, part->live.pages_known);
		put_live(json, &part->live, true);
		json_object_end(json);
	}
	json_array_end(json);
}

/* Every key of the kernel's, by its own name and in its own unit, which is kB for most. */
static void put_smaps(
	struct json *json, const struct maps_view *view, const struct listing_row *row)
{
	const struct listing *listing = view->listing;
	char name[100];

	if (!(listing->known & LISTING_SMAPS))
		return;
	json_put_object(json, "smaps");
	for (size_t i = 0; i < listing->keys; i++) {
		const struct listing_key *key = &listing->key[i];
		size_t length = key->length < sizeof(name) ? key->length : sizeof(name) - 1;
		memcpy(name, key->name, length);
		name[length] = 0;
		json_put_number(json, name, row->value[i]);
	}
	json_put_string(json, "VmFlags", row->smaps.vm_flags);
	json_object_end(json);
}

static void put_segment(struct json *json, const struct listing_row *row)
{
	const struct listing_load *load = listing_module_load(row);
	const struct listing_section *section;
	size_t at = 0;

	if (!load)
		return;
	json_put_object(json, "segment");
	json_put_number(json, "number", load->number);
	json_put_address(json, "vaddr", load->vaddr);
	json_put_number(json, "offset", load->offset);
	json_put_number(json, "filesz", load->filesz);
	json_put_number(json, "memsz", load->memsz);
	json_put_number(json, "flags", load->flags);
	json_put_array(json, "sections");
	while ((section = listing_module_section(row, &at)) != NULL)
		json_str(json, section->name);
	json_array_end(json);
	json_object_end(json);
}

void maps_json_row(struct json *json, const struct maps_view *view, const struct listing_row *row)
{
	unsigned known = view->listing->known;

	json_object_begin(json);
	json_put_address(json, "start", row->line.start);
	json_put_address(json, "end", row->line.end);
	put_file(json, row, known);
	json_put_string(json, "kind", kind_name(row->kind));
	json_put_string(json, "owner", row->owner);
	put_figures(json, row, known);
	put_live(json, &row->live, known & LISTING_LIVE);
	put_parts(json, row);
	put_segment(json, row);
	put_smaps(json, view, row);
	json_object_end(json);
}

/* -- The whole ------------------------------------------------------------------------------ */

static const char *form_name(const struct listing *listing)
{
	switch (listing->form) {
	case LISTING_MAPS:
		return listing->known & LISTING_SMAPS ? "smaps" : "maps";
	case LISTING_PMAP:
		return "pmap";
	case LISTING_GDB:
		return "gdb";
	case LISTING_SNAPSHOT:
		return "snapshot";
	}
	return NULL;
}

void maps_json_begin(struct json *json, const struct maps_view *view)
{
	const struct listing *listing = view->listing;

	json_init(json, view->text);
	json_object_begin(json);
	json_put_number(json, "version", 1);
	json_put_object(json, "source");
	json_put_string(json, "form", form_name(listing));
	put_known(json, "pid", (uint64_t)listing->pid, listing->pid != 0);
	json_put_string(json, "title", listing->title);
	json_put_number(json, "mappings", listing->count);
	json_object_end(json);
}

static void put_totals(struct json *json, const struct maps_view *view)
{
	struct maps_totals totals = maps_view_totals(view);
	unsigned known = view->listing->known;

	json_put_object(json, "totals");
	json_put_number(json, "mappings", view->count);
	json_put_number(json, "size", totals.size);
	put_known(json, "rss", totals.rss, known & LISTING_RSS);
	put_known(json, "pss", totals.pss, known & LISTING_SMAPS);
	put_known(json, "dirty", totals.dirty, known & LISTING_RSS);
	put_known(json, "swap", totals.swap, known & LISTING_SMAPS);
	put_known(json, "live_blocks", totals.live_blocks, known & LISTING_LIVE);
	put_known(json, "live_bytes", totals.live_bytes, known & LISTING_LIVE);
	put_known(json, "writable_code", totals.writable_code, known & LISTING_PERMS);
	json_object_end(json);
}

void maps_json(const struct maps_view *view)
{
	struct json json;

	maps_json_begin(&json, view);
	put_totals(&json, view);
	json_put_array(&json, "mappings");
	for (size_t i = 0; i < view->count; i++) {
		json_line(&json);
		maps_json_row(&json, view, view->row[i]);
	}
	json_line(&json);
	json_array_end(&json);
	json_object_end(&json);
	text_char(view->text, '\n');
}
