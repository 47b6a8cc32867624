#include "track.h"
#include "clock.h"
#include "intern.h"
#include "process.h"
#include "storetables.h"
#include "thread.h"

enum {
	ORIGIN_WORDS = 1,
	MOMENT_WORDS = 2,
	/* What fits the 24 bits of a block's word. */
	NUMBER_LIMIT = (1 << 24) - 1,
	/* So many moments, 2 MiB with their index, before time gets twice as coarse: a birth time
	 * is good to some 1/65,536 of the time the program has run. */
	MOMENTS_A_DOUBLING = 65536,
	DOUBLINGS_MOST = 18,
	/* Three lines of the cache: the fewest that whole records fill. */
	ORIGINS_RUN = 8,
	/* The first resolution, as a share of a second: 100 us. */
	RESOLUTION_SHARE = 10000,
};

_Static_assert(ORIGINS_RUN * sizeof(struct vmatlas_origin) % 64 == 0, "whole lines of the cache");

struct track_tables track_tables STORETABLES = {
	.origins = {.lane = {.record_size = sizeof(struct vmatlas_origin)},
		.key_words = ORIGIN_WORDS,
		.limit = NUMBER_LIMIT},
	.moments = {.lane = {.record_size = sizeof(struct vmatlas_moment)},
		.key_words = MOMENT_WORDS,
		.limit = NUMBER_LIMIT},
};

static struct {
	/* Ticks between two moments; only doubles. */
	_Atomic uint64_t resolution;
	uint64_t resolution_first;
	_Atomic uint64_t elsewhere_allocations, elsewhere_frees;
	void (*refused)(void); /* who is told when the allocator refuses; NULL for nobody */
} self STORETABLES;

/* A thread takes its origins by runs, so that no line of the cache has counters of two. */
static uint32_t origin_append(struct thread *thread, const struct vmatlas_origin *origin)
{
	struct intern *table = &track_tables.origins;
	uint32_t id;

	if (thread->origins.next == thread->origins.end) {
		thread->origins.next = intern_reserve(table, ORIGINS_RUN);
		thread->origins.end = thread->origins.next ? thread->origins.next + ORIGINS_RUN : 0;
	}
	id = thread->origins.next;
	if (!intern_fill(table, id, origin))
		return 0;
	thread->origins.next++;
	return id;
}

static uint32_t origin_add(struct thread *thread, const struct vmatlas_origin *origin)
{
	struct intern *table = &track_tables.origins;
	struct held held;
	uint32_t id;

	if (!lock_take_guarded(&locks()->origins, &held)) {
		atomic_fetch_add_explicit(&table->lost, 1, memory_order_relaxed);
		return 0;
	}
	id = intern_find(table, origin, ORIGIN_WORDS);
	if (!id)
		id = origin_append(thread, origin);
	lock_release(&held);
	return id;
}

uint32_t track_origin(struct thread *thread, uint32_t frame)
{
	struct vmatlas_origin origin = {.frame = frame, .slot = thread->slot};
	uint32_t id = intern_find(&track_tables.origins, &origin, ORIGIN_WORDS);
	uint32_t at = frame % THREAD_MEMO;

	if (!id)
		id = origin_add(thread, &origin);
	thread->memo[at].origin = id;
	thread->memo[at].frame = frame;
	return id;
}

/* -- When and where ------------------------------------------------------------------------- */

/* Coarser time for a longer run, so that the moments never fill their table. */
static uint64_t resolution(void)
{
	uint64_t doublings = lane_count(&track_tables.moments.lane) / MOMENTS_A_DOUBLING;
	uint64_t now = atomic_load_explicit(&self.resolution, memory_order_relaxed), wanted;

	if (doublings > DOUBLINGS_MOST)
		doublings = DOUBLINGS_MOST;
	wanted = self.resolution_first << doublings;
	if (wanted > now)
		atomic_store_explicit(&self.resolution, wanted, memory_order_relaxed);
	return wanted;
}

static __attribute__((noinline)) void moment_renew(
	struct thread *thread, struct mappings_place *place, uint64_t now)
{
	uint64_t step = resolution(), time = now - now % step;
	struct vmatlas_moment moment = {time, place->birth, thread->id};
	uint32_t id = intern_find(&track_tables.moments, &moment, MOMENT_WORDS);

	place->moment = id ? id : intern_add(&track_tables.moments, &locks()->moments, &moment);
	place->moment_ends = time + step;
}

struct mappings_place *track_place(
	struct thread *thread, uintptr_t address, size_t size, uint64_t now)
{
	struct mappings_place *place = mappings_tag_slowly(&thread->mappings, address, size, now);

	if (!place)
		return NULL;
	if (size < VMATLAS_SIZE_BIG && (!place->moment || now >= place->moment_ends))
		moment_renew(thread, place, now);
	/* A large block has a record with its own time; the next small one needs a moment. */
	if (!place->moment)
		place->until = 0;
	else if (place->until > place->moment_ends)
		place->until = place->moment_ends;
	return place;
}

/* -- The main path -------------------------------------------------------------------------- */

struct thread *track_forked(struct thread *thread)
{
	process_settle();
	return guard.thread ? guard.thread : thread;
}

void track_put(struct thread *thread, const struct table_birth *birth)
{
	struct table_taken replaced;

	table_put(&thread->stock, birth, &replaced);
	if (replaced.word) {
		thread_count(&thread->counters.replaced, 1);
		track_freed(thread, &replaced);
	}
}

uint32_t track_alloc(
	struct thread *thread, const void *block, size_t size, const struct callstack_at *at)
{
	return track_alloc_here(thread, block, size, at);
}

/* -- Where not all have a call stack -------------------------------------------------------- */

