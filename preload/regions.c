#include "regions.h"
#include "lock.h"
#include "order.h"
#include "store.h"
#include "storetables.h"

#include "core/region.h"

static struct {
	/* All under locks()->regions. Readers walk the records, never the order. */
	struct lane records;
	struct order by_start;
	uint32_t spare;
	_Atomic uint64_t lost;
} self STORETABLES = {
	.records = {.record_size = sizeof(struct vmatlas_region)},
	.by_start = ORDER_EMPTY,
};

/* The program may have written over records and order: a number that comes out of them may be
 * none, and then this is NULL. */
static struct vmatlas_region *record_of(uint32_t id)
{
	return lane_find(&self.records, id);
}

static void count_lost(void)
{
	atomic_fetch_add_explicit(&self.lost, 1, memory_order_relaxed);
}

/* -- One record ----------------------------------------------------------------------------- */

/* Odd it may be already: a forked child finds the records as their writers left them. */
static void write_begin(struct vmatlas_region *record)
{
	__atomic_store_n(&record->sequence, record->sequence | 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void write_end(struct vmatlas_region *record)
{
	__atomic_store_n(&record->sequence, record->sequence + 1, __ATOMIC_RELEASE);
}

static void write(uint32_t id, const struct vmatlas_region *region)
{
	struct vmatlas_region *record = record_of(id), copy = *region;

	write_begin(record);
	copy.sequence = record->sequence;
	copy.state = VMATLAS_REGION_LIVE;
	region_copy(record, &copy);
	write_end(record);
}

static void resize(uint32_t id, uint64_t start, uint64_t end)
{
	struct vmatlas_region *record = record_of(id);

	write_begin(record);
	__atomic_store_n(&record->start, start, __ATOMIC_RELAXED);
	__atomic_store_n(&record->end, end, __ATOMIC_RELAXED);
	write_end(record);
}

/* -- Under the lock ------------------------------------------------------------------------- */

static uint32_t record_take(void)
{
	const struct vmatlas_region *spare = record_of(self.spare);
	uint32_t id = self.spare;

	if (!spare)
		return store_append(&self.records, UINT32_MAX - 1);
	self.spare = spare->next;
	return id;
}

static void record_give(uint32_t id)
{
	struct vmatlas_region *record = record_of(id);

	write_begin(record);
	__atomic_store_n(&record->state, VMATLAS_REGION_FREE, __ATOMIC_RELAXED);
	__atomic_store_n(&record->next, self.spare, __ATOMIC_RELAXED);
	write_end(record);
	self.spare = id;
}

static void add(const struct vmatlas_region *region)
{
	uint32_t id = record_take();

	if (id && order_put(&self.by_start, region->start, id)) {
		write(id, region);
		return;
	}
	if (id)
		record_give(id);
	count_lost();
}

static void drop(uint32_t id)
{
	order_remove(&self.by_start, record_of(id)->start);
	record_give(id);
}

/* The first region that reaches past `start`. */
static uint32_t first_past(uint64_t start)
{
	uint32_t id = order_floor(&self.by_start, start);
	const struct vmatlas_region *record = record_of(id);

	if (record && record->end > start)
		return id;
	return order_above(&self.by_start, start);
}

static void keep_for_undo(struct regions_undo *undo, const struct vmatlas_region *region,
	uint64_t start, uint64_t end)
{
	if (undo->count == REGIONS_UNDO)
		return;
	undo->piece[undo->count] = *region;
	undo->piece[undo->count].start = start > region->start ? start : region->start;
	undo->piece[undo->count].end = end < region->end ? end : region->end;
	undo->count++;
}

/* Leaves of one region what lies outside [start, end). */
static void cut_one(uint32_t id, uint64_t start, uint64_t end)
{
	struct vmatlas_region tail = *record_of(id);

	if (tail.start < start)
		resize(id, tail.start, start);
	else
		drop(id);
	if (tail.end > end) {
		tail.start = end;
		add(&tail);
	}
}

/* What is left of a region that was cut is not within any more. One that the order leads to again
 * was written over, and there would be no end to it. */
static bool is_within(const struct vmatlas_region *record, uint64_t start, uint64_t end)
{
	return record && record->state == VMATLAS_REGION_LIVE && record->start < end &&
	       record->end > start;
}

static void cut(uint64_t start, uint64_t end, struct regions_undo *undo)
{
	uint32_t id;

	while (is_within(record_of(id = first_past(start)), start, end)) {
		keep_for_undo(undo, record_of(id), start, end);
		cut_one(id, start, end);
	}
}

/* -- The calls ------------------------------------------------------------------------------ */

void regions_put(const struct vmatlas_region *region)
{
	struct regions_undo gone = {.count = 0};
	struct held held;

	if (region->start >= region->end)
		return;
	if (!lock_take(&locks()->regions, &held)) {
		count_lost();
		return;
	}
	cut(region->start, region->end, &gone);
	add(region);
	lock_release(&held);
}

void regions_cut(uint64_t start, uint64_t end, struct regions_undo *undo)
{
	struct held held;

	undo->count = 0;
	if (start >= end)
		return;
	if (!lock_take(&locks()->regions, &held)) {
		count_lost();
		return;
	}
	cut(start, end, undo);
	lock_release(&held);
}

void regions_put_back(const struct regions_undo *undo)
{
	for (unsigned i = 0; i < undo->count; i++)
		regions_put(&undo->piece[i]);
}

bool regions_find(uint64_t address, struct vmatlas_region *region)
{
	const struct vmatlas_region *record;
	struct held held;

	if (!lock_take(&locks()->regions, &held))
		return false;
	record = record_of(order_floor(&self.by_start, address));
	if (record)
		*region = *record;
	lock_release(&held);
	return record && address < region->end;
}

const struct lane *regions_records(void)
{
	return &self.records;
}

uint64_t regions_lost(void)
{
	return atomic_load_explicit(&self.lost, memory_order_relaxed);
}
