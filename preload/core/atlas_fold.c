#include "atlas_fold.h"
#include "runs.h"

/* Counted all but the largest; what the kernel said and they do not have is the largest's. */
static void weigh(struct atlas *atlas, const struct atlas_mapping *mapping)
{
	struct atlas_part *largest = atlas_part_largest(atlas, mapping);
	uint64_t rest = mapping->rss;

	for (uint32_t i = 0; i < mapping->parts; i++) {
		struct atlas_part *part = &atlas->part[mapping->part + i];
		uint64_t bytes;

		if (part == largest || !atlas->pages_known)
			continue;
		bytes = runs_count(atlas->view, part->start, part->end);
		part->rss = bytes < rest ? bytes : rest;
		rest -= part->rss;
	}
	largest->rss = rest;
}

void atlas_parts_weigh(struct atlas *atlas)
{
	for (uint32_t i = 0; i < atlas->mappings; i++) {
		if (atlas->mapping[i].parts)
			weigh(atlas, &atlas->mapping[i]);
	}
}

/* -- Sums ----------------------------------------------------------------------------------- */

static void fold_part(struct atlas_mapping *mapping, const struct atlas_part *part)
{
	bool first = !mapping->live_blocks;

	mapping->live_blocks += part->live_blocks;
	mapping->live_bytes += part->live_bytes;
	mapping->live_resident += part->live_resident;
	mapping->retained += part->retained;
	mapping->trimmable += part->trimmable;
	mapping->pinned += part->pinned;
	if (part->live_blocks && (first || part->smallest < mapping->smallest))
		mapping->smallest = part->smallest;
	if (part->largest > mapping->largest)
		mapping->largest = part->largest;
}

void atlas_parts_fold(struct atlas *atlas)
{
	for (uint32_t i = 0; i < atlas->mappings; i++) {
		struct atlas_mapping *mapping = &atlas->mapping[i];
		const struct atlas_part *largest;

		if (!mapping->parts)
			continue;
		largest = atlas_part_largest(atlas, mapping);
		mapping->kind = largest->kind;
		mapping->owner = largest->owner;
		mapping->thread = largest->thread;
		mapping->frame = largest->frame;
		for (uint32_t j = 0; j < mapping->parts; j++)
			fold_part(mapping, &atlas->part[mapping->part + j]);
	}
}
