#include "naming.h"
#include "naming_file.h"

#include "core/place.h"
#include "core/symbols.h"

#include <errno.h>
#include <string.h>

enum {
	/* Larger pieces read libc's tables no faster. */
	BUFFER = 64 << 10,
	/* Other threads make new frames while we work. */
	MARGIN = 1024,
	/* Places more than this would be a report that nobody can read. */
	PLACES_MOST = 4 << 20,
	/* Places asked for at once: more of one module, and its tables are read again. */
	QUERIES_MOST = 64 << 10,
	/* Bytes of names for each place; most places share theirs with others, and names of C are
	 * 15 long. Those of C++ are why there is a least. */
	NAME_BYTES = 64,
	NAMES_LEAST = 64 << 10,
};

/* What is needed while names are looked up, and is too large for the stack. */
struct naming_bench {
	struct naming_file file, debug;
	union {
		unsigned char buffer[BUFFER];
		struct naming_lately lately[NAMING_LATELY];
	};
};

static size_t aligned(size_t size)
{
	return (size + 15) & ~(size_t)15;
}

/* -- Memory --------------------------------------------------------------------------------- */

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t places_most(const struct view *view, const struct naming_wanted *wanted)
{
	size_t frames = (size_t)lane_count(view->frames) + MARGIN, chosen;

	if (wanted->atlas) {
		chosen = (size_t)wanted->stacks + lane_count(view->regions) +
			 lane_count(view->threads) + wanted->atlas->mappings + MARGIN;
		frames = smaller(frames, chosen * ((size_t)wanted->depth + 1));
	}
	return smaller(frames, PLACES_MOST);
}

static size_t bytes_for(size_t places)
{
	return aligned(places * sizeof(struct naming_place)) +
	       aligned(smaller(places, QUERIES_MOST) * sizeof(struct symbols_query)) +
	       places * NAME_BYTES;
}

size_t naming_memory(const struct view *view, const struct naming_wanted *wanted)
{
	return aligned(sizeof(struct naming_bench)) + bytes_for(places_most(view, wanted)) +
	       NAMES_LEAST;
}

/* How many places there is memory for. */
static size_t places_that_fit(size_t size)
{
	size_t low = 0, high = PLACES_MOST;

	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;

		if (bytes_for(middle) <= size)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* What the places and queries leave is for names. */
static void lay_out(struct naming *naming, char *memory, size_t size, size_t places)
{
	size_t bench = aligned(sizeof *naming->bench), least = NAMES_LEAST;

	if (size < bench)
		return;
	size -= bench;
	naming->bench = (struct naming_bench *)memory;
	naming->places.lately = naming->bench->lately;
	naming->places.place = (struct naming_place *)(memory + bench);
	naming->places.room =
		smaller(places, places_that_fit(size > 2 * least ? size - least : size / 2));
	naming->queries_room = smaller(naming->places.room, QUERIES_MOST);
	places = aligned(naming->places.room * sizeof *naming->places.place);
	naming->queries = (struct symbols_query *)(memory + bench + places);
	places += aligned(naming->queries_room * sizeof *naming->queries);
	naming->names = memory + bench + places;
	naming->names_size = size - places;
}

/* -- Which frames --------------------------------------------------------------------------- */

static void frame_add(struct naming *naming, uint32_t frame)
{
	const struct vmatlas_frame *record = lane_find(naming->view->frames, frame);

	if (record && record->pc && record->module)
		naming_places_add(&naming->places, record->pc, record->module);
}

static void stack_add(struct naming *naming, uint32_t frame, uint32_t depth)
{
	struct place place;

	while (depth-- > 0 && place_of(naming->view, frame, &place)) {
		frame_add(naming, frame);
		frame = place.parent;
	}
}

/* A call stack that is shown for what it made: its caller may stand deeper. */
static void maker_add(struct naming *naming, uint32_t frame, uint32_t depth)
{
	struct place place;
	uint32_t caller;

	if (!place_of_caller(naming->view, frame, &caller, &place))
		return;
	frame_add(naming, caller);
	stack_add(naming, frame, depth);
}

static void regions_add(struct naming *naming, uint32_t depth)
{
	uint32_t count = lane_count(naming->view->regions);

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_region *region = lane_find(naming->view->regions, id);

		/* One that is just written gives a frame too many or too few. */
		if (region && __atomic_load_n(&region->state, __ATOMIC_RELAXED))
			maker_add(naming, __atomic_load_n(&region->frame, __ATOMIC_RELAXED), depth);
	}
}

static void threads_add(struct naming *naming, uint32_t depth)
{
	uint32_t count = lane_count(naming->view->threads);

	for (uint32_t id = 1; id <= count; id++) {
		const struct vmatlas_thread *thread = lane_find(naming->view->threads, id);

		if (thread)
			maker_add(naming, thread->creator, depth);
	}
}

static void atlas_add(struct naming *naming, const struct naming_wanted *wanted)
{
	const struct atlas *atlas = wanted->atlas;

	for (uint32_t i = 0; i < atlas->stacks && i < wanted->stacks; i++)
		stack_add(naming, atlas->stack[i].frame, wanted->depth);
	for (uint32_t i = 0; i < atlas->parts; i++)
		maker_add(naming, atlas->part[i].frame, wanted->depth);
	regions_add(naming, wanted->depth);
	threads_add(naming, wanted->depth);
}

static void frames_add(struct naming *naming)
{
	uint32_t count = lane_count(naming->view->frames);

	for (uint32_t frame = 1; frame <= count; frame++)
		frame_add(naming, frame);
}

/* -- Names ---------------------------------------------------------------------------------- */

