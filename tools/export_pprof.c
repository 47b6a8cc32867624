/* pprof's profile.proto. The samples of one service with the same call stack and labels are one,
 * whichever process they are of; of a single process, labels say more. */
#include "export_format.h"
#include "export_frames.h"
#include "export_samples.h"
#include "profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/core/owner.h"

struct filling {
	struct profile *profile;
	const struct export_process *process;
	bool alone;        /* no other process is in it */
	uint32_t service;  /* word */
	uint32_t *mapping; /* the profile's, by module; 0: not met yet */
	uint32_t *node;    /* the profile's, by frame; 0: not met yet */
};

/* -- Words ---------------------------------------------------------------------------------- */

/* 0 for no text. */
static uint32_t word_of(struct filling *filling, const char *bytes, size_t length)
{
	char *printed = length ? export_printable(bytes, length) : NULL;
	uint32_t number = printed ? profile_word(filling->profile, printed) : 0;

	filling->profile->failed |= length && !number;
	free(printed);
	return number;
}

static uint32_t word(struct filling *filling, const char *text)
{
	return text ? word_of(filling, text, strlen(text)) : 0;
}

/* -- Locations ------------------------------------------------------------------------------ */

static uint32_t build_id_of(struct filling *filling, const struct vmatlas_module *module)
{
	char hex[2 * sizeof(module->build_id)];
	struct text text;

	text_init(&text, hex, sizeof(hex), NULL, NULL);
	for (uint32_t i = 0; i < module->build_id_length && i < sizeof(module->build_id); i++)
		text_hex_wide(&text, module->build_id[i], 2);
	return word_of(filling, hex, text.used);
}

static uint32_t mapping_of(struct filling *filling, uint32_t id)
{
	const struct view *view = &filling->process->view;
	const struct vmatlas_module *module = lane_find(view->modules, id);
	struct profile_mapping mapping = {.start = 0};
	size_t length;
	const char *path;

	if (!module || filling->mapping[id])
		return module ? filling->mapping[id] : 0;
	path = view_string(view, module->path, &length);
	mapping.path = word_of(filling, path, length);
	mapping.build_id = build_id_of(filling, module);
	mapping.start = module->start;
	mapping.end = module->end;
	filling->mapping[id] = profile_put(filling->profile, &filling->profile->mappings, &mapping);
	return filling->mapping[id];
}

static void note_known(
	struct filling *filling, uint32_t number, const struct name *levels, size_t count)
{
	struct profile_mapping *mapping =
		number ? pool_at(&filling->profile->mappings, number) : NULL;

	if (!mapping)
		return;
	mapping->has_functions |= levels[0].function != NULL;
	mapping->has_files |= levels[0].file != NULL;
	mapping->has_lines |= levels[0].line != 0;
	mapping->has_inlined |= count > 1;
}

static void put_level(struct filling *filling, const struct place *place, const struct name *level)
{
	struct profile_function function = {.name = 0};
	struct profile *profile = filling->profile;
	char label[16384];
	struct text text;

	text_init(&text, label, sizeof(label) - 1, NULL, NULL);
	export_frames_put_function(&text, place, level);
	label[text.used] = '\0';
	function.name = profile_word(profile, label);
	function.file = word(filling, level->file);
	profile_add_line(
		profile, profile_put(profile, &profile->functions, &function), level->line);
}

/* Names are asked for once. An address is that of the call, as profile.proto wants it. */
static uint32_t location_of(struct filling *filling, uint32_t frame, const struct place *place)
{
	const struct view *view = &filling->process->view;
	const struct vmatlas_frame *record = lane_find(view->frames, frame);
	const struct vmatlas_module *module =
		place->module ? lane_find(view->modules, record->module) : NULL;
	struct profile *profile = filling->profile;
	struct profile_location key = {.address = place->pc - 1}, *location;
	uint32_t before = profile->locations.count, number;
	struct name levels[NAMES_LEVELS];

	key.mapping = module ? mapping_of(filling, record->module) : 0;
	if (key.mapping) {
		const struct profile_mapping *mapping = pool_at(&profile->mappings, key.mapping);

		key.address += mapping->start - module->start;
	}
	number = profile_put(profile, &profile->locations, &key);
	if (number <= before)
		return number;
	location = pool_at(&profile->locations, number);
	location->line = profile->lines;
	location->lines = (uint32_t)names_get(&filling->process->names, frame, levels);
	note_known(filling, key.mapping, levels, location->lines);
	for (uint32_t i = 0; i < location->lines; i++)
		put_level(filling, place, &levels[i]);
	return number;
}

static uint32_t put_node(struct filling *filling, uint32_t location, uint32_t caller)
{
	const struct profile_node node = {location, caller};

	return profile_put(filling->profile, &filling->profile->nodes, &node);
}

/* A call stack's innermost node. */
static uint32_t node_of(struct filling *filling, uint32_t frame)
{
	uint32_t list[PLACE_DEPTH], node = 0;
	unsigned depth = 0;
	struct place place;

	while (depth < PLACE_DEPTH && place_of(&filling->process->view, frame, &place)) {
		node = filling->node[frame];
		if (node)
			break;
		list[depth++] = frame;
		frame = place.parent;
	}
	while (depth && !filling->profile->failed) {
		frame = list[--depth];
		place_of(&filling->process->view, frame, &place);
		node = put_node(filling, location_of(filling, frame, &place), node);
		filling->node[frame] = node;
	}
	return node;
}

