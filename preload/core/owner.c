#include "owner.h"
#include "place.h"

#include <string.h>

static void put_module(struct text *text, const struct place *place)
{
	size_t length;
	const char *module = place_module(place, &length);

	text_bytes(text, module, length < OWNER_MODULE ? length : OWNER_MODULE);
}

static void put_function(struct text *text, const struct place *place, const char *function)
{
	char name[4 * OWNER_FUNCTION];

	text_str(text, names_shorten(function, OWNER_FUNCTION, name, sizeof name));
	if (!place->module)
		return;
	text_str(text, " (");
	put_module(text, place);
	text_char(text, ')');
}

static void put_address(struct text *text, const struct place *place)
{
	if (place->module) {
		put_module(text, place);
		text_char(text, '+');
	}
	text_address(text, place->module ? place->offset : place->pc);
}

size_t owner_of_stack(const struct report *report, uint32_t frame, char out[OWNER_BYTES])
{
	struct name levels[NAMES_LEVELS];
	struct place place;
	struct text text;
	uint32_t caller;

	text_init(&text, out, OWNER_BYTES, NULL, NULL);
	if (!place_of_caller(report->view, frame, &caller, &place))
		return 0;
	names_get(report->names, caller, levels);
	if (levels[0].function)
		put_function(&text, &place, levels[0].function);
	else
		put_address(&text, &place);
	return text.used;
}

size_t owner_thread_name(const struct vmatlas_thread *thread)
{
	return strnlen(thread->name, sizeof thread->name);
}

size_t owner_of_thread(const struct report *report, uint32_t id, char out[OWNER_BYTES])
{
	const struct vmatlas_thread *thread = lane_find(report->view->threads, id);
	struct text text;

	text_init(&text, out, OWNER_BYTES, NULL, NULL);
	if (!thread || !thread->tid)
		return 0;
	text_str(&text, "thread ");
	text_dec(&text, thread->tid);
	if (thread->name[0])
		text_char(&text, ' ');
	text_bytes(&text, thread->name, owner_thread_name(thread));
	return text.used;
}

static size_t of_bytes(const char *bytes, size_t length, char out[OWNER_BYTES])
{
	if (length > OWNER_BYTES)
		length = OWNER_BYTES;
	memcpy(out, bytes, length);
	return length;
}

/* The file's name, without what the kernel adds to it; a name in brackets is whole. */
static size_t of_path(
	const struct report *report, const struct atlas_mapping *mapping, char out[OWNER_BYTES])
{
	static const char deleted[] = " (deleted)";
	size_t length, tail = sizeof deleted - 1;
	const char *path = report_path(report, mapping, &length);

	if (!length && mapping->module_path_length) {
		path = report->atlas->paths + mapping->module_path;
		length = mapping->module_path_length;
	}
	if (length > tail && !memcmp(path + length - tail, deleted, tail))
		length -= tail;
	if (length && *path == '/')
		path = place_base(path, &length);
	return of_bytes(path, length, out);
}

/* Of what malloc mapped for one block alone, whoever wanted the block; else which of its heaps. */
static size_t of_malloc(const struct report *report, const struct atlas_part *part,
	const struct atlas_region *region, char out[OWNER_BYTES])
{
	struct text text;

	if (part->kind == KIND_MALLOC_MMAP && part->frame)
		return owner_of_stack(report, part->frame, out);
	text_init(&text, out, OWNER_BYTES, NULL, NULL);
	text_str(&text, "malloc");
	if (region && region->arena) {
		text_str(&text, ", arena ");
		text_dec(&text, region->arena);
	}
	return text.used;
}

static void put_when(struct text *text, const struct vmatlas_sighting *sighting)
{
	if (sighting->after) {
		text_str(text, "between dump ");
		text_dec(text, sighting->after);
		text_str(text, " and ");
	} else {
		text_str(text, "before dump ");
	}
	text_dec(text, sighting->seen);
}

/* The newest of what lies in the part, from the one at its start on. */
static const struct vmatlas_sighting *newest(const struct view *view,
	const struct vmatlas_sighting *first, const struct atlas_part *part)
{
	const struct vmatlas_sighting *found = first, *at = first;

	for (; at < view->sighting + view->sightings && at->start < part->end; at++) {
		if (at->seen > found->seen)
			found = at;
	}
	return found;
}

/* Memory that passed no wrapper: between which reports it came. */
static size_t of_nobody(
	const struct report *report, const struct atlas_part *part, char out[OWNER_BYTES])
{
	const struct vmatlas_sighting *first = view_sighting(report->view, part->start), *last;
	bool anonymous =
		part->kind == KIND_ANON || part->kind == KIND_JIT || part->kind == KIND_RESERVE;
	struct text text;

	text_init(&text, out, OWNER_BYTES, NULL, NULL);
	if (!anonymous || !first)
		return 0;
	last = newest(report->view, first, part);
	text_str(&text, last == first ? "mapped by a raw system call "
				      : "mapped by raw system calls, the last ");
	put_when(&text, last);
	return text.used;
}

size_t owner_of_part(
	const struct report *report, const struct atlas_part *part, char out[OWNER_BYTES])
{
	const struct atlas *atlas = report->atlas;

	switch ((enum atlas_owner)part->owner) {
	case ATLAS_OWNER_PATH:
		return of_path(report, &atlas->mapping[part->mapping], out);
	case ATLAS_OWNER_ALLOCATOR:
		return of_malloc(
			report, part, part->region ? &atlas->region[part->region - 1] : NULL, out);
	case ATLAS_OWNER_THREAD:
		return owner_of_thread(report, part->thread, out);
	case ATLAS_OWNER_CALL:
		return owner_of_stack(report, part->frame, out);
	case ATLAS_OWNER_VMATLAS:
		return of_bytes("vmatlas", strlen("vmatlas"), out);
	case ATLAS_OWNER_LOADER:
		return of_bytes("loader", strlen("loader"), out);
	case ATLAS_OWNER_NONE:
		return of_nobody(report, part, out);
	}
	return 0;
}

size_t owner_of_mapping(
	const struct report *report, const struct atlas_mapping *mapping, char out[OWNER_BYTES])
{
	struct atlas_part whole = {
		.mapping = (uint32_t)(mapping - report->atlas->mapping),
		.kind = mapping->kind,
		.owner = mapping->owner,
		.thread = mapping->thread,
		.frame = mapping->frame,
	};

	return owner_of_part(
		report, mapping->parts ? atlas_part_largest(report->atlas, mapping) : &whole, out);
}

size_t owner_of_region(
	const struct report *report, const struct atlas_region *region, char out[OWNER_BYTES])
{
	struct text text;

	if (region->kind == KIND_THREAD_STACK || region->kind == KIND_MAIN_STACK)
		return owner_of_thread(report, region->thread, out);
	if (region->call == VMATLAS_CALL_BEFORE)
		return of_bytes("loader", strlen("loader"), out);
	if (region->call == VMATLAS_CALL_WITHIN)
		return of_bytes("malloc", strlen("malloc"), out);
	if (!region->arena)
		return owner_of_stack(report, region->frame, out);
	text_init(&text, out, OWNER_BYTES, NULL, NULL);
	text_str(&text, "malloc, arena ");
	text_dec(&text, region->arena);
	return text.used;
}
