#include "relic_tables.h"

#include <errno.h>
#include <stdlib.h>

#include "../preload/core/seal.h"

static const uint32_t record_sizes[VMATLAS_STOREFILE_TABLES] = {
	[VMATLAS_STOREFILE_FRAMES] = sizeof(struct vmatlas_frame),
	[VMATLAS_STOREFILE_ORIGINS] = sizeof(struct vmatlas_origin),
	[VMATLAS_STOREFILE_MOMENTS] = sizeof(struct vmatlas_moment),
	[VMATLAS_STOREFILE_BIRTHS] = sizeof(struct vmatlas_birth),
	[VMATLAS_STOREFILE_BIGS] = sizeof(struct vmatlas_big),
	[VMATLAS_STOREFILE_THREADS] = sizeof(struct vmatlas_thread),
	[VMATLAS_STOREFILE_REGIONS] = sizeof(struct vmatlas_region),
	[VMATLAS_STOREFILE_MODULES] = sizeof(struct vmatlas_module),
	[VMATLAS_STOREFILE_STRINGS] = VMATLAS_STRING_RECORD,
	[VMATLAS_STOREFILE_PHASES] = sizeof(struct vmatlas_phase),
	[VMATLAS_STOREFILE_FREED] = sizeof(struct vmatlas_freed),
	[VMATLAS_STOREFILE_WEIGHTS] = sizeof(struct vmatlas_weight),
	[VMATLAS_STOREFILE_SLOTS] = sizeof(uint64_t),
};

/* -- Lanes ---------------------------------------------------------------------------------- */

/* Up to the first segment that is not there. A kill may have come between a segment and the count
 * that reaches into it, never the other way round. */
static uint32_t take_segments(
	const struct relic_memory *memory, const struct lane *from, struct lane *to)
{
	uint64_t count = from->count;

	for (unsigned i = 0; i < LANE_SEGMENTS && lane_segment_start(i) < count; i++) {
		uint64_t rest = count - lane_segment_start(i), length = lane_segment_length(i);
		uint64_t bytes = (rest < length ? rest : length) * to->record_size;
		const void *segment = relic_memory_at(memory, (uintptr_t)from->segment[i], bytes);

		if (!segment)
			return (uint32_t)lane_segment_start(i);
		to->segment[i] = (char *)(uintptr_t)segment;
	}
	return (uint32_t)count;
}

static void take_lane(
	struct relic_tables *tables, const struct relic_memory *memory, unsigned table)
{
	uint64_t address = memory->head.table[table];
	const struct lane *from = relic_memory_at(memory, address, sizeof(*from));
	struct lane *to = &tables->lane[table];

	to->record_size = record_sizes[table];
	if (!address)
		return;
	if (!from || from->record_size != to->record_size) {
		tables->cut = true;
		return;
	}
	to->count = take_segments(memory, from, to);
	tables->cut |= to->count != from->count;
}

/* -- Blocks --------------------------------------------------------------------------------- */

/* A leaf that two words lead to is damage, and must not cost the time of both: there can be no more
 * leaves than memory for them. */
static void take_leaves(struct relic_tables *tables, const struct relic_memory *memory,
	const struct blocks_branch *from, struct blocks_branch *to, uint64_t *room)
{
	for (unsigned i = 0; i < 1 << BLOCKS_BRANCH_BITS; i++) {
		const void *address = unseal(from->leaf[i]);
		const void *leaf = NULL;

		if (address && *room)
			leaf = relic_memory_at(
				memory, (uintptr_t)address, blocks_leaf_size(&tables->blocks));
		if (leaf) {
			to->leaf[i] = seal(leaf);
			--*room;
		}
		tables->cut |= from->leaf[i] && !leaf;
	}
}

static int take_branches(
	struct relic_tables *tables, const struct relic_memory *memory, const struct blocks *blocks)
{
	uint64_t leaves = memory->size / blocks_leaf_size(blocks);
	uint64_t room = memory->size / sizeof(struct blocks_branch);

