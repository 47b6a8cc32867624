/* Mappings, their parts, regions and pages; see export_sqlite.h. */
#include "export_sqlite.h"

#include "../preload/core/owner.h"
#include "../preload/core/region.h"
#include "../preload/core/runs.h"
#include "listing.h"

static void put_owner(struct export_sqlite *self, const char *owner, size_t length)
{
	sqlite_put_text(&self->file, length ? owner : NULL, length);
}

/* "fd:01", as the kernel writes it. */
static void put_device(struct export_sqlite *self, const struct atlas_mapping *mapping)
{
	char device[24];
	struct text text;

	text_init(&text, device, sizeof(device), NULL, NULL);
	text_hex_wide(&text, mapping->major, 2);
	text_char(&text, ':');
	text_hex_wide(&text, mapping->minor, 2);
	sqlite_put_text(&self->file, device, text.used);
}

static void put_identity(struct export_sqlite *self, const struct atlas_mapping *mapping)
{
	const struct report *report = &self->process->report;
	struct sqlite_file *file = &self->file;
	char owner[OWNER_BYTES], perms[5];
	size_t length;
	const char *path;

	sqlite_put_number(file, mapping->start);
	sqlite_put_number(file, mapping->end);
	sqlite_put_string(file, maps_letters(mapping->perms, perms));
	sqlite_put_number(file, mapping->offset);
	put_device(self, mapping);
	sqlite_put_number(file, mapping->inode);
	path = report_path(report, mapping, &length);
	sqlite_put_text(file, path, length);
	sqlite_put_string(file, kind_name((enum kind)mapping->kind));
	put_owner(self, owner, owner_of_mapping(report, mapping, owner));
	sqlite_put_number(file, mapping->end - mapping->start);
}

static void put_mapping(struct export_sqlite *self, uint32_t index)
{
	const struct atlas *atlas = &self->process->atlas;
	const struct atlas_mapping *mapping = &atlas->mapping[index];
	struct sqlite_file *file = &self->file;

	export_sqlite_row(self, SQLITE_MAPPINGS);
	sqlite_put_number(file, index + 1);
	put_identity(self, mapping);
	sqlite_put_number(file, mapping->rss);
	sqlite_put_number(file, mapping->pss);
	sqlite_put_number(file, mapping->shared_clean);
	sqlite_put_number(file, mapping->shared_dirty);
	sqlite_put_number(file, mapping->private_clean);
	sqlite_put_number(file, mapping->private_dirty);
	sqlite_put_number(file, mapping->anonymous);
	sqlite_put_number(file, mapping->anon_huge);
	sqlite_put_number(file, mapping->swap);
	sqlite_put_number(file, mapping->live_blocks);
	sqlite_put_number(file, mapping->live_bytes);
	sqlite_put_known(file, mapping->live_resident, atlas->pages_known);
	sqlite_put_known(file, mapping->retained, atlas->pages_known);
	sqlite_put_known(file, mapping->trimmable, atlas->pages_known);
	sqlite_put_known(file, mapping->pinned, atlas->pages_known);
	sqlite_row_end(file);
}

static void put_part(struct export_sqlite *self, uint32_t index)
{
	const struct atlas *atlas = &self->process->atlas;
	const struct atlas_part *part = &atlas->part[index];
	bool whole = atlas->mapping[part->mapping].parts == 1;
	struct sqlite_file *file = &self->file;
	char owner[OWNER_BYTES];

	export_sqlite_row(self, SQLITE_PARTS);
	sqlite_put_number(file, index + 1);
	sqlite_put_number(file, part->mapping + 1u);
	sqlite_put_number(file, part->start);
	sqlite_put_number(file, part->end);
	sqlite_put_string(file, kind_name((enum kind)part->kind));
	put_owner(self, owner, owner_of_part(&self->process->report, part, owner));
	sqlite_put_string(file, atlas_row_name(atlas_row_of(atlas, part)));
	sqlite_put_known(file, part->frame, part->frame != 0);
	sqlite_put_known(file, part->thread, part->thread != 0);
	sqlite_put_known(file, part->rss, whole || atlas->pages_known);
	sqlite_put_number(file, part->live_blocks);
	sqlite_put_number(file, part->live_bytes);
	sqlite_put_known(file, part->live_resident, atlas->pages_known);
	sqlite_put_known(file, part->retained, atlas->pages_known);
	sqlite_put_known(file, part->trimmable, atlas->pages_known);
	sqlite_put_known(file, part->pinned, atlas->pages_known);
	sqlite_row_end(file);
}

/* Of which some may have been unmapped behind our back since. */
static void put_region(struct export_sqlite *self, uint32_t index)
{
	const struct atlas_region *region = &self->process->atlas.region[index];
	struct sqlite_file *file = &self->file;
	char owner[OWNER_BYTES];

	export_sqlite_row(self, SQLITE_REGIONS);
	sqlite_put_number(file, index + 1);
	sqlite_put_number(file, region->start);
	sqlite_put_number(file, region->end);
	sqlite_put_string(file, kind_name((enum kind)region->kind));
	sqlite_put_string(file, region->call ? region_call_name(region->call) : NULL);
	put_owner(self, owner, owner_of_region(&self->process->report, region, owner));
	sqlite_put_known(file, region->frame, region->frame != 0);
	sqlite_put_known(file, region->thread, region->thread != 0);
	sqlite_put_known(file, view_time_ns(&self->process->view, region->time), region->time != 0);
	sqlite_put_known(file, region->arena, region->arena != 0);
	sqlite_row_end(file);
}

static void put_pages(struct export_sqlite *self, uint32_t index)
{
	const struct atlas *atlas = &self->process->atlas;
	const struct atlas_mapping *mapping = &atlas->mapping[index];
	struct sqlite_file *file = &self->file;
	const struct view_run *run;
	struct runs runs;

	runs_begin(&runs, atlas->view, mapping->start, mapping->end);
	for (; (run = runs_at(&runs)) && !file->error; runs.next++) {
		export_sqlite_row(self, SQLITE_PAGES);
		sqlite_put_number(file, index + 1);
		sqlite_put_number(file, run->start);
		sqlite_put_number(file, run->end);
		sqlite_put_number(file, (run->state & VIEW_PRESENT) != 0);
		sqlite_put_number(file, (run->state & VIEW_SWAPPED) != 0);
		sqlite_put_number(file, (run->state & VIEW_HUGE) != 0);
		sqlite_put_number(file, (run->state & VIEW_ZERO) != 0);
		sqlite_row_end(file);
	}
}

void export_sqlite_maps(struct export_sqlite *self)
{
	const struct atlas *atlas = &self->process->atlas;

	for (uint32_t i = 0; i < atlas->mappings; i++)
		put_mapping(self, i);
	for (uint32_t i = 0; i < atlas->parts; i++)
		put_part(self, i);
	for (uint32_t i = 0; i < atlas->regions; i++)
		put_region(self, i);
	for (uint32_t i = 0; i < atlas->mappings && atlas->pages_known; i++)
		put_pages(self, i);
}
