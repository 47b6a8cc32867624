#include "report_json_maps.h"
#include "owner.h"
#include "region.h"

/* -- Mappings ------------------------------------------------------------------------------- */

/* "r-xp" */
static void put_perms(struct json *json, uint8_t perms)
{
	const char text[4] = {
		perms & MAPS_READ ? 'r' : '-',
		perms & MAPS_WRITE ? 'w' : '-',
		perms & MAPS_EXEC ? 'x' : '-',
		perms & MAPS_SHARED ? 's' : 'p',
	};

	json_put_bytes(json, "perms", text, sizeof text);
}

/* "fd:01", as the kernel writes it. */
static void put_device(struct json *json, const struct atlas_mapping *mapping)
{
	char buffer[24];
	struct text text;

	text_init(&text, buffer, sizeof buffer, NULL, NULL);
	text_hex_wide(&text, mapping->major, 2);
	text_char(&text, ':');
	text_hex_wide(&text, mapping->minor, 2);
	json_put_bytes(json, "dev", buffer, text.used);
}

static void put_path(struct report_json *self, const struct atlas_mapping *mapping)
{
	size_t length;
	const char *path = report_path(&self->report, mapping, &length);

	json_put_bytes(&self->json, "path", path, length);
}

static void put_owner(struct json *json, const char *owner, size_t length)
{
	json_key(json, "owner");
	if (length)
		json_bytes(json, owner, length);
	else
		json_nil(json);
}

static void put_what(struct report_json *self, const struct atlas_mapping *mapping)
{
	struct json *json = &self->json;
	char owner[OWNER_BYTES];

	json_put_address(json, "start", mapping->start);
	json_put_address(json, "end", mapping->end);
	put_perms(json, mapping->perms);
	json_put_number(json, "offset", mapping->offset);
	put_device(json, mapping);
	json_put_number(json, "inode", mapping->inode);
	put_path(self, mapping);
	json_put_string(json, "kind", kind_name((enum kind)mapping->kind));
	put_owner(json, owner, owner_of_mapping(&self->report, mapping, owner));
}

static void put_sizes(struct report_json *self, const struct atlas_mapping *mapping)
{
	struct json *json = &self->json;
	bool known = self->report.atlas->pages_known;

	json_put_number(json, "size", mapping->end - mapping->start);
	json_put_number(json, "rss", mapping->rss);
	json_put_number(json, "pss", mapping->pss);
	json_put_number(json, "shared_clean", mapping->shared_clean);
	json_put_number(json, "shared_dirty", mapping->shared_dirty);
	json_put_number(json, "private_clean", mapping->private_clean);
	json_put_number(json, "private_dirty", mapping->private_dirty);
	json_put_number(json, "anonymous", mapping->anonymous);
	json_put_number(json, "anon_huge", mapping->anon_huge);
	json_put_number(json, "swap", mapping->swap);
	json_put_number(json, "live_blocks", mapping->live_blocks);
	json_put_number(json, "live_bytes", mapping->live_bytes);
	report_json_known(self, "live_resident", mapping->live_resident, known);
	report_json_known(self, "retained", mapping->retained, known);
	report_json_known(self, "trimmable", mapping->trimmable, known);
	report_json_known(self, "pinned", mapping->pinned, known);
}

void report_json_mappings(struct report_json *self)
{
	const struct atlas *atlas = self->report.atlas;
	struct json *json = &self->json;

	json_line(json);
	json_put_array(json, "mappings");
	for (uint32_t i = 0; i < atlas->mappings; i++) {
		json_line(json);
		json_object_begin(json);
		put_what(self, &atlas->mapping[i]);
		put_sizes(self, &atlas->mapping[i]);
		json_object_end(json);
	}
	json_line(json);
	json_array_end(json);
}

/* -- Regions -------------------------------------------------------------------------------- */

/* What the region is for is what its mapping is for; where that is gone, its call tells. */
static enum kind kind_of_region(const struct report *report, const struct vmatlas_region *region)
{
	const struct atlas_mapping *mapping = atlas_find(report->atlas, region->start);

	if (mapping)
		return (enum kind)mapping->kind;
	if (region->call == VMATLAS_CALL_SHMAT)
		return KIND_SYSV;
	return region->call == VMATLAS_CALL_BRK ? KIND_HEAP : KIND_OTHER;
}

static void put_region(struct report_json *self, const struct vmatlas_region *region)
{
	const struct view *view = self->report.view;
	struct json *json = &self->json;
	uint32_t tid = view_tid(view, region->thread);
	char owner[OWNER_BYTES];

	json_line(json);
	json_object_begin(json);
	json_put_address(json, "start", region->start);
	json_put_address(json, "end", region->end);
	json_put_number(json, "size", region->end - region->start);
	json_put_string(json, "kind", kind_name(kind_of_region(&self->report, region)));
	json_put_string(json, "call", region_call_name(region->call));
	put_owner(json, owner, owner_of_stack(&self->report, region->frame, owner));
	report_json_refer(self, "callstack", region->frame);
	report_json_known(self, "tid", tid, tid != 0);
	json_put_number(json, "time_ns", view_time_ns(view, region->time));
	json_object_end(json);
}

/* What was unmapped behind our back is no part of it any more. */
static void put_parts(struct report_json *self, const struct vmatlas_region *region)
{
	struct vmatlas_region piece = *region;
	uint64_t from = region->start;
	struct view_range part;

	while (atlas_mapped(self->report.atlas, &from, region->end, &part)) {
		piece.start = part.start;
		piece.end = part.end;
		put_region(self, &piece);
	}
}

void report_json_regions(struct report_json *self)
{
	const struct lane *regions = self->report.view->regions;
	uint32_t count = lane_count(regions);
	struct json *json = &self->json;

	json_line(json);
	json_put_array(json, "regions");
	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_region *record = lane_find(regions, id);
		struct vmatlas_region region;

		if (record && region_read(record, &region))
			put_parts(self, &region);
	}
	json_line(json);
	json_array_end(json);
}
