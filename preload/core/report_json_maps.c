#include "report_json_maps.h"
#include "owner.h"

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
	report_json_owner(self, owner, owner_of_mapping(&self->report, mapping, owner));
}

static void put_sizes(struct report_json *self, const struct atlas_mapping *mapping)
{
	struct json *json = &self->json;
	bool known = self->report.atlas->pages_known, smaps = !self->report.view->maps_only;

	json_put_number(json, "size", mapping->end - mapping->start);
	report_json_known(self, "rss", mapping->rss, smaps);
	report_json_known(self, "pss", mapping->pss, smaps);
	report_json_known(self, "shared_clean", mapping->shared_clean, smaps);
	report_json_known(self, "shared_dirty", mapping->shared_dirty, smaps);
	report_json_known(self, "private_clean", mapping->private_clean, smaps);
	report_json_known(self, "private_dirty", mapping->private_dirty, smaps);
	report_json_known(self, "anonymous", mapping->anonymous, smaps);
	report_json_known(self, "anon_huge", mapping->anon_huge, smaps);
	report_json_known(self, "swap", mapping->swap, smaps);
	json_put_number(json, "live_blocks", mapping->live_blocks);
	json_put_number(json, "live_bytes", mapping->live_bytes);
	report_json_known(self, "live_resident", mapping->live_resident, known);
	report_json_known(self, "retained", mapping->retained, known);
	report_json_known(self, "trimmable", mapping->trimmable, known);
	report_json_known(self, "pinned", mapping->pinned, known);
}

/* Where one mapping is several things. */
static void put_part(struct report_json *self, const struct atlas_part *part)
{
	struct json *json = &self->json;
	bool known = self->report.atlas->pages_known;
	char owner[OWNER_BYTES];

	json_object_begin(json);
	json_put_address(json, "start", part->start);
	json_put_address(json, "end", part->end);
	json_put_string(json, "kind", kind_name((enum kind)part->kind));
	report_json_owner(self, owner, owner_of_part(&self->report, part, owner));
	json_put_number(json, "size", part->end - part->start);
	report_json_known(self, "rss", part->rss, known);
	json_put_number(json, "live_blocks", part->live_blocks);
	json_put_number(json, "live_bytes", part->live_bytes);
	report_json_known(self, "live_resident", part->live_resident, known);
	report_json_known(self, "retained", part->retained, known);
	report_json_known(self, "trimmable", part->trimmable, known);
	report_json_known(self, "pinned", part->pinned, known);
	json_object_end(json);
}

static void put_parts(struct report_json *self, const struct atlas_mapping *mapping)
{
	if (mapping->parts < 2)
		return;
	json_put_array(&self->json, "parts");
	for (uint32_t i = 0; i < mapping->parts; i++)
		put_part(self, &self->report.atlas->part[mapping->part + i]);
	json_array_end(&self->json);
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
		put_parts(self, &atlas->mapping[i]);
		json_object_end(json);
	}
	json_line(json);
	json_array_end(json);
}