	for (size_t i = 0; i < 1 << BLOCKS_ROOT_BITS; i++) {
		const struct blocks_branch *from = NULL;

		if (blocks->branch[i] && room)
			from = relic_memory_at(memory, (uintptr_t)blocks->branch[i], sizeof(*from));
		tables->cut |= blocks->branch[i] && !from;
		if (!from)
			continue;
		room--;
		tables->blocks.branch[i] = calloc(1, sizeof(struct blocks_branch));
		if (!tables->blocks.branch[i])
			return ENOMEM;
		take_leaves(tables, memory, from, tables->blocks.branch[i], &leaves);
	}
	return 0;
}

static int take_blocks(struct relic_tables *tables, const struct relic_memory *memory)
{
	const struct blocks *blocks = relic_memory_at(memory, memory->head.blocks, sizeof(*blocks));

	tables->cut |= !blocks;
	if (!blocks)
		return 0;
	tables->blocks.plane_mask = blocks->plane_mask;
	tables->blocks.brief_room = blocks->brief_room;
	tables->blocks.brief_moment = blocks->brief_moment;
	return take_branches(tables, memory, blocks);
}

int relic_tables_make(struct relic_tables *tables, const struct relic_memory *memory)
{
	for (unsigned table = 0; table < VMATLAS_STOREFILE_TABLES; table++)
		take_lane(tables, memory, table);
	return take_blocks(tables, memory);
}

void relic_tables_free(struct relic_tables *tables)
{
	for (size_t i = 0; i < 1 << BLOCKS_ROOT_BITS; i++)
		free(tables->blocks.branch[i]);
}

/* -- Counters ------------------------------------------------------------------------------- */

static void add(struct view *view, const struct vmatlas_counters *counters)
{
	view->allocations += counters->allocations;
	view->allocated_bytes += counters->allocated_bytes;
	view->frees += counters->frees;
	view->freed_bytes += counters->freed_bytes;
	view->failed += counters->failed;
}

static int64_t number_at(const struct relic_memory *memory, uint64_t address)
{
	const int64_t *number = relic_memory_at(memory, address, sizeof(*number));

	return number ? *number : 0;
}

/* While there is one thread, it alone knows how much more there was since it last told. */
static uint64_t peak_of(const struct relic_memory *memory, const struct lane *slots)
{
	const struct vmatlas_storefile *head = &memory->head;
	int64_t peak = number_at(memory, head->peak), live = number_at(memory, head->live), own;
	uint64_t thread = 0;

	if (lane_count(slots) == 1)
		thread = (uintptr_t)unseal(*(const uint64_t *)lane_get(slots, 1));
	own = thread ? number_at(memory, thread + head->highest_at) : 0;
	if (thread && !__builtin_add_overflow(live, own, &live) && live > peak)
		peak = live;
	return peak > 0 ? (uint64_t)peak : 0;
}

static void put_counters(
	const struct relic_tables *tables, const struct relic_memory *memory, struct view *view)
{
	const struct lane *slots = &tables->lane[VMATLAS_STOREFILE_SLOTS];
	const uint64_t *resolution =
		relic_memory_at(memory, memory->head.resolution, sizeof(*resolution));

	view->allocations = view->allocated_bytes = view->frees = view->freed_bytes = 0;
	view->failed = 0;
	for (uint32_t id = 1; id <= lane_count(slots); id++) {
		uint64_t thread = (uintptr_t)unseal(*(const uint64_t *)lane_get(slots, id));
		const struct vmatlas_counters *counters = NULL;

		if (thread)
			counters = relic_memory_at(
				memory, thread + memory->head.counters_at, sizeof(*counters));
		if (counters)
			add(view, counters);
	}
	view->peak_live_bytes = peak_of(memory, slots);
	view->peak_error = lane_count(slots) > 1 ? lane_count(slots) * memory->head.peak_error : 0;
	view->resolution_ticks = resolution ? *resolution : 0;
}

/* -- The clock ------------------------------------------------------------------------------ */

