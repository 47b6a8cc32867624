#include "bigs.h"
#include "lock.h"
#include "store.h"
#include "storetables.h"

enum {
	/* A thread keeps at most so many free records, and moves them to all and back in halves: a
	 * thread that only allocates lives on what a thread that only frees gives away. */
	STOCK_MOST = 64,
	/* So many fresh ones at once: a lock costs two system calls, a record 40 bytes. */
	STOCK_FRESH = 8,
};

static struct {
	/* Both under locks()->bigs. */
	struct lane records;
	uint32_t spare; /* free records of no thread, linked by `next` */
} self STORETABLES = {.records = {.record_size = sizeof(struct vmatlas_big)}};

struct vmatlas_big *bigs_find(uint32_t id)
{
	return lane_find(&self.records, id);
}

static void push(uint32_t *list, uint32_t id, struct vmatlas_big *record)
{
	__atomic_store_n(&record->next, *list, __ATOMIC_RELAXED);
	*list = id;
}

/* The first record of the list, and its number; NULL when the list is empty, or led to where no
 * record is: the program wrote over it. */
static struct vmatlas_big *pop(uint32_t *list, uint32_t *id)
{
	struct vmatlas_big *record = bigs_find(*list);

	*id = record ? *list : 0;
	*list = record ? record->next : 0;
	return record;
}

/* -- Between one thread and all ------------------------------------------------------------- */

static uint32_t spare_or_fresh(uint32_t have)
{
	uint32_t id;

	if (pop(&self.spare, &id) || have >= STOCK_FRESH)
		return id;
	return store_append(&self.records, UINT32_MAX - 1);
}

static __attribute__((noinline)) void stock_fill(struct bigs_stock *stock)
{
	struct held held;
	uint32_t id;

	if (!lock_take(&locks()->bigs, &held))
		return;
	stock->count =
		0; /* of a thread that another process was forked from in the midst of this */
	while (stock->count < STOCK_MOST / 2 && (id = spare_or_fresh(stock->count))) {
		push(&stock->first, id, bigs_find(id));
		stock->count++;
	}
	lock_release(&held);
}

/* The count may say more than there are, for the same reason. */
static __attribute__((noinline)) void stock_spill(struct bigs_stock *stock, uint32_t keep)
{
	struct vmatlas_big *record;
	struct held held;
	uint32_t id;

	if (!lock_take(&locks()->bigs, &held))
		return;
	while (stock->count > keep && (record = pop(&stock->first, &id))) {
		push(&self.spare, id, record);
		stock->count--;
	}
	lock_release(&held);
}

/* -- The calls ------------------------------------------------------------------------------ */

/* The address is written last: a reader that holds an old number finds 0 until then. Readers look
 * at records that are being written, hence every store is atomic, though none costs more. */
static void fill(struct vmatlas_big *record, const struct vmatlas_big *big)
{
	__atomic_store_n(&record->size, big->size, __ATOMIC_RELAXED);
	__atomic_store_n(&record->time, big->time, __ATOMIC_RELAXED);
	__atomic_store_n(&record->origin, big->origin, __ATOMIC_RELAXED);
	__atomic_store_n(&record->thread, big->thread, __ATOMIC_RELAXED);
	__atomic_store_n(&record->mapping, big->mapping, __ATOMIC_RELAXED);
	__atomic_store_n(
		&record->next, VMATLAS_BIG_CHECK(big->address, big->size), __ATOMIC_RELAXED);
	__atomic_store_n(&record->address, big->address, __ATOMIC_RELEASE);
}

uint32_t bigs_make(struct bigs_stock *stock, const struct vmatlas_big *big)
{
	struct vmatlas_big *record;
	uint32_t id;

	if (!stock->first)
		stock_fill(stock);
	record = pop(&stock->first, &id);
	if (!record)
		return 0;
	stock->count--;
	fill(record, big);
	return id;
}

void bigs_give(struct bigs_stock *stock, uint32_t id)
{
	struct vmatlas_big *record = lane_get(&self.records, id);
	struct bigs_stock none = {0, 0};
	uint32_t keep = stock ? STOCK_MOST / 2 : 0, most = stock ? STOCK_MOST : 0;

	if (!stock)
		stock = &none;
	__atomic_store_n(&record->address, 0, __ATOMIC_RELEASE);
	push(&stock->first, id, record);
	if (++stock->count > most)
		stock_spill(stock, keep);
}

void bigs_leave(struct bigs_stock *stock)
{
	if (stock->first)
		stock_spill(stock, 0);
}

const struct lane *bigs_records(void)
{
	return &self.records;
}
