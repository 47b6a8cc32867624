/* moments.h - moments of the process of model.h, to be made different by hand and compared. */
#ifndef VMATLAS_TEST_MOMENTS_H
#define VMATLAS_TEST_MOMENTS_H

#include "diff_model.h"
#include "model.h"
#include "pageruns.h"

enum { MOMENTS = 4, F_FIRST = 2, F_SECOND = 3 };

struct moments {
	struct model *model[MOMENTS];
	struct diff_side side[MOMENTS];
};

/* The state of pages as a snapshot gives it: from any address on. */
static inline size_t moments_pages(
	void *context, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	static struct vmatlas_run known[] = {
		{MODEL_HEAP, MODEL_HEAP + 0x2000, VIEW_PRESENT, 0},
		{MODEL_HEAP + 0x3000, MODEL_HEAP + 0x4000, VIEW_SWAPPED, 0},
		{MODEL_FAR, MODEL_FAR + 0x1000, VIEW_PRESENT, 0},
	};
	const struct pageruns pageruns = {known, sizeof(known) / sizeof(known[0])};

	if (((struct model *)context)->pages_refused)
		return model_pages(context, from, end, runs, capacity);
	return pageruns_next(&pageruns, from, end, runs, capacity);
}

/* The same with one page more, where the block of 9000 bytes goes on. */
static inline size_t moments_more_pages(
	void *context, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	static struct vmatlas_run known[] = {
		{MODEL_HEAP, MODEL_HEAP + 0x3000, VIEW_PRESENT, 0},
		{MODEL_FAR, MODEL_FAR + 0x1000, VIEW_PRESENT, 0},
	};
	const struct pageruns pageruns = {known, sizeof(known) / sizeof(known[0])};

	(void)context;
	return pageruns_next(&pageruns, from, end, runs, capacity);
}

/* What the kernel says later: the heap has grown, the far mapping is gone, and one is new. */
static const char moments_grown[] =
	"555555554000-555555556000 r-xp 00000000 08:01 42                         /usr/bin/model\n"
	"Rss:                   8 kB\nVmFlags: rd ex mr mw me sd \n"
	"555555600000-555555700000 rw-p 00000000 00:00 0                          [heap]\n"
	"Rss:                 512 kB\nVmFlags: rd wr mr mw me ac sd \n"
	"7ffff2000000-7ffff2400000 rw-p 00000000 00:00 0 \n"
	"Rss:                2048 kB\nVmFlags: rd wr mr mw me ac sd \n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

static inline ssize_t moments_read_grown(void *context, void *buffer, size_t size)
{
	struct model *model = context;
	size_t rest = sizeof(moments_grown) - 1 - model->smaps_at;

	if (size > rest)
		size = rest;
	memcpy(buffer, moments_grown + model->smaps_at, size);
	model->smaps_at += size;
	return (ssize_t)size;
}

/* Moments of the same process, a second apart. */
static inline struct moments *moments_make(void)
{
	struct moments *moments = calloc(1, sizeof(*moments));

	for (unsigned i = 0; i < MOMENTS; i++) {
		struct view *view;

		moments->model[i] = model_make();
		view = &moments->model[i]->view;
		view->runs = moments_pages;
		view->number = i + 1;
		view->now.ticks += i * 1000;
		view->now.monotonic_ns += i * 1000000000ull;
		view->now.realtime_ns += i * 1000000000ull;
	}
	return moments;
}

static inline void moments_free(struct moments *moments)
{
	for (unsigned i = 0; i < MOMENTS; i++) {
		free(moments->side[i].items.item);
		free(moments->side[i].memory);
		model_free(moments->model[i]);
	}
	free(moments);
}

/* Lets a moment be one at which all this is so: who mapped what is new is the second call stack. */
static inline void moments_grow(struct moments *moments, unsigned i)
{
	struct model *model = moments->model[i];

	model->view.smaps_read = moments_read_grown;
	model->regions[0] = (struct vmatlas_region){8, VMATLAS_REGION_LIVE, 0x7ffff2000000,
		0x7ffff2400000, model->view.now.ticks - 1, F_SECOND, 1, VMATLAS_CALL_MMAP, 0};
	model_place(model, MODEL_FAR + 0x10, 0);
	model_place(model, MODEL_FAR + 0x80000, 0);
	model_place(model, MODEL_FAR + 0x80010, 0);
	for (uint64_t at = 0x8000; at < 0xc000; at += 0x1000)
		model_place(model, MODEL_HEAP + at, model_small(1, 4000, 0));
	model->origins[0].allocations += 6;
	model->origins[0].allocated_bytes += 24000;
	model->view.allocations += 6;
	model->view.allocated_bytes += 24000;
	model->view.frees += 5;
}

/* As diff_side_open does for a file. */
static inline struct diff_side *moments_side(struct moments *moments, unsigned i)
{
	struct diff_side *side = &moments->side[i];
	enum { MAPPINGS = 8 };
	size_t size;

	side->name = "model";
	side->snapshot = (struct snapshot *)moments->model[i]; /* only whether it is there counts */
	side->view = moments->model[i]->view;
	size = atlas_memory(&side->view, MAPPINGS);
	side->memory = calloc(1, size);
	assert_int_equal(atlas_make(&side->atlas, &side->view, side->memory, size, MAPPINGS), 0);
	assert_int_equal(diff_items_of_parts(&side->items, &side->atlas), 0);
	return side;
}

static inline struct diff_model moments_compared(struct moments *moments)
{
	struct diff_model model;

	assert_int_equal(
		diff_model_make(&model, moments_side(moments, 0), moments_side(moments, 1)), 0);
	return model;
}

#endif
