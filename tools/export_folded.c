/* Gregg's folded call stacks: "main;parse;[mmapped] 4096", a line each. The frames of a line are
 * divided by ";", and its value stands behind the last blank. */
#include "export_format.h"
#include "export_frames.h"
#include "export_samples.h"

#include <string.h>

struct folding {
	struct export_job *job;
	const struct export_process *process;
	struct export_samples samples;
	struct export_frames frames;
	bool begun; /* the line has a frame */
};

static void put_word(struct folding *folding, const char *bytes, size_t length)
{
	struct text *text = folding->job->text;

	if (folding->begun)
		text_char(text, ';');
	folding->begun = true;
	for (const char *end = bytes + length; bytes < end;) {
		const char *at = memchr(bytes, ';', (size_t)(end - bytes));
		const char *stop = at ? at : end;

		text_bytes(text, bytes, (size_t)(stop - bytes));
		if (at)
			text_char(text, ':');
		bytes = at ? at + 1 : end;
	}
}

static void put_words(struct folding *folding, const struct export_sample *sample)
{
	struct export_words words;

	export_sample_words(&words, folding->process, sample);
	if (*words.what)
		put_word(folding, words.what, strlen(words.what));
	if (*words.which)
		put_word(folding, words.which, strlen(words.which));
}

static int put_sample(struct folding *folding, const struct export_sample *sample)
{
	uint32_t list[EXPORT_FRAMES_MOST];
	int error = 0;
	size_t count = export_frames_list(&folding->frames, sample->frame, list, &error);

	folding->begun = false;
	if (folding->job->processes > 1)
		put_word(folding, folding->process->service, strlen(folding->process->service));
	if (folding->job->options->kind && sample->kind) {
		const char *kind = kind_name((enum kind)(sample->kind - 1));

		put_word(folding, kind, strlen(kind));
	}
	if (!count && sample->what == EXPORT_BLOCKS)
		put_word(folding, EXPORT_UNKNOWN, strlen(EXPORT_UNKNOWN));
	while (count) {
		size_t length;
		const char *word = words_at(&folding->frames.words, list[--count], &length);

		put_word(folding, word, length);
	}
	put_words(folding, sample);
	return error;
}

static int put_all(struct folding *folding)
{
	const struct pool *pool = &folding->samples.pool;
	struct text *text = folding->job->text;
	int error = 0;

	for (uint32_t number = 1; !error && number <= pool->count; number++) {
		const struct export_sample *sample = pool_at(pool, number);
		uint64_t value = sample->figures.value[folding->job->options->value];

		if (!value)
			continue;
		error = put_sample(folding, sample);
		text_char(text, ' ');
		text_dec(text, value);
		text_char(text, '\n');
	}
	return error;
}

static int add(struct export_job *job, const struct export_process *process)
{
	const struct export_by by = {.kind = job->options->kind};
	struct folding folding = {.job = job, .process = process};
	int error = export_samples_make(&folding.samples, process, &by);

	if (!error)
		error = export_frames_begin(&folding.frames, process, export_frames_put_function);
	if (!error)
		error = put_all(&folding);
	export_frames_free(&folding.frames);
	export_samples_free(&folding.samples);
	return error;
}

const struct export_format export_folded = {
	.name = "folded",
	.suffix = ".folded",
	.summary = "lines of call stacks, for flame graphs",
	.many = true,
	.add = add,
};
