/* model.h - a small view made by hand, for tests: six blocks, two call stacks, three mappings. */
#ifndef MODEL_H
#define MODEL_H

#include "core/snapshot.h"
#include "vmatlas_snapshot.h"

#include <stdlib.h>
#include <string.h>

#define MODEL_HEAP 0x555555600000ull
#define MODEL_FAR 0x7ffff0000000ull

static const char model_smaps[] =
	"555555554000-555555556000 r-xp 00000000 08:01 42                         /usr/bin/model\n"
	"Size:                  8 kB\nRss:                   8 kB\nPss:                   8 kB\n"
	"VmFlags: rd ex mr mw me sd \n"
	"555555600000-555555621000 rw-p 00000000 00:00 0                          [heap]\n"
	"Size:                132 kB\nRss:                  12 kB\nPss:                  12 kB\n"
	"VmFlags: rd wr mr mw me ac sd \n"
	"7ffff0000000-7ffff0100000 rw-p 00000000 00:00 0 \n"
	"Size:               1024 kB\nRss:                   4 kB\nPss:                   4 kB\n"
	"VmFlags: rd wr mr mw me ac sd \n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

static const struct view_run model_runs[] = {
	{0x555555554000, 0x555555556000, VIEW_PRESENT},
	{0x555555600000, 0x555555602000, VIEW_PRESENT},
	{0x555555603000, 0x555555604000, VIEW_SWAPPED},
	{0x555555605000, 0x555555606000, VIEW_PRESENT},
	{0x7ffff0000000, 0x7ffff0001000, VIEW_PRESENT | VIEW_HUGE},
};

struct model {
	struct view view;
	size_t smaps_at, smaps_step; /* a step: how much one read gives */
	int smaps_error;             /* a negative errno, after the first read */
	bool pages_refused;
	struct blocks *blocks;
	struct lane lanes[9], freed;
	struct vmatlas_frame frames[3];
	struct vmatlas_origin origins[2];
	struct vmatlas_moment moments[1];
	struct vmatlas_birth births[2];
	struct vmatlas_big bigs[5];
	struct vmatlas_thread threads[1];
	struct vmatlas_region regions[2];
	struct vmatlas_freed records[4];
	struct vmatlas_module modules[1];
	char strings[2 * VMATLAS_STRING_RECORD];
};

static inline ssize_t model_read(void *context, void *buffer, size_t size)
{
	struct model *model = context;
	size_t rest = sizeof(model_smaps) - 1 - model->smaps_at;

	if (model->smaps_error && model->smaps_at)
		return model->smaps_error;
	if (size > rest)
		size = rest;
	if (model->smaps_step && size > model->smaps_step)
		size = model->smaps_step;
	memcpy(buffer, model_smaps + model->smaps_at, size);
	model->smaps_at += size;
	return (ssize_t)size;
}

static inline int model_rewind(void *context)
{
	((struct model *)context)->smaps_at = 0;
	return 0;
}

static inline size_t model_pages(
	void *context, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	size_t count = 0;

	if (((struct model *)context)->pages_refused) {
		*from = UINT64_MAX;
		return 0;
	}
	for (size_t i = 0; i < sizeof(model_runs) / sizeof(*model_runs) && count < capacity; i++)
		if (model_runs[i].start >= *from && model_runs[i].end <= end) {
			runs[count++] = model_runs[i];
			*from = model_runs[i].end;
		}
	if (!count)
		*from = end;
	return count;
}

static inline void model_place(struct model *model, uint64_t address, uint64_t word)
{
	uint64_t window = blocks_window(address), leaf = window >> BLOCKS_LEAF_BITS;
	uint64_t root = leaf >> BLOCKS_BRANCH_BITS;
	uint32_t plane = blocks_plane(model->blocks, address);
	struct blocks_branch *branch = model->blocks->branch[root];

	if (!branch) {
		branch = calloc(1, sizeof(*branch));
		model->blocks->branch[root] = branch;
	}
	leaf &= (1 << BLOCKS_BRANCH_BITS) - 1;
	if (!branch->leaf[leaf])
		branch->leaf[leaf] = seal(calloc(1, sizeof(struct blocks_leaf)));
	*blocks_word(blocks_leaf(model->blocks, window), plane, window) = word;
	*blocks_mark(blocks_leaf(model->blocks, window), plane, window) = 1;
}

