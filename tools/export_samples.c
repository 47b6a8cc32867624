#include "export_samples.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../preload/core/owner.h"
#include "../preload/core/place.h"
#include "../preload/core/poisson.h"
#include "../preload/core/runs.h"

struct making {
	const struct export_process *process;
	const struct atlas *atlas;
	struct export_samples *samples;
	uint64_t *resident;            /* of blocks, by part */
	double (*sum)[EXPORT_WEIGHED]; /* of what is told, by call stack's place in the atlas */
	struct runs runs;
	uint32_t runs_mapping; /* index + 1 of which they are read; 0: of none */
	bool failed;           /* memory is out */
};

/* The sample with this key, and zeros if it is new; NULL when memory is out. */
static struct export_sample *sample_of(struct making *making, const struct export_sample *key)
{
	uint32_t number = pool_put(&making->samples->pool, key);

	making->failed = making->failed || !number;
	return number ? pool_at(&making->samples->pool, number) : NULL;
}

static void add(struct making *making, const struct export_sample *key,
	const struct export_figures *figures)
{
	struct export_sample *sample = sample_of(making, key);

	for (int i = 0; sample && i < EXPORT_VALUES; i++)
		sample->figures.value[i] += figures->value[i];
}

/* -- Blocks --------------------------------------------------------------------------------- */

/* Resident bytes of [start, end), which lies in the mapping; asked from low to high. */
static uint64_t resident_in(
	struct making *making, const struct atlas_part *part, uint64_t start, uint64_t end)
{
	const struct atlas_mapping *mapping = &making->atlas->mapping[part->mapping];

	if (!making->atlas->pages_known)
		return 0;
	if (making->runs_mapping != part->mapping + 1)
		runs_begin(&making->runs, making->atlas->view, mapping->start, mapping->end);
	making->runs_mapping = part->mapping + 1;
	return runs_resident(&making->runs, start, end);
}

/* The key of a block's sample in the part, NULL for none. */
static struct export_sample key_of(const struct making *making, const struct block *block,
	uint32_t frame, const struct atlas_part *part)
{
	struct export_sample key = {.frame = frame, .what = EXPORT_BLOCKS, .row = ATLAS_LIVE};

	if (making->samples->by.thread)
		key.thread = block->thread;
	if (!part)
		return key;
	key.mapping = part->mapping + 1;
	key.part = (uint32_t)(part - making->atlas->part) + 1;
	key.kind = part->kind + 1u;
	return key;
}

static void weigh(struct making *making, const struct export_sample *key, enum export_value value,
	double quantity)
{
	struct export_sample *sample = quantity != 0 ? sample_of(making, key) : NULL;

	if (sample)
		sample->weighed[value] += quantity;
}

/* A block whose mapping was cut lies in several parts: its bytes count where it begins, its pages
 * where they are. */
static void add_pages(struct making *making, const struct block *block, uint32_t frame,
	double weight, const struct atlas_part *part)
{
	const struct atlas *atlas = making->atlas;
	uint64_t start = block->address, end = start + block->size;

	for (; part && start < end && part < atlas->part + atlas->parts && part->start <= start;
		part++) {
		struct export_sample key = key_of(making, block, frame, part);
		uint64_t stop = end < part->end ? end : part->end;
		uint64_t bytes = resident_in(making, part, start, stop);

		making->resident[part - atlas->part] += bytes;
		weigh(making, &key, EXPORT_RESIDENT, weight * (double)bytes);
		start = stop;
	}
}

static void add_blocks(struct making *making)
{
	struct blocks_tables tables = view_tables(making->atlas->view);
	struct blocks_cursor cursor;
	struct block block;

	blocks_begin(&cursor, making->atlas->view->blocks, &tables);
	while (!making->failed && blocks_next(&cursor, &block)) {
		const struct atlas_part *part = atlas_part_find(making->atlas, block.address);
		struct export_sample key;
		uint32_t frame;
		double weight = export_weight_of_block(making->process, &block, &frame);

		key = key_of(making, &block, frame, part);
		weigh(making, &key, EXPORT_LIVE_BYTES, weight * (double)block.size);
		weigh(making, &key, EXPORT_LIVE_BLOCKS, weight);
		add_pages(making, &block, frame, weight, part);
	}
}

