/* store_file.h - the store of a process that never was, for tests: the tables of model.h as they
 * would lie in its memory. */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "core/seal.h"
#include "model.h"
#include "vmatlas_storefile.h"

#define STORE_FILE_BASE 0x600000000000ull

enum { STORE_FILE_SIZE = 32 << 20, STORE_FILE_COUNTERS = 24 };

struct store_file {
	char *bytes; /* STORE_FILE_SIZE of them */
	struct vmatlas_storefile *head;
	uint64_t used; /* of the one piece */
};

/* Where it lies in the process, and in the file. */
static inline uint64_t store_file_put(struct store_file *file, const void *bytes, size_t size)
{
	uint64_t at = (file->used + 63) & ~(uint64_t)63;

	file->used = at + size;
	if (VMATLAS_STOREFILE_HEAD + file->used > STORE_FILE_SIZE / 2)
		abort();
	memcpy(file->bytes + VMATLAS_STOREFILE_HEAD + at, bytes, size);
	return STORE_FILE_BASE + at;
}

static inline void *store_file_at(const struct store_file *file, uint64_t address)
{
	return file->bytes + VMATLAS_STOREFILE_HEAD + (address - STORE_FILE_BASE);
}

static inline void store_file_lane(struct store_file *file, unsigned table, const struct lane *lane)
{
	struct lane copy = {.record_size = lane->record_size, .count = lane->count};

	if (lane->count)
		copy.segment[0] = (char *)(uintptr_t)store_file_put(
			file, lane_get(lane, 1), (size_t)lane->count * lane->record_size);
	file->head->table[table] = store_file_put(file, &copy, sizeof(copy));
}

static inline void store_file_blocks(struct store_file *file, const struct blocks *blocks)
{
	static struct blocks copy;
	static struct blocks_branch branch;

	copy.plane_mask = blocks->plane_mask;
	for (size_t i = 0; i < 1u << BLOCKS_ROOT_BITS; i++) {
		copy.branch[i] = NULL;
		if (!blocks->branch[i])
			continue;
		memcpy(&branch, blocks->branch[i], sizeof(branch));
		for (size_t j = 0; j < 1u << BLOCKS_BRANCH_BITS; j++) {
			if (branch.leaf[j])
				branch.leaf[j] = seal((void *)(uintptr_t)store_file_put(
					file, unseal(branch.leaf[j]), sizeof(struct blocks_leaf)));
		}
		copy.branch[i] = (struct blocks_branch *)(uintptr_t)store_file_put(
			file, &branch, sizeof(branch));
	}
	file->head->blocks = store_file_put(file, &copy, sizeof(copy));
}

/* Two threads' work, so that counters are sums. */
static inline void store_file_slots(struct store_file *file)
{
	struct {
		char before[STORE_FILE_COUNTERS];
		struct vmatlas_counters counters;
	} thread = {"", {4, 100000, 1, 4, 0, 0, 2}}, other = {"", {3, 9500, 0, 0, 0, 0, 0}};
	uint64_t slot[2] = {seal((void *)(uintptr_t)store_file_put(file, &thread, sizeof(thread))),
		seal((void *)(uintptr_t)store_file_put(file, &other, sizeof(other)))};
	struct lane slots;

	lane_over(&slots, slot, 2, sizeof(*slot));
	store_file_lane(file, VMATLAS_STOREFILE_SLOTS, &slots);
}

/* Account number `turn`, of the view without its tables. */
static inline void store_file_account(
	struct store_file *file, const struct model *model, uint64_t turn)
{
	static struct blocks none;
	static struct lane empty[9];
	struct model bare = *model;
	struct vmatlas_account *account = &file->head->account[turn % 2];
	const struct lane **slot[] = {&bare.view.frames, &bare.view.origins, &bare.view.moments,
		&bare.view.births, &bare.view.bigs, &bare.view.threads, &bare.view.regions,
		&bare.view.modules, &bare.view.strings};
	size_t size;
	char *bytes;

	for (int i = 0; i < 9; i++) {
		lane_over(&empty[i], NULL, 0, (*slot[i])->record_size);
		*slot[i] = &empty[i];
	}
	bare.view.blocks = &none;
	bare.view.freed = NULL;
	bare.view.runs = NULL;
	bare.view.context = &bare;
	bytes = model_write(&bare, 8192, &size);
	account->offset = STORE_FILE_SIZE / 2 + turn % 2 * (STORE_FILE_SIZE / 4);
	account->length = size;
	account->check = vmatlas_storefile_check(0, bytes, size);
	account->turn = turn;
	memcpy(file->bytes + account->offset, bytes, size);
	free(bytes);
}

static inline void store_file_head(struct store_file *file, const struct model *model)
{
	struct vmatlas_storefile *head = file->head;
	int64_t peak = 109600;
	uint64_t resolution = 10;

	memcpy(head->magic, VMATLAS_STOREFILE_MAGIC, 8);
	head->byte_order = VMATLAS_BYTE_ORDER;
	head->version = VMATLAS_STOREFILE_VERSION;
	head->record_version = VMATLAS_STORE_VERSION;
	head->page_size = 4096;
	head->lane_bytes = sizeof(struct lane);
	head->blocks_bytes = sizeof(struct blocks);
	head->leaf_bytes = sizeof(struct blocks_leaf);
	head->counters_at = STORE_FILE_COUNTERS;
	head->pid = model->view.pid;
	head->glibc = 1;
	head->start = (struct vmatlas_instant){500, 1700000000000000000ull, 1000};
	head->later = head->start;
	head->frequency = 1000000000;
	head->history = model->view.history;
	head->peak = store_file_put(file, &peak, sizeof(peak));
	head->peak_error = 16384;
	head->resolution = store_file_put(file, &resolution, sizeof(resolution));
}

static inline struct store_file store_file_make(const struct model *model)
{
	struct store_file file = {calloc(1, STORE_FILE_SIZE), NULL, 0};
	const struct lane *lane[VMATLAS_STOREFILE_SLOTS] = {model->view.frames, model->view.origins,
		model->view.moments, model->view.births, model->view.bigs, model->view.threads,
		model->view.regions, model->view.modules, model->view.strings, NULL,
		model->view.freed};

	file.head = (void *)file.bytes;
	store_file_head(&file, model);
	for (unsigned i = 0; i < VMATLAS_STOREFILE_SLOTS; i++) {
		if (lane[i])
			store_file_lane(&file, i, lane[i]);
	}
	store_file_slots(&file);
	store_file_blocks(&file, model->blocks);
	store_file_account(&file, model, 1);
	store_file_account(&file, model, 2);
	file.head->piece[0] = (struct vmatlas_piece){STORE_FILE_BASE,
		STORE_FILE_SIZE / 2 - VMATLAS_STOREFILE_HEAD, VMATLAS_STOREFILE_HEAD};
	file.head->pieces = 1;
	return file;
}

#endif
