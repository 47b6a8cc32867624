/* The file format of speedscope, by its schema: frames, and a profile of samples for each value. */
#include "export_format.h"
#include "export_frames.h"
#include "export_samples.h"

#include "../preload/core/json.h"

#include <errno.h>
#include <string.h>

struct scoping {
	const struct export_process *process;
	struct export_samples samples;
	struct export_frames frames; /* a word is a function and, behind a NUL, its file */
	struct json json;
};

/* Frames are boxes: calls from several lines of a function are one. */
static void put_frame(struct text *text, const struct place *place, const struct name *name)
{
	export_frames_put_function(text, place, name);
	if (!name->file)
		return;
	text_char(text, '\0');
	text_printable(text, name->file, strlen(name->file));
}

/* -- Profiles ------------------------------------------------------------------------------- */

static void put_number(struct scoping *scoping, uint32_t word)
{
	json_number(&scoping->json, word - 1);
}

static int put_word(struct scoping *scoping, const char *word)
{
	uint32_t number = *word ? words_put(&scoping->frames.words, word, strlen(word)) : 0;

	if (number)
		put_number(scoping, number);
	return *word && !number ? ENOMEM : 0;
}

static int put_words(struct scoping *scoping, const struct export_sample *sample)
{
	struct export_words words;
	int error;

	export_sample_words(&words, scoping->process, sample);
	error = put_word(scoping, words.what);
	return error ? error : put_word(scoping, words.which);
}

static int put_sample(struct scoping *scoping, const struct export_sample *sample)
{
	uint32_t list[EXPORT_FRAMES_MOST];
	int error = 0;
	size_t count = export_frames_list(&scoping->frames, sample->frame, list, &error);

	json_line(&scoping->json);
	json_array_begin(&scoping->json);
	if (!count && sample->what == EXPORT_BLOCKS && !error)
		error = put_word(scoping, EXPORT_UNKNOWN);
	while (count)
		put_number(scoping, list[--count]);
	if (!error)
		error = put_words(scoping, sample);
	json_array_end(&scoping->json);
	return error;
}

static uint64_t put_weights(struct scoping *scoping, enum export_value value)
{
	const struct pool *pool = &scoping->samples.pool;
	uint64_t sum = 0;

	json_put_array(&scoping->json, "weights");
	for (uint32_t number = 1; number <= pool->count; number++) {
		const struct export_sample *sample = pool_at(pool, number);
		uint64_t weight = sample->figures.value[value];

		if (weight)
			json_number(&scoping->json, weight);
		sum += weight;
	}
	json_array_end(&scoping->json);
	return sum;
}

static int put_profile(struct scoping *scoping, enum export_value value)
{
	const struct pool *pool = &scoping->samples.pool;
	struct json *json = &scoping->json;
	bool bytes = !strcmp(export_value_unit(value), "bytes");
	int error = 0;

	json_line(json);
	json_object_begin(json);
	json_put_string(json, "type", "sampled");
	json_put_string(json, "name", export_value_name(value));
	json_put_string(json, "unit", bytes ? "bytes" : "none");
	json_put_array(json, "samples");
	for (uint32_t number = 1; !error && number <= pool->count; number++) {
		const struct export_sample *sample = pool_at(pool, number);

		if (sample->figures.value[value])
			error = put_sample(scoping, sample);
	}
	json_array_end(json);
	json_put_number(json, "startValue", 0);
	json_put_number(json, "endValue", put_weights(scoping, value));
	json_object_end(json);
	return error;
}

/* -- The file ------------------------------------------------------------------------------- */

static void put_frames(struct scoping *scoping)
{
	const struct words *words = &scoping->frames.words;
	struct json *json = &scoping->json;

	json_put_object(json, "shared");
	json_put_array(json, "frames");
	for (uint32_t number = 1; number <= words->count; number++) {
		size_t length;
		const char *word = words_at(words, number, &length);
		size_t name = strlen(word);

		json_line(json);
		json_object_begin(json);
		json_put_bytes(json, "name", word, name);
		if (name < length)
			json_put_bytes(json, "file", word + name + 1, length - name - 1);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

static int put_file(struct scoping *scoping)
{
	struct json *json = &scoping->json;
	int error = 0;

	json_object_begin(json);
	json_put_string(json, "$schema", "https://www.speedscope.app/file-format-schema.json");
	json_put_string(json, "exporter", "vmatlas " VMATLAS_VERSION);
	json_put_string(json, "name", scoping->process->service);
	json_put_number(json, "activeProfileIndex", EXPORT_LIVE_BYTES);
	json_put_array(json, "profiles");
	for (int value = 0; !error && value < EXPORT_VALUES; value++)
		error = put_profile(scoping, (enum export_value)value);
	json_array_end(json);
	put_frames(scoping); /* all that were met */
	json_object_end(json);
	text_char(json->text, '\n');
	return error;
}

static int add(struct export_job *job, const struct export_process *process)
{
	const struct export_by by = {.kind = false};
	struct scoping scoping = {.process = process};
	int error = export_samples_make(&scoping.samples, process, &by);

	json_init(&scoping.json, job->text);
	if (!error)
		error = export_frames_begin(&scoping.frames, process, put_frame);
	if (!error)
		error = put_file(&scoping);
	export_frames_free(&scoping.frames);
	export_samples_free(&scoping.samples);
	return error;
}

const struct export_format export_speedscope = {
	.name = "speedscope",
	.suffix = ".speedscope.json",
	.summary = "speedscope's, with all values",
	.add = add,
};