/* A name that was cut for its length is marked; one that the end of our memory cut is worth
 * nothing. Queries of the same function share the name. */
static void name_check(struct naming *naming, struct symbols_query *query)
{
	static const char mark[] = "...";
	size_t length = query->name && query->truncated ? strlen(query->name) : 0;
	/* It lies in our memory; a name that nobody cut is left alone. */
	char *end = length ? (char *)query->name + length - (sizeof mark - 1) : NULL;

	if (!length)
		return;
	if (length < SYMBOLS_NAME_MAX - 1) {
		naming->counts.names_lost++;
		query->name = NULL;
	} else if (memcmp(end, mark, sizeof mark) != 0) {
		naming->counts.names_truncated++;
		memcpy(end, mark, sizeof mark);
	}
}

/* Names `count` places of one module, at most as many as there are queries. */
static int places_name(struct naming *naming, struct naming_file *file, struct naming_place *place,
	size_t count, uint64_t bias)
{
	struct symbols_request request = {
		.queries = naming->queries,
		.count = count,
		.buffer = naming->bench->buffer,
		.buffer_size = sizeof naming->bench->buffer,
		.names = naming->names,
		.names_size = naming->names_size,
		.names_used = naming->names_used,
	};
	int error;

	for (size_t i = 0; i < count; i++)
		naming->queries[i].vaddr = place[i].pc - 1 - bias;
	error = symbols_resolve(&file->source, &file->image, &request);
	for (size_t i = 0; i < count && !error; i++) {
		name_check(naming, &naming->queries[i]);
		place[i].function = naming->queries[i].name;
		place[i].offset = (uint32_t)(place[i].pc - bias - naming->queries[i].start);
	}
	naming->names_used = request.names_used;
	naming->counts.names_lost += request.names_skipped;
	return error;
}

static int module_name_from(struct naming *naming, struct naming_file *file,
	struct naming_place *place, size_t count, uint64_t bias)
{
	int error = 0;

	for (size_t done = 0, most; done < count && !error; done += most) {
		most = smaller(count - done, naming->queries_room);
		error = places_name(naming, file, place + done, most, bias);
	}
	return error;
}

static void names_forget(struct naming_place *place, size_t count)
{
	for (size_t i = 0; i < count; i++)
		place[i].function = NULL;
}

/* As module_name_from; closes the file. */
static int module_name_and_close(struct naming *naming, struct naming_file *file,
	struct naming_place *place, size_t count, uint64_t bias)
{
	int error = module_name_from(naming, file, place, count, bias);

	if (!naming_file_close(file) && !error)
		error = EBADF;
	if (error)
		names_forget(place, count);
	return error;
}

/* Stripped files keep the names of what they export; the others may be installed apart. */
static bool debug_open(
	struct naming *naming, const struct vmatlas_module *module, const struct naming_file *file)
{
	struct elf_section section;

	return elf_section_find(&file->source, &file->image, SHT_SYMTAB, &section) == ENOENT &&
	       naming_file_open_debug(&naming->bench->debug, naming->view, module) == 0;
}

static int module_name(struct naming *naming, const struct vmatlas_module *module,
	struct naming_place *place, size_t count)
{
	struct naming_file *file = &naming->bench->file, *debug = &naming->bench->debug;
	int error = naming_file_open_module(file, naming->view, module);

	if (error)
		return error;
	if (debug_open(naming, module, file) &&
		module_name_and_close(naming, debug, place, count, module->bias) == 0) {
		naming_file_close(file);
		return 0;
	}
	error = module_name_and_close(naming, file, place, count, module->bias);
	/* A file without symbols is a file without names. */
	return error == ENOENT ? 0 : error;
}

static void failure_count(struct naming *naming, int error)
{
	if (error == ESTALE)
		naming->counts.modules_changed++;
	else if (error && error != ENODATA)
		naming->counts.modules_unreadable++;
}

/* The places of one module that lie in it: a damaged record is no reason to ask. */
static void places_within(
	const struct vmatlas_module *module, struct naming_place **place, size_t *count)
{
	while (*count && (*place)->pc <= module->start) {
		++*place;
		--*count;
	}
	while (*count && (*place)[*count - 1].pc > module->end)
		--*count;
}

static void modules_name(struct naming *naming)
{
	struct naming_place *place = naming->places.place, *end = place + naming->places.count;

	while (place < end) {
		const struct vmatlas_module *module =
			lane_find(naming->view->modules, place->module);
		struct naming_place *first = place;
		size_t count;

		while (place < end && place->module == first->module)
			place++;
		count = (size_t)(place - first);
		if (module)
			places_within(module, &first, &count);
		if (module && count)
			failure_count(naming, module_name(naming, module, first, count));
	}
}

void naming_make(struct naming *naming, const struct view *view, const struct naming_wanted *wanted,
	void *memory, size_t size)
{
	*naming = (struct naming){.view = view};
	lay_out(naming, memory, size, places_most(view, wanted));
	if (!naming->bench) {
		naming->counts.frames_lost = places_most(view, wanted);
		return;
	}
	if (wanted->atlas)
		atlas_add(naming, wanted);
	else
		frames_add(naming);
	naming_places_settle(&naming->places);
	naming->counts.frames_lost = naming->places.lost;
	modules_name(naming);
}

size_t naming_of(void *context, uint32_t frame, struct name *names, size_t capacity)
{
	const struct naming *naming = context;
	const struct vmatlas_frame *record = lane_find(naming->view->frames, frame);
	const struct naming_place *place =
		record ? naming_places_find(&naming->places, record->pc, record->module) : NULL;

	if (!place || !place->function || !capacity)
		return 0;
	names[0] = (struct name){.function = place->function, .offset = place->offset};
	return 1;
}