/* Whole numbers that sum to the call stack's, which is rounded once. */
static void round_sample(struct making *making, struct export_sample *sample)
{
	const struct atlas *atlas = making->atlas;
	bool known = atlas->stack_of && sample->frame <= atlas->frames;
	uint32_t place = known ? atlas->stack_of[sample->frame] : 0;

	for (int value = 0; value < EXPORT_WEIGHED; value++) {
		double *sum = &making->sum[place][value];
		uint64_t told = poisson_round(*sum);

		*sum += sample->weighed[value];
		sample->weighed[value] = 0;
		sample->figures.value[value] = poisson_round(*sum) - told;
	}
}

static void round_samples(struct making *making)
{
	struct pool *pool = &making->samples->pool;

	for (uint32_t number = 1; number <= pool->count; number++)
		round_sample(making, pool_at(pool, number));
}

/* What is known by call stack, whatever the mapping and the thread. */
static void add_stacks(struct making *making)
{
	for (uint32_t i = 0; i < making->atlas->stacks; i++) {
		const struct atlas_stack *stack = &making->atlas->stack[i];
		struct export_sample key = {
			.frame = stack->frame, .what = EXPORT_BLOCKS, .row = ATLAS_LIVE};
		struct export_figures figures;

		export_figures_of_stack(&figures, making->process, stack);
		figures.value[EXPORT_LIVE_BYTES] = figures.value[EXPORT_LIVE_BLOCKS] = 0;
		figures.value[EXPORT_RESIDENT] = 0;
		add(making, &key, &figures);
	}
}

/* Pages are looked at a moment after smaps: a part's blocks have no more than smaps counted. */
static void cut_excess(struct making *making)
{
	struct pool *pool = &making->samples->pool;

	for (uint32_t number = 1; number <= pool->count; number++) {
		struct export_sample *sample = pool_at(pool, number);
		uint64_t *value = &sample->figures.value[EXPORT_RESIDENT], rss, excess;
		uint64_t *sum = sample->part ? &making->resident[sample->part - 1] : NULL;

		if (!sum)
			continue;
		rss = making->atlas->part[sample->part - 1].rss;
		excess = *sum > rss ? *sum - rss : 0;
		excess = excess < *value ? excess : *value;
		*value -= excess;
		*sum -= excess;
	}
}

/* -- The rest of RSS ------------------------------------------------------------------------ */

static void add_rest(struct making *making, struct export_sample *key, uint64_t bytes)
{
	struct export_figures figures = {{[EXPORT_RESIDENT] = bytes}};

	if (key->row == ATLAS_RETAINED)
		figures.value[EXPORT_RETAINED] = bytes;
	if (bytes)
		add(making, key, &figures);
}

static void add_retained(
	struct making *making, struct export_sample *key, const struct atlas_part *part)
{
	key->what = EXPORT_PINNING;
	add_rest(making, key, part->pinned);
	key->what = EXPORT_TRIMMABLE;
	add_rest(making, key, part->trimmable);
	key->what = EXPORT_KEPT;
	add_rest(making, key, part->retained - part->pinned - part->trimmable);
}

static void add_part(struct making *making, const struct atlas_part *part)
{
	uint32_t index = (uint32_t)(part - making->atlas->part);
	uint64_t blocks = making->resident[index];
	struct export_sample key = {.mapping = part->mapping + 1,
		.part = index + 1,
		.what = EXPORT_OTHER,
		.row = atlas_row_of(making->atlas, part),
		.kind = part->kind + 1u};

	if (part->owner == ATLAS_OWNER_CALL)
		key.frame = part->frame;
	if (part->owner == ATLAS_OWNER_THREAD || part->owner == ATLAS_OWNER_CALL)
		key.thread = part->thread;
	if (key.row == ATLAS_RETAINED)
		add_retained(making, &key, part);
	else
		add_rest(making, &key, part->rss > blocks ? part->rss - blocks : 0);
}