static uint64_t latest(const struct lane *lane, size_t at, uint64_t known)
{
	for (uint32_t id = 1; id <= lane_count(lane); id++) {
		uint64_t time = *(const uint64_t *)((const char *)lane_get(lane, id) + at);

		if (time > known)
			known = time;
	}
	return known;
}

/* When the last thing happened that has a time, in ticks. */
static uint64_t last_sign(const struct relic_tables *tables, const struct vmatlas_storefile *head)
{
	const struct lane *lane = tables->lane;
	uint64_t ticks = head->later.ticks;

	ticks = latest(
		&lane[VMATLAS_STOREFILE_MOMENTS], offsetof(struct vmatlas_moment, time), ticks);
	ticks = latest(&lane[VMATLAS_STOREFILE_BIGS], offsetof(struct vmatlas_big, time), ticks);
	ticks = latest(
		&lane[VMATLAS_STOREFILE_REGIONS], offsetof(struct vmatlas_region, time), ticks);
	ticks = latest(
		&lane[VMATLAS_STOREFILE_THREADS], offsetof(struct vmatlas_thread, started), ticks);
	return latest(
		&lane[VMATLAS_STOREFILE_THREADS], offsetof(struct vmatlas_thread, ended), ticks);
}

/* Two readings that are nearer than this tell less than the frequency does, which was measured in
 * 20 us. */
enum { APART_NS = 1000000 };

static double ticks_a_ns(const struct vmatlas_storefile *head)
{
	uint64_t ns = head->later.monotonic_ns - head->start.monotonic_ns;

	if (head->later.monotonic_ns > head->start.monotonic_ns && ns >= APART_NS &&
		head->later.ticks > head->start.ticks)
		return (double)(head->later.ticks - head->start.ticks) / (double)ns;
	return head->frequency ? (double)head->frequency / 1e9 : 1.0;
}

static void put_clock(
	const struct relic_tables *tables, const struct vmatlas_storefile *head, struct view *view)
{
	uint64_t last = last_sign(tables, head), ns = 0;
	double span;

	if (last > head->start.ticks) {
		span = (double)(last - head->start.ticks) / ticks_a_ns(head);
		/* A century: more is damage. */
		ns = span < 3.2e18 ? (uint64_t)span : 0;
	}
	view->start = (struct view_clock){
		head->start.ticks, head->start.realtime_ns, head->start.monotonic_ns};
	view->now = (struct view_clock){
		last, head->start.realtime_ns + ns, head->start.monotonic_ns + ns};
}

void relic_tables_view(
	const struct relic_tables *tables, const struct relic_memory *memory, struct view *view)
{
	const struct lane *lane = tables->lane;

	view->blocks = &tables->blocks;
	view->frames = &lane[VMATLAS_STOREFILE_FRAMES];
	view->origins = &lane[VMATLAS_STOREFILE_ORIGINS];
	view->moments = &lane[VMATLAS_STOREFILE_MOMENTS];
	view->births = &lane[VMATLAS_STOREFILE_BIRTHS];
	view->bigs = &lane[VMATLAS_STOREFILE_BIGS];
	view->threads = &lane[VMATLAS_STOREFILE_THREADS];
	view->regions = &lane[VMATLAS_STOREFILE_REGIONS];
	view->modules = &lane[VMATLAS_STOREFILE_MODULES];
	view->strings = &lane[VMATLAS_STOREFILE_STRINGS];
	view->phases = &lane[VMATLAS_STOREFILE_PHASES];
	view->history = memory->head.history > UINT32_MAX ? 0 : (uint32_t)memory->head.history;
	view->freed = view->history ? &lane[VMATLAS_STOREFILE_FREED] : NULL;
	view->sample_mean = memory->head.sample;
	view->weights = &lane[VMATLAS_STOREFILE_WEIGHTS];
	view->glibc = memory->head.glibc;
	view->pid = memory->head.pid;
	view->page_size = memory->head.page_size;
	put_counters(tables, memory, view);
	put_clock(tables, &memory->head, view);
}