static inline uint64_t model_small(uint32_t origin, uint32_t size, uint32_t eighth)
{
	return (uint64_t)eighth << 62 | (uint64_t)size << 48 | (uint64_t)1 << 24 | origin;
}

/* Three small ones, one large one, and two that share a window; bigs 1 and 3 are free records. */
static inline void model_blocks(struct model *model)
{
	const uint64_t heap = MODEL_HEAP, far = MODEL_FAR;

	model->blocks = calloc(1, sizeof(*model->blocks));
	model->blocks->plane_mask = BLOCKS_PLANES - 1;
	model_place(model, heap + 0x10, model_small(1, 24, 2));
	model_place(model, heap + 0x30, model_small(1, 100, 2));
	model_place(model, heap + 0x1000, model_small(2, 9000, 0));
	model_place(model, far + 0x10, VMATLAS_WORD_OF_BIG(far + 0x10, 2));
	model_place(model, far + 0x80000, VMATLAS_WORD_OF_BIG(far + 0x80000, 4));
	model_place(model, far + 0x80010, VMATLAS_WORD_OF_BIG(far + 0x80010, 5));
	model->bigs[1] = (struct vmatlas_big){far + 0x10, 100000, 1010, 2, 1, 2, 0};
	model->bigs[3] = (struct vmatlas_big){far + 0x80000, 8, 1020, 1, 1, 2, 0};
	model->bigs[4] = (struct vmatlas_big){far + 0x80010, 8, 1021, 1, 1, 2, 0};
	for (int i = 1; i < 5; i++)
		model->bigs[i].next =
			VMATLAS_BIG_CHECK(model->bigs[i].address, model->bigs[i].size);
}

static inline void model_tables(struct model *model)
{
	struct vmatlas_module *module = &model->modules[0];

	model->frames[0] = (struct vmatlas_frame){0x555555554100, 0, 1};
	model->frames[1] = (struct vmatlas_frame){0x555555554200, 1, 1};
	model->frames[2] = (struct vmatlas_frame){0x555555554300, 1, 1};
	model->origins[0] = (struct vmatlas_origin){2, 0, 5, 500};
	model->origins[1] = (struct vmatlas_origin){3, 0, 2, 109000};
	model->moments[0] = (struct vmatlas_moment){1000, 1, 1};
	model->births[0] = (struct vmatlas_birth){MODEL_HEAP, MODEL_HEAP + 0x21000};
	model->births[1] = (struct vmatlas_birth){MODEL_FAR, MODEL_FAR + 0x100000};
	model->threads[0] = (struct vmatlas_thread){
		.tid = 77, .started = 900, .flags = VMATLAS_THREAD_MAIN, .name = "model"};
	model->regions[0] = (struct vmatlas_region){6, VMATLAS_REGION_LIVE, MODEL_FAR,
		MODEL_FAR + 0x100000, 950, 3, 1, VMATLAS_CALL_MMAP, 0};
	/* Somebody is writing it, and is interrupted. */
	model->regions[1] = (struct vmatlas_region){7, VMATLAS_REGION_LIVE, 1, 2, 3, 1, 1, 1, 0};
	*module = (struct vmatlas_module){
		0x555555554000, 0x555555558000, 0x555555554000, 1, 1, 20, {1, 2, 3}};
	memcpy(model->strings, "\x0e\0\0\0/usr/bin/model", 18);
}

