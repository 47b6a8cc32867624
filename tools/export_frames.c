#include "export_frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* C++ knows names of some KiB; what is longer is cut. */
enum { WORD_BYTES = 16384 };

int export_frames_begin(
	struct export_frames *frames, const struct export_process *process, export_frames_put *put)
{
	size_t count = (size_t)lane_count(process->view.frames) + 1;

	*frames = (struct export_frames){.process = process, .put = put};
	frames->first = calloc(count, sizeof(*frames->first));
	frames->count = calloc(count, sizeof(*frames->count));
	return frames->first && frames->count ? 0 : ENOMEM;
}

void export_frames_free(struct export_frames *frames)
{
	words_free(&frames->words);
	free(frames->level);
	free(frames->first);
	free(frames->count);
}

static bool add_level(
	struct export_frames *frames, const struct place *place, const struct name *name)
{
	char word[WORD_BYTES];
	struct text text;

	text_init(&text, word, sizeof(word), NULL, NULL);
	frames->put(&text, place, name);
	frames->level[frames->levels] = words_put(&frames->words, word, text.used);
	return frames->level[frames->levels++] != 0;
}

static bool has_room(struct export_frames *frames)
{
	uint32_t room = frames->room + frames->room / 2 + NAMES_LEVELS;
	uint32_t *level;

	if (frames->room - frames->levels >= NAMES_LEVELS)
		return true;
	level = reallocarray(frames->level, room, sizeof(*level));
	if (!level)
		return false;
	frames->level = level;
	frames->room = room;
	return true;
}

static bool name_frame(struct export_frames *frames, uint32_t frame, const struct place *place)
{
	struct name levels[NAMES_LEVELS];
	size_t count = names_get(&frames->process->names, frame, levels);

	if (!has_room(frames))
		return false;
	frames->first[frame] = frames->levels + 1;
	frames->count[frame] = (uint8_t)count;
	for (size_t i = 0; i < count; i++) {
		if (!add_level(frames, place, &levels[i]))
			return false;
	}
	return true;
}

size_t export_frames_list(
	struct export_frames *frames, uint32_t frame, uint32_t list[EXPORT_FRAMES_MOST], int *error)
{
	struct place place;
	size_t used = 0;

	for (unsigned depth = 0; depth < PLACE_DEPTH; depth++) {
		if (!place_of(&frames->process->view, frame, &place))
			break;
		if (!frames->first[frame] && !name_frame(frames, frame, &place)) {
			*error = ENOMEM;
			return 0;
		}
		memcpy(list + used, frames->level + frames->first[frame] - 1,
			frames->count[frame] * sizeof(*list));
		used += frames->count[frame];
		frame = place.parent;
	}
	return used;
}

void export_frames_put_function(
	struct text *text, const struct place *place, const struct name *name)
{
	size_t length;
	const char *module = place_module(place, &length);

	if (name->function) {
		text_printable(text, name->function, strlen(name->function));
		return;
	}
	if (module) {
		text_printable(text, module, length);
		text_char(text, '+');
	}
	text_address(text, module ? place->offset : place->pc);
}
