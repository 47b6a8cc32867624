#include "diff_frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct key {
	uint64_t address; /* in the module's file, or in the process */
	uint32_t module;  /* number of a struct file, 0 none */
	uint32_t caller;  /* shared number */
};

/* What a module of either snapshot is known by. */
struct file {
	const void *name; /* its build-id, else its path */
	size_t length;
	uint32_t *number; /* to be set */
};

struct interning {
	struct diff_frames *frames;
	const struct view *view[2];
	uint32_t *file_of[2]; /* by module number: of its file, from 1; 0: has no name */
	struct key *key;      /* by shared number */
	uint32_t *slot;       /* shared numbers, by hash */
	uint32_t mask;
};

/* -- Files ---------------------------------------------------------------------------------- */

static int compare(const struct file *a, const struct file *b)
{
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return memcmp(a->name, b->name, a->length);
}

static int compare_void(const void *a, const void *b)
{
	return compare(a, b);
}

static uint32_t list_files(struct interning *interning, int side, struct file *file)
{
	const struct view *view = interning->view[side];
	uint32_t modules = lane_count(view->modules), count = 0;

	for (uint32_t id = 1; id <= modules; id++) {
		const struct vmatlas_module *module = lane_find(view->modules, id);
		struct file *found = &file[count];

		found->number = &interning->file_of[side][id];
		found->name = module->build_id;
		found->length = module->build_id_length;
		if (!found->length)
			found->name = view_string(view, module->path, &found->length);
		count += found->length != 0;
	}
	return count;
}

static bool intern_files(struct interning *interning, uint32_t modules)
{
	struct file *file = calloc((size_t)modules + 1, sizeof(*file));
	uint32_t count, number = 0;

	if (!file)
		return false;
	count = list_files(interning, 0, file);
	count += list_files(interning, 1, file + count);
	qsort(file, count, sizeof(*file), compare_void);
	for (uint32_t i = 0; i < count; i++)
		*file[i].number = !i || compare(&file[i - 1], &file[i]) ? ++number : number;
	free(file);
	return true;
}

/* -- Frames --------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct key *key)
{
	/* Mixing as splitmix64 does, by Steele and others, "Fast splittable pseudorandom number
	 * generators". */
	uint64_t hash = key->address ^ (uint64_t)key->module << 48 ^ (uint64_t)key->caller << 20;

	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
	return hash ^ hash >> 31;
}

static bool same_key(const struct key *a, const struct key *b)
{
	return a->address == b->address && a->module == b->module && a->caller == b->caller;
}

static uint32_t number_of(struct interning *interning, const struct key *key)
{
	uint32_t at = (uint32_t)hash_of(key) & interning->mask;

	while (interning->slot[at]) {
		if (same_key(&interning->key[interning->slot[at]], key))
			return interning->slot[at];
		at = (at + 1) & interning->mask;
	}
	interning->slot[at] = ++interning->frames->count;
	interning->key[interning->frames->count] = *key;
	return interning->frames->count;
}

/* A frame's caller has a lower number, so it was met before. */
static void intern_frames(struct interning *interning, int side)
{
	const struct view *view = interning->view[side];
	uint32_t *of = interning->frames->of[side];

	for (uint32_t id = 1; id <= interning->frames->frames[side]; id++) {
		const struct vmatlas_frame *frame = lane_find(view->frames, id);
		const struct vmatlas_module *module = lane_find(view->modules, frame->module);
		struct key key = {.address = frame->pc};

		key.module = module ? interning->file_of[side][frame->module] : 0;
		key.caller = frame->parent < id ? of[frame->parent] : 0;
		if (key.module)
			key.address -= module->bias;
		of[id] = number_of(interning, &key);
	}
}

/* -- The whole ------------------------------------------------------------------------------ */

static bool take_side(struct interning *interning, int side, uint32_t modules)
{
	struct diff_frames *frames = interning->frames;

	frames->frames[side] = lane_count(interning->view[side]->frames);
	frames->of[side] = calloc((size_t)frames->frames[side] + 1, sizeof(uint32_t));
	interning->file_of[side] = calloc((size_t)modules + 1, sizeof(uint32_t));
	return frames->of[side] && interning->file_of[side];
}

static bool take_table(struct interning *interning)
{
	uint64_t all = (uint64_t)interning->frames->frames[0] + interning->frames->frames[1];
	uint64_t slots = 16;

	while (slots < 2 * all)
		slots *= 2;
	if (slots > (uint64_t)1 << 31)
		return false;
	interning->mask = (uint32_t)slots - 1;
	interning->slot = calloc(slots, sizeof(*interning->slot));
	interning->key = calloc(all + 1, sizeof(*interning->key));
	return interning->slot && interning->key;
}

static bool intern(struct interning *interning)
{
	uint32_t old = lane_count(interning->view[0]->modules);
	uint32_t new = lane_count(interning->view[1]->modules);

	if (!take_side(interning, 0, old) || !take_side(interning, 1, new) ||
		!take_table(interning) || !intern_files(interning, old + new))
		return false;
	intern_frames(interning, 0);
	intern_frames(interning, 1);
	return true;
}

int diff_frames_make(struct diff_frames *frames, const struct view *old, const struct view *new)
{
	struct interning interning = {.frames = frames, .view = {old, new}};
	bool room;

	*frames = (struct diff_frames){.count = 0};
	room = intern(&interning);
	free(interning.file_of[0]);
	free(interning.file_of[1]);
	free(interning.slot);
	free(interning.key);
	return room ? 0 : ENOMEM;
}

void diff_frames_free(struct diff_frames *frames)
{
	free(frames->of[0]);
	free(frames->of[1]);
}

uint32_t diff_frames_of(const struct diff_frames *frames, int side, uint32_t frame)
{
	return frame <= frames->frames[side] && frames->of[side] ? frames->of[side][frame] : 0;
}
