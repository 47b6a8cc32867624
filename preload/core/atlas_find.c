/* Finding one's way in an atlas that is (or is being) made; see atlas.h. */
#include "atlas.h"

/* The first mapping that ends behind the address. */
static uint32_t index_past(const struct atlas *atlas, uint64_t address)
{
	uint32_t low = 0, high = atlas->mappings;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (address >= atlas->mapping[middle].end)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct atlas_mapping *atlas_find(const struct atlas *atlas, uint64_t address)
{
	uint32_t index = index_past(atlas, address);

	if (index == atlas->mappings || atlas->mapping[index].start > address)
		return NULL;
	return &atlas->mapping[index];
}

bool atlas_mapped(const struct atlas *atlas, uint64_t *from, uint64_t end, struct view_range *part)
{
	uint32_t index = index_past(atlas, *from);
	const struct atlas_mapping *mapping = &atlas->mapping[index];

	if (*from >= end)
		return false;
	*part = (struct view_range){*from, end};
	if (atlas->mappings) {
		if (index == atlas->mappings || mapping->start >= end)
			return false;
		if (mapping->start > *from)
			part->start = mapping->start;
		part->end = mapping->end;
		while (++index < atlas->mappings && mapping[1].start == part->end)
			part->end = (++mapping)->end;
		if (part->end > end)
			part->end = end;
	}
	*from = part->end;
	return true;
}

static uint32_t part_past(const struct atlas *atlas, uint64_t address)
{
	uint32_t low = 0, high = atlas->parts;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (address >= atlas->part[middle].end)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct atlas_part *atlas_part_past(const struct atlas *atlas, uint64_t address)
{
	uint32_t index = part_past(atlas, address);

	return index < atlas->parts ? &atlas->part[index] : NULL;
}

const struct atlas_part *atlas_part_find(const struct atlas *atlas, uint64_t address)
{
	const struct atlas_part *part = atlas_part_past(atlas, address);

	return part && part->start <= address ? part : NULL;
}

struct atlas_part *atlas_part_largest(
	const struct atlas *atlas, const struct atlas_mapping *mapping)
{
	struct atlas_part *largest = &atlas->part[mapping->part];

	for (uint32_t i = 1; i < mapping->parts; i++) {
		struct atlas_part *part = &atlas->part[mapping->part + i];

		if (part->end - part->start > largest->end - largest->start)
			largest = part;
	}
	return largest;
}

const char *atlas_path(const struct atlas *atlas, const struct atlas_mapping *mapping)
{
	return atlas->paths + mapping->path;
}