/* A node for what is no code. */
static uint32_t node_of_word(struct filling *filling, const char *text, uint32_t caller)
{
	struct profile *profile = filling->profile;
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
	return put_node(filling, number, caller);
}

/* -- Samples -------------------------------------------------------------------------------- */

/* The file's name or the kernel's; of several anonymous mappings, which; of several processes'
 * none. */
static uint32_t mapping_label(struct filling *filling, const struct atlas_mapping *mapping)
{
	const struct export_process *process = filling->process;
	size_t length;
	const char *path = export_mapping_name(process, mapping, &length);
	char name[64];

	if (length)
		return word_of(filling, path, length);
	if (filling->alone)
		snprintf(name, sizeof(name), "%s %llx", kind_name((enum kind)mapping->kind),
			(unsigned long long)mapping->start);
	else
		snprintf(name, sizeof(name), "%s", kind_name((enum kind)mapping->kind));
	return word(filling, name);
}

static void put_thread(struct filling *filling, struct profile_sample *sample, uint32_t id)
{
	const struct vmatlas_thread *thread = lane_find(filling->process->view.threads, id);

	if (!thread || !thread->tid)
		return;
	sample->thread = word_of(filling, thread->name, owner_thread_name(thread));
	if (filling->alone)
		sample->tid = thread->tid;
}

static uint32_t innermost(struct filling *filling, const struct export_sample *sample)
{
	uint32_t node = sample->frame ? node_of(filling, sample->frame) : 0;
	struct export_words words;

	if (!node && sample->what == EXPORT_BLOCKS)
		return node_of_word(filling, "[call stack not known]", 0);
	export_sample_words(&words, filling->process, sample);
	if (*words.what)
		node = node_of_word(filling, words.what, node);
	if (*words.which)
		node = node_of_word(filling, words.which, node);
	return node;
}

static void put_sample(struct filling *filling, const struct export_sample *from)
{
	const struct atlas *atlas = &filling->process->atlas;
	struct profile_sample sample = {
		.service = filling->service,
		.pid = filling->alone ? filling->process->view.pid : 0,
		.figures = from->figures,
	};

	sample.node = innermost(filling, from);
	if (from->kind)
		sample.kind = word(filling, kind_name((enum kind)(from->kind - 1)));
	if (from->mapping)
		sample.mapping = mapping_label(filling, &atlas->mapping[from->mapping - 1]);
	put_thread(filling, &sample, from->thread);
	profile_add(filling->profile, &sample);
}

static int fill(struct filling *filling)
{
	const struct export_by by = {.kind = true, .place = true, .thread = true};
	const struct view *view = &filling->process->view;
	struct export_samples samples;
	int error = export_samples_make(&samples, filling->process, &by);

	filling->mapping = calloc((size_t)lane_count(view->modules) + 1, sizeof(*filling->mapping));
	filling->node = calloc((size_t)lane_count(view->frames) + 1, sizeof(*filling->node));
	if (!filling->mapping || !filling->node)
		error = ENOMEM;
	for (uint32_t number = 1; !error && number <= samples.pool.count; number++) {
		put_sample(filling, pool_at(&samples.pool, number));
		error = filling->profile->failed ? ENOMEM : 0;
	}
	free(filling->mapping);
	free(filling->node);
	export_samples_free(&samples);
	return error;
}

/* -- The file ------------------------------------------------------------------------------- */

static int begin(struct export_job *job)
{
	job->state = malloc(sizeof(struct profile));
	if (!job->state)
		return ENOMEM;
	profile_begin(job->state);
	return 0;
}

static void put_comment(struct profile *profile, const struct view *view)
{
	static const char by[] = "vmatlas " VMATLAS_VERSION;
	char line[4096];
	struct text text;

	text_init(&text, line, sizeof(line), NULL, NULL);
	text_str(&text, "pid ");
	text_dec(&text, view->pid);
	text_str(&text, ": ");
	export_put_command(&text, view);
	profile->failed |= !words_put(&profile->comments, by, sizeof(by) - 1) ||
			   !words_put(&profile->comments, line, text.used);
}

static void put_times(struct profile *profile, const struct view *view)
{
	uint64_t duration = export_elapsed_ns(view);

	if (view->now.realtime_ns > profile->time_ns)
		profile->time_ns = view->now.realtime_ns;
	if (duration > profile->duration_ns)
		profile->duration_ns = duration;
}

static int add(struct export_job *job, const struct export_process *process)
{
	struct filling filling = {
		.profile = job->state, .process = process, .alone = job->processes == 1};

	put_comment(job->state, &process->view);
	put_times(job->state, &process->view);
	filling.service = profile_word(job->state, process->service);
	return fill(&filling);
}

static int end(struct export_job *job, int error)
{
	if (!job->state)
		return error;
	if (!error)
		error = profile_write(job->state, job->stream);
	profile_free(job->state);
	free(job->state);
	return error;
}

const struct export_format export_pprof = {
	.name = "pprof",
	.suffix = ".pb.gz",
	.summary = "pprof's; labels: kind, mapping, thread",
	.many = true,
	.binary = true,
	.begin = begin,
	.add = add,
	.end = end,
};
