#include "framenames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "complain.h"
#include "symbolizer.h"

/* What is known about one frame. */
struct known {
	struct name *names;
	uint32_t count;
	bool asked;
};

struct framenames {
	const struct view *view;
	struct symbolizer *symbolizer;
	bool source;
	struct known *known; /* by frame number */
	size_t frames;       /* and so many of them */
	int *modules;        /* the symbolizer's numbers, by module number; -1 not added */
	size_t module_count;
};

/* Room for the frames and modules of the view, all of the new ones unknown. */
static int make_room(struct framenames *framenames, const struct view *view)
{
	size_t frames = (size_t)lane_count(view->frames) + 1;
	size_t modules = (size_t)lane_count(view->modules) + 1;
	struct known *known = framenames->known;
	int *numbers = framenames->modules;

	if (frames > framenames->frames) {
		known = realloc(known, frames * sizeof(*known));
		if (!known)
			return ENOMEM;
		memset(known + framenames->frames, 0,
			(frames - framenames->frames) * sizeof(*known));
		framenames->known = known;
		framenames->frames = frames;
	}
	if (modules > framenames->module_count) {
		numbers = realloc(numbers, modules * sizeof(*numbers));
		if (!numbers)
			return ENOMEM;
		memset(numbers + framenames->module_count, 0xff,
			(modules - framenames->module_count) * sizeof(*numbers));
		framenames->modules = numbers;
		framenames->module_count = modules;
	}
	return 0;
}

struct framenames *framenames_open(const struct view *view, bool source)
{
	struct framenames *made = calloc(1, sizeof(*made));

	if (!made)
		return NULL;
	made->view = view;
	made->source = source;
	made->symbolizer = symbolizer_open(NULL);
	if (!made->symbolizer || make_room(made, view) != 0) {
		framenames_close(made);
		return NULL;
	}
	return made;
}

int framenames_follow(struct framenames *framenames, const struct view *view)
{
	int error = make_room(framenames, view);

	if (!error)
		framenames->view = view;
	return error;
}

static void free_known(struct known *known)
{
	for (uint32_t i = 0; i < known->count; i++) {
		free((char *)(uintptr_t)known->names[i].function);
		free((char *)(uintptr_t)known->names[i].file);
	}
	free(known->names);
}

void framenames_close(struct framenames *framenames)
{
	if (!framenames)
		return;
	for (size_t i = 0; i < framenames->frames; i++)
		free_known(&framenames->known[i]);
	if (framenames->symbolizer)
		symbolizer_close(framenames->symbolizer);
	free(framenames->known);
	free(framenames->modules);
	free(framenames);
}

/* The module's path with a NUL behind it, the caller's to free; NULL for none, or no file. */
static char *path_of(const struct view *view, const struct vmatlas_module *module)
{
	size_t length;
	const char *path = view_string(view, module->path, &length);

	return length && *path == '/' ? strndup(path, length) : NULL;
}

/* The symbolizer's number of a module, -1 if it has none. */
static int module_number(struct framenames *framenames, uint32_t id)
{
	const struct vmatlas_module *module = lane_find(framenames->view->modules, id);
	char *path = module ? path_of(framenames->view, module) : NULL;

	if (path && framenames->modules[id] < 0)
		framenames->modules[id] = symbolizer_add(
			framenames->symbolizer, path, module->build_id, module->build_id_length);
	free(path);
	return module ? framenames->modules[id] : -1;
}

struct finding {
	struct known *known;
	bool source;
};

static char *copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

static void keep(const struct symbolizer_frame *frame, void *context)
{
	struct finding *finding = context;
	struct known *known = finding->known;
	struct name *names;

	if (frame->inlined && !finding->source)
		return;
	names = realloc(known->names, (known->count + 1) * sizeof(*names));
	if (!names)
		return;
	known->names = names;
	names[known->count] =
		(struct name){.function = copy(frame->function ? frame->function : frame->symbol)};
	if (finding->source && frame->file) {
		names[known->count].file = copy(frame->file);
		names[known->count].line = frame->line > 0 ? (uint32_t)frame->line : 0;
	}
	known->count++;
}

static void ask(struct framenames *framenames, uint32_t id, struct known *known)
{
	const struct vmatlas_frame *frame = lane_find(framenames->view->frames, id);
	const struct vmatlas_module *module = lane_find(framenames->view->modules, frame->module);
	struct finding finding = {known, framenames->source};
	int number = module ? module_number(framenames, frame->module) : -1;
	uint64_t address;

	known->asked = true;
	if (number < 0)
		return;
	/* The call is meant, and the pc is what comes after it. */
	address = frame->pc - module->bias - 1;
	symbolizer_frames(framenames->symbolizer, number, address, keep, &finding);
}

static size_t names_of_frame(void *context, uint32_t frame, struct name *names, size_t capacity)
{
	struct framenames *framenames = context;
	struct known *known;
	size_t count;

	if (!frame || frame > lane_count(framenames->view->frames))
		return 0;
	known = &framenames->known[frame];
	if (!known->asked)
		ask(framenames, frame, known);
	count = known->count < capacity ? known->count : capacity;
	if (count)
		memcpy(names, known->names, count * sizeof(*names));
	return count;
}

struct names framenames_names(struct framenames *framenames)
{
	return (struct names){names_of_frame, framenames};
}

void framenames_tell(const struct framenames *framenames)
{
	for (uint32_t id = 1; id <= lane_count(framenames->view->modules); id++) {
		int number = framenames->modules[id];
		enum symbolizer_state state;
		char *path;

		if (number < 0)
			continue;
		state = symbolizer_module_state(framenames->symbolizer, number);
		if (state == SYMBOLIZER_READY || state == SYMBOLIZER_UNVERIFIED)
			continue;
		path = path_of(framenames->view, lane_get(framenames->view->modules, id));
		if (path)
			complain_note(path, "no names: %s", symbolizer_state_text(state));
		free(path);
	}
}