static void add_mapping(struct making *making, uint32_t index)
{
	const struct atlas_mapping *mapping = &making->atlas->mapping[index];
	struct export_sample key = {.mapping = index + 1,
		.what = EXPORT_OTHER,
		.row = ATLAS_UNEXPLAINED,
		.kind = mapping->kind + 1u};

	if (!mapping->parts || (mapping->parts > 1 && !making->atlas->pages_known)) {
		add_rest(making, &key, mapping->rss);
		return;
	}
	for (uint32_t i = 0; i < mapping->parts; i++)
		add_part(making, &making->atlas->part[mapping->part + i]);
}

/* -- All of it ------------------------------------------------------------------------------ */

/* Makes one of the samples of blocks that differ in what nobody asked for. */
static void merge(struct making *making)
{
	const struct export_by *by = &making->samples->by;
	struct pool all = making->samples->pool;

	making->samples->pool = POOL(struct export_sample, weighed);
	for (uint32_t number = 1; number <= all.count; number++) {
		const struct export_sample *sample = pool_at(&all, number);
		struct export_sample key = *sample;

		key.figures = (struct export_figures){.value = {0}};
		if (key.what == EXPORT_BLOCKS && !by->place)
			key.mapping = key.part = 0;
		if (key.what == EXPORT_BLOCKS && !by->kind)
			key.kind = 0;
		add(making, &key, &sample->figures);
	}
	pool_free(&all);
}

int export_samples_make(struct export_samples *samples, const struct export_process *process,
	const struct export_by *by)
{
	struct making making = {.process = process, .atlas = &process->atlas, .samples = samples};

	*samples = (struct export_samples){.pool = POOL(struct export_sample, weighed), .by = *by};
	making.resident = calloc((size_t)process->atlas.parts + 1, sizeof(*making.resident));
	making.sum = calloc((size_t)process->atlas.stacks + 1, sizeof(*making.sum));
	if (!making.resident || !making.sum) {
		free(making.resident);
		free(making.sum);
		return ENOMEM;
	}
	add_blocks(&making);
	round_samples(&making);
	if (!process->view.sample_mean)
		cut_excess(&making);
	add_stacks(&making);
	for (uint32_t i = 0; i < process->atlas.mappings && !making.failed; i++)
		add_mapping(&making, i);
	if (!by->place || !by->kind)
		merge(&making);
	free(making.resident);
	free(making.sum);
	return making.failed ? ENOMEM : 0;
}

void export_samples_free(struct export_samples *samples)
{
	pool_free(&samples->pool);
}

/* -- Words ---------------------------------------------------------------------------------- */

const char *export_mapping_name(
	const struct export_process *process, const struct atlas_mapping *mapping, size_t *length)
{
	const char *path = report_path(&process->report, mapping, length);

	if (*length || !mapping->module_path_length)
		return path;
	*length = mapping->module_path_length;
	return process->atlas.paths + mapping->module_path;
}

static void put_which(
	struct text *text, const struct export_process *process, const struct export_sample *sample)
{
	static const char *const retained[] = {[EXPORT_PINNING] = "[pinned]",
		[EXPORT_TRIMMABLE] = "[trimmable]",
		[EXPORT_KEPT] = "[kept]"};
	const struct vmatlas_thread *thread = lane_find(process->view.threads, sample->thread);
	const char *name;
	size_t length;

	if (sample->what != EXPORT_OTHER) {
		text_str(text, retained[sample->what]);
		return;
	}
	name = export_mapping_name(process, &process->atlas.mapping[sample->mapping - 1], &length);
	name = place_base(name, &length);
	if (!length && thread && !sample->frame) {
		name = thread->name;
		length = owner_thread_name(thread);
	}
	text_printable(text, name, length);
}

void export_sample_words(struct export_words *words, const struct export_process *process,
	const struct export_sample *sample)
{
	struct text text;

	words->what[0] = words->which[0] = '\0';
	if (sample->what == EXPORT_BLOCKS)
		return;
	snprintf(words->what, sizeof(words->what), "[%s]", atlas_row_name(sample->row));
	text_init(&text, words->which, sizeof(words->which) - 1, NULL, NULL);
	put_which(&text, process, sample);
	words->which[text.used] = '\0';
}