static inline void model_lanes(struct model *model)
{
	struct view *view = &model->view;
	const struct lane **slots[] = {&view->frames, &view->origins, &view->moments, &view->births,
		&view->bigs, &view->threads, &view->regions, &view->modules, &view->strings};

#define OVER(i, array, size) lane_over(&model->lanes[i], array, sizeof(array) / (size), size)
	OVER(0, model->frames, sizeof(struct vmatlas_frame));
	OVER(1, model->origins, sizeof(struct vmatlas_origin));
	OVER(2, model->moments, sizeof(struct vmatlas_moment));
	OVER(3, model->births, sizeof(struct vmatlas_birth));
	OVER(4, model->bigs, sizeof(struct vmatlas_big));
	OVER(5, model->threads, sizeof(struct vmatlas_thread));
	OVER(6, model->regions, sizeof(struct vmatlas_region));
	OVER(7, model->modules, sizeof(struct vmatlas_module));
	OVER(8, model->strings, VMATLAS_STRING_RECORD);
#undef OVER
	for (int i = 0; i < 9; i++)
		*slots[i] = &model->lanes[i];
}

/* Four freed blocks are remembered: one place is empty, one is being written. */
static inline void model_freed(struct model *model)
{
	model->records[0] =
		(struct vmatlas_freed){2, MODEL_HEAP + 0x10, 24, 1000, 1100, 2, 1, 3, 1, 0, 1};
	model->records[1] =
		(struct vmatlas_freed){5, MODEL_HEAP + 0x40, 24, 1000, 1100, 2, 1, 3, 1, 0, 1};
	model->records[3] = (struct vmatlas_freed){8, MODEL_FAR, 0x1000, 1000, 1200, 3, 1, 2, 1,
		VMATLAS_CALL_MMAP, VMATLAS_RELEASE_MUNMAP};
	lane_over(&model->freed, model->records, 4, sizeof(struct vmatlas_freed));
	model->view.freed = &model->freed;
	model->view.history = 4;
}

static inline struct model *model_make(void)
{
	struct model *model = calloc(1, sizeof(*model));
	static const char argv[] = "/usr/bin/model\0--fast";

	model_blocks(model);
	model_tables(model);
	model->view = (struct view){.pid = 4711,
		.page_size = 4096,
		.exe = "/usr/bin/model",
		.name = "model",
		.kernel = "6.1.0",
		.argv = argv,
		.argv_length = sizeof(argv),
		.number = 3,
		.reason = "signal",
		.complete = true,
		.losts = 2,
		.notices = 1,
		.lost = {{"old_frees", "frees of blocks older than the shim", 5},
			{"refused", "", 0}},
		.notice = {"The signal is the program's own."},
		.start = {500, 1700000000000000000ull, 1000},
		.now = {2500, 1700000000000001000ull, 2000},
		.resolution_ticks = 10,
		.allocations = 7,
		.allocated_bytes = 109500,
		.frees = 1,
		.freed_bytes = 4,
		.failed = 2,
		.peak_live_bytes = 109600,
		.peak_error = 16,
		.blocks = model->blocks,
		.glibc = true,
		.own = {{0x1000, 0x3000}},
		.owns = 1,
		.smaps_read = model_read,
		.smaps_rewind = model_rewind,
		.runs = model_pages,
		.context = model};
	model_lanes(model);
	return model;
}

static inline void model_free(struct model *model)
{
	for (size_t i = 0; i < 1u << BLOCKS_ROOT_BITS; i++) {
		struct blocks_branch *branch = model->blocks->branch[i];

		for (size_t j = 0; branch && j < 1u << BLOCKS_BRANCH_BITS; j++)
			free(unseal(branch->leaf[j]));
		free(branch);
	}
	free(model->blocks);
	free(model);
}

/* The view as a file in memory; *size bytes, the caller's to free. */
static inline int model_keep(void *context, const char *bytes, size_t length)
{
	struct {
		char *bytes;
		size_t used;
	} *file = context;

	file->bytes = realloc(file->bytes, file->used + length);
	memcpy(file->bytes + file->used, bytes, length);
	file->used += length;
	return 0;
}

static inline char *model_write(const struct model *model, size_t scratch, size_t *size)
{
	struct {
		char *bytes;
		size_t used;
	} file = {NULL, 0};
	char buffer[777], *memory = malloc(scratch);
	struct text text;

	text_init(&text, buffer, sizeof(buffer), model_keep, &file);
	if (snapshot_write(&model->view, memory, scratch, &text, NULL) != 0)
		abort();
	free(memory);
	*size = file.used;
	return file.bytes;
}

#endif
