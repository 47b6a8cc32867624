/* pprof's profile.proto. The samples of one service with the same call stack and labels are one,
 * whichever process they are of; of a single process, labels say more. */
#include "export_format.h"
#include "export_frames.h"
#include "export_samples.h"
#include "profile_places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/core/owner.h"

struct filling {
	struct profile_places places;
	bool alone;       /* no other process is in it */
	uint32_t service; /* word */
};

/* 0 for no text. */
static uint32_t word(struct filling *filling, const char *text)
{
	return profile_places_word(&filling->places, text, strlen(text));
}

/* -- Samples -------------------------------------------------------------------------------- */

/* The file's name or the kernel's; of several anonymous mappings, which; of several processes'
 * none. */
static uint32_t mapping_label(struct filling *filling, const struct atlas_mapping *mapping)
{
	const struct export_process *process = filling->places.process;
	size_t length;
	const char *path = export_mapping_name(process, mapping, &length);
	char name[64];

	if (length)
		return profile_places_word(&filling->places, path, length);
	if (filling->alone)
		snprintf(name, sizeof(name), "%s %llx", kind_name((enum kind)mapping->kind),
			(unsigned long long)mapping->start);
	else
		snprintf(name, sizeof(name), "%s", kind_name((enum kind)mapping->kind));
	return word(filling, name);
}

static void put_thread(struct filling *filling, struct profile_sample *sample, uint32_t id)
{
	const struct vmatlas_thread *thread = lane_find(filling->places.process->view.threads, id);

	if (!thread || !thread->tid)
		return;
	sample->thread =
		profile_places_word(&filling->places, thread->name, owner_thread_name(thread));
	if (filling->alone)
		sample->tid = thread->tid;
}

static uint32_t innermost(struct filling *filling, const struct export_sample *sample)
{
	uint32_t node = sample->frame ? profile_places_stack(&filling->places, sample->frame) : 0;
	struct export_words words;

	if (!node && sample->what == EXPORT_BLOCKS)
		return profile_places_put(&filling->places, EXPORT_UNKNOWN, 0);
	export_sample_words(&words, filling->places.process, sample);
	if (*words.what)
		node = profile_places_put(&filling->places, words.what, node);
	if (*words.which)
		node = profile_places_put(&filling->places, words.which, node);
	return node;
}

static void put_sample(struct filling *filling, const struct export_sample *from)
{
	const struct atlas *atlas = &filling->places.process->atlas;
	struct profile_sample sample = {
		.service = filling->service,
		.pid = filling->alone ? filling->places.process->view.pid : 0,
		.figures = from->figures,
	};

	sample.node = innermost(filling, from);
	if (from->kind)
		sample.kind = word(filling, kind_name((enum kind)(from->kind - 1)));
	if (from->mapping)
		sample.mapping = mapping_label(filling, &atlas->mapping[from->mapping - 1]);
	put_thread(filling, &sample, from->thread);
	profile_add(filling->places.profile, &sample);
}

static int fill(struct filling *filling)
{
	const struct export_by by = {.kind = true, .place = true, .thread = true};
	struct export_samples samples;
	int error = export_samples_make(&samples, filling->places.process, &by);

	for (uint32_t number = 1; !error && number <= samples.pool.count; number++) {
		put_sample(filling, pool_at(&samples.pool, number));
		error = filling->places.profile->failed ? ENOMEM : 0;
	}
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

/* Which process it is, and what of it was not seen. */
static void put_comment(
	struct profile *profile, const struct view *view, const char *what, uint64_t count)
{
	char line[4096];
	struct text text;

	text_init(&text, line, sizeof(line), NULL, NULL);
	text_str(&text, "pid ");
	text_dec(&text, view->pid);
	text_str(&text, ": ");
	if (count) {
		text_str(&text, "not seen: ");
		text_dec(&text, count);
		text_char(&text, ' ');
		text_printable(&text, what, strlen(what));
	} else {
		export_put_command(&text, view);
	}
	profile->failed |= !words_put(&profile->comments, line, text.used);
}

static void put_comments(struct profile *profile, const struct export_process *process)
{
	static const char by[] = "vmatlas " VMATLAS_VERSION;
	struct view_lost lost;

	profile->failed |= !words_put(&profile->comments, by, sizeof(by) - 1);
	put_comment(profile, &process->view, NULL, 0);
	if (process->view.sample_mean) {
		char line[128];
		int length =
			snprintf(line, sizeof(line), EXPORT_SAMPLED, process->view.sample_mean);

		profile->failed |= !words_put(&profile->comments, line, (size_t)length);
		profile->period = process->view.sample_mean;
	}
	for (unsigned i = 0; report_lost(&process->report, i, &lost); i++)
		if (lost.count)
			put_comment(profile, &process->view, lost.explanation, lost.count);
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
	struct filling filling = {.alone = job->processes == 1};
	int error = profile_places_begin(&filling.places, job->state, process);

	put_comments(job->state, process);
	put_times(job->state, &process->view);
	filling.service = profile_word(job->state, process->service);
	error = error ? error : fill(&filling);
	profile_places_free(&filling.places);
	return error;
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
