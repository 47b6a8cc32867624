#include "place.h"

#include <string.h>

/* Parents are made before their children, so numbers fall towards the outside; where they do not,
 * the table is damaged and the chain could run in a circle. */
static uint32_t parent_of(const struct vmatlas_frame *record, uint32_t frame)
{
	return record->parent < frame ? record->parent : 0;
}

static void find_module(const struct view *view, uint32_t id, struct place *place)
{
	const struct vmatlas_module *module = lane_find(view->modules, id);
	size_t length;
	const char *path;

	/* A call that never returns can be the last instruction: its return address lies behind. */
	if (!module || place->pc < module->start || place->pc > module->end)
		return;
	path = view_string(view, module->path, &length);
	if (!length)
		return;
	place->module = path;
	place->module_length = length;
	place->offset = place->pc - module->bias;
}

bool place_of(const struct view *view, uint32_t frame, struct place *place)
{
	const struct vmatlas_frame *record = lane_find(view->frames, frame);

	if (!record || !record->pc)
		return false;
	*place = (struct place){.pc = record->pc, .parent = parent_of(record, frame)};
	find_module(view, record->module, place);
	return true;
}

const char *place_base(const char *path, size_t *length)
{
	const char *slash = *length ? memrchr(path, '/', *length) : NULL;

	/* A path that ends in a slash has no last part. */
	if (!slash || slash + 1 == path + *length)
		return path;
	*length -= (size_t)(slash + 1 - path);
	return slash + 1;
}

const char *place_module(const struct place *place, size_t *length)
{
	*length = place->module_length;
	return place->module ? place_base(place->module, length) : NULL;
}

/* Whether the frame says nothing about who asked: everything comes through these. */
static bool is_plumbing(const struct place *place)
{
	static const char names[][16] = {"libc.so", "libc-2.", "ld-", "ld.so", "libpthread",
		"libc.musl", "libstdc++.so", "libc++.so", "libc++abi.so", "libvmatlas.so"};
	size_t length;
	const char *module = place_module(place, &length);

	for (unsigned i = 0; module && i < sizeof names / sizeof names[0]; i++) {
		if (length >= strlen(names[i]) && !memcmp(module, names[i], strlen(names[i])))
			return true;
	}
	return false;
}

bool place_of_caller(const struct view *view, uint32_t frame, uint32_t *caller, struct place *place)
{
	uint32_t at = frame;

	for (unsigned depth = 0; depth < PLACE_DEPTH && place_of(view, at, place); depth++) {
		*caller = at;
		if (!is_plumbing(place))
			return true;
		at = place->parent;
	}
	*caller = frame;
	return place_of(view, frame, place);
}