/* The first allocation of a thread, also in a forked child. Two of them that begin in one tick
 * differ by their process or their number in it. */
static void begin(struct thread *thread)
{
	struct vmatlas_moment moment = {0, 0, thread->id};
	uint32_t id = intern_find(&track_tables.moments, &moment, MOMENT_WORDS);

	thread->sample.moment =
		id ? id : intern_add(&track_tables.moments, &locks()->moments, &moment);
	sample_begin(&thread->sample,
		clock_ticks() ^ (uint64_t)process_pid() << 40 ^ (uint64_t)thread->id << 20);
}

static __attribute__((noinline)) void put_unsampled(
	struct thread *thread, const void *block, size_t size)
{
	struct table_birth birth = {
		.address = (uintptr_t)block,
		.size = size,
		.moment = size < VMATLAS_SIZE_BIG ? thread->sample.moment : 0,
		.thread = thread->id,
	};

	track_put(thread, &birth);
}

void track_pass(struct thread *thread, const void *block, size_t size)
{
	uintptr_t address = (uintptr_t)block;

	track_total(thread, size);
	if (sample_quick ? !table_put_brief_anew(&thread->near, address, size)
			 : !table_put_small(&thread->near, address, size, 0, thread->sample.moment))
		put_unsampled(thread, block, size);
}

__attribute__((noinline)) void track_grown(struct thread *thread)
{
	guard_close((uintptr_t)__builtin_frame_address(0));
	guard_tracking();
	thread_grow(thread, 0);
	guard_open();
}

/* A brief that stands where a sample is to have its word: nobody freed its block where we could
 * see.
 */
static void drop_brief(struct thread *thread, const void *block)
{
	struct table_taken gone;

	if (table_take_stale_brief((uintptr_t)block, &gone)) {
		thread_count(&thread->counters.replaced, 1);
		track_freed(thread, &gone);
	}
}

static bool begun_and_passed(struct thread *thread, size_t size)
{
	if (sample_begun(&thread->sample))
		return false;
	begin(thread);
	return sample_passes(&thread->sample, size);
}

__attribute__((cold)) void track_alloc_sampled(
	struct thread *thread, const void *block, size_t size, const struct callstack_at *at)
{
	uint32_t origin;

	if (process_forked())
		thread = track_forked(thread);
	if (begun_and_passed(thread, size)) {
		track_pass(thread, block, size);
		return;
	}
	sample_next(&thread->sample);
	drop_brief(thread, block);
	origin = track_alloc(thread, block, size, at);
	/* Weights are made up to it: of one that the program wrote over our memo, 16 GiB of them.
	 */
	if (lane_find(&track_tables.origins.lane, origin))
		sample_weigh(origin, size);
}

bool track_briefs(void)
{
	struct vmatlas_moment nothing = {0, 0, 0};

	return table_begin_briefs(intern_add(&track_tables.moments, &locks()->moments, &nothing));
}

void track_forget_callstacks(void)
{
	struct blocks_cursor cursor;
	struct blocks_tables tables = {.moments = &track_tables.moments.lane, .bigs = table_bigs()};
	struct block block;

	blocks_begin(&cursor, table_blocks(), &tables);
	while (blocks_next(&cursor, &block))
		table_forget_origin(block.address);
}

void track_failed(struct thread *thread)
{
	if (process_forked())
		thread = track_forked(thread);
	thread_count(&thread->counters.failed, 1);
	if (self.refused)
		self.refused();
}

void track_watch_refusals(void (*refused)(void))
{
	self.refused = refused;
}

void track_take(const void *block, struct table_taken *taken)
{
	table_take((uintptr_t)block, taken);
}

void track_freed(struct thread *thread, const struct table_taken *taken)
{
	if (!taken->word) {
		thread_count(&thread->counters.unknown_frees, 1);
		return;
	}
	table_forget(&thread->stock, taken);
	thread_count(&thread->counters.frees, 1);
	thread_count(&thread->counters.freed_bytes, taken->size);
	thread_shrink(thread, taken->size);
}

void track_put_back(const struct table_taken *taken)
{
	table_put_back(taken);
}

/* -- Callers that have no thread ------------------------------------------------------------ */

void track_freed_elsewhere(const struct table_taken *taken)
{
	if (!taken->word)
		return;
	table_forget(NULL, taken);
	atomic_fetch_add_explicit(&self.elsewhere_frees, 1, memory_order_relaxed);
}

void track_alloc_elsewhere(const void *block, size_t size)
{
	struct bigs_stock none = {0, 0};
	struct table_birth birth = {
		.address = (uintptr_t)block, .size = size, .time = clock_ticks()};
	struct table_taken replaced;

	table_put(&none, &birth, &replaced);
	bigs_leave(&none);
	atomic_fetch_add_explicit(&self.elsewhere_allocations, 1, memory_order_relaxed);
}

uint32_t track_callstack(struct thread *thread, const struct callstack_at *at)
{
	return callstack_capture(&thread->callstack, at);
}

const struct lane *track_origins(void)
{
	return &track_tables.origins.lane;
}

const struct lane *track_moments(void)
{
	return &track_tables.moments.lane;
}

struct track_counts track_counts(void)
{
	return (struct track_counts){
		.origins_lost = track_tables.origins.lost + track_tables.moments.lost,
		.elsewhere_allocations = self.elsewhere_allocations,
		.elsewhere_frees = self.elsewhere_frees,
		.resolution_ticks = self.resolution + clock_step(),
	};
}

const _Atomic uint64_t *track_resolution(void)
{
	return &self.resolution;
}

void track_boot(void)
{
	self.resolution_first = clock_frequency() / RESOLUTION_SHARE;
	self.resolution = self.resolution_first;
}
