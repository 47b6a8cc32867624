#include "profile_places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/core/place.h"
#include "export_frames.h"

int profile_places_begin(struct profile_places *places, struct profile *profile,
	const struct export_process *process)
{
	const struct view *view = &process->view;

	*places = (struct profile_places){.profile = profile, .process = process};
	places->mapping = calloc((size_t)lane_count(view->modules) + 1, sizeof(*places->mapping));
	places->node = calloc((size_t)lane_count(view->frames) + 1, sizeof(*places->node));
	return places->mapping && places->node ? 0 : ENOMEM;
}

void profile_places_free(struct profile_places *places)
{
	free(places->mapping);
	free(places->node);
}

/* -- Words ---------------------------------------------------------------------------------- */

uint32_t profile_places_word(struct profile_places *places, const char *bytes, size_t length)
{
	char *printed = length ? export_printable(bytes, length) : NULL;
	uint32_t number = printed ? profile_word(places->profile, printed) : 0;

	places->profile->failed |= length && !number;
	free(printed);
	return number;
}

static uint32_t word(struct profile_places *places, const char *text)
{
	return text ? profile_places_word(places, text, strlen(text)) : 0;
}

static uint32_t build_id_of(struct profile_places *places, const struct vmatlas_module *module)
{
	char hex[2 * sizeof(module->build_id)];
	struct text text;

	text_init(&text, hex, sizeof(hex), NULL, NULL);
	export_put_build_id(&text, module);
	return profile_places_word(places, hex, text.used);
}

static uint32_t mapping_of(struct profile_places *places, uint32_t id)
{
	const struct view *view = &places->process->view;
	const struct vmatlas_module *module = lane_find(view->modules, id);
	struct profile_mapping mapping = {.start = 0};
	size_t length;
	const char *path;

	if (!module || places->mapping[id])
		return module ? places->mapping[id] : 0;
	path = view_string(view, module->path, &length);
	mapping.path = profile_places_word(places, path, length);
	mapping.build_id = build_id_of(places, module);
	mapping.start = module->start;
	mapping.end = module->end;
	places->mapping[id] = profile_put(places->profile, &places->profile->mappings, &mapping);
	return places->mapping[id];
}

static void note_known(
	struct profile_places *places, uint32_t number, const struct name *levels, size_t count)
{
	struct profile_mapping *mapping =
		number ? pool_at(&places->profile->mappings, number) : NULL;

	if (!mapping)
		return;
	mapping->has_functions |= levels[0].function != NULL;
	mapping->has_files |= levels[0].file != NULL;
	mapping->has_lines |= levels[0].line != 0;
	mapping->has_inlined |= count > 1;
}

static void put_level(
	struct profile_places *places, const struct place *place, const struct name *level)
{
	struct profile_function function = {.name = 0};
	struct profile *profile = places->profile;
	char label[16384];
	struct text text;

	text_init(&text, label, sizeof(label) - 1, NULL, NULL);
	export_frames_put_function(&text, place, level);
	label[text.used] = '\0';
	function.name = profile_word(profile, label);
	function.file = word(places, level->file);
	profile_add_line(
		profile, profile_put(profile, &profile->functions, &function), level->line);
}

/* Names are asked for once. An address is that of the call, as profile.proto wants it. */
static uint32_t location_of(
	struct profile_places *places, uint32_t frame, const struct place *place)
{
	const struct view *view = &places->process->view;
	const struct vmatlas_frame *record = lane_find(view->frames, frame);
	const struct vmatlas_module *module =
		place->module ? lane_find(view->modules, record->module) : NULL;
	struct profile *profile = places->profile;
	struct profile_location key = {.address = place->pc - 1}, *location;
	uint32_t before = profile->locations.count, number;
	struct name levels[NAMES_LEVELS];

	key.mapping = module ? mapping_of(places, record->module) : 0;
	if (key.mapping) {
		const struct profile_mapping *mapping = pool_at(&profile->mappings, key.mapping);

		key.address += mapping->start - module->start;
	}
	number = profile_put(profile, &profile->locations, &key);
	if (number <= before)
		return number;
	location = pool_at(&profile->locations, number);
	location->line = profile->lines;
	location->lines = (uint32_t)names_get(&places->process->names, frame, levels);
	note_known(places, key.mapping, levels, location->lines);
	for (uint32_t i = 0; i < location->lines; i++)
		put_level(places, place, &levels[i]);
	return number;
}

static uint32_t put_node(struct profile_places *places, uint32_t location, uint32_t caller)
{
	const struct profile_node node = {location, caller};

	return profile_put(places->profile, &places->profile->nodes, &node);
}

uint32_t profile_places_stack(struct profile_places *places, uint32_t frame)
{
	uint32_t list[PLACE_DEPTH], node = 0;
	unsigned depth = 0;
	struct place place;

	while (depth < PLACE_DEPTH && place_of(&places->process->view, frame, &place)) {
		node = places->node[frame];
		if (node)
			break;
		list[depth++] = frame;
		frame = place.parent;
	}
	while (depth && !places->profile->failed) {
		frame = list[--depth];
		place_of(&places->process->view, frame, &place);
		node = put_node(places, location_of(places, frame, &place), node);
		places->node[frame] = node;
	}
	return node;
}

uint32_t profile_places_put(struct profile_places *places, const char *text, uint32_t caller)
{
	struct profile *profile = places->profile;
	struct profile_function function = {.name = profile_word(profile, text)};
	struct profile_location key = {.word = function.name};
	uint32_t before = profile->locations.count;
	uint32_t number = profile_put(profile, &profile->locations, &key);
	struct profile_location *location;

	if (number > before) {
		location = pool_at(&profile->locations, number);
		location->line = profile->lines;
		location->lines = 1;
		profile_add_line(profile, profile_put(profile, &profile->functions, &function), 0);
	}
	return put_node(places, number, caller);
}
