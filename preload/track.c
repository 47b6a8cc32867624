#include "track.h"
#include "clock.h"
#include "intern.h"
#include "process.h"
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
	/* The first resolution, as a share of a second: 100 us. */
	RESOLUTION_SHARE = 10000,
};

static struct {
	struct intern origins; /* struct vmatlas_origin: call stack and slot are the key */
	struct intern moments; /* struct vmatlas_moment, all of it the key */
	/* Ticks between two moments; only doubles. */
	_Atomic uint64_t resolution;
	uint64_t resolution_first;
	_Atomic uint64_t elsewhere_allocations, elsewhere_frees;
} self = {
	.origins = {.lane = {.record_size = sizeof(struct vmatlas_origin)},
		.key_words = ORIGIN_WORDS,
		.limit = NUMBER_LIMIT},
	.moments = {.lane = {.record_size = sizeof(struct vmatlas_moment)},
		.key_words = MOMENT_WORDS,
		.limit = NUMBER_LIMIT},
};

/* -- Who ------------------------------------------------------------------------------------ */

static __attribute__((noinline)) uint32_t origin_slowly(struct thread *thread, uint32_t frame)
{
	struct vmatlas_origin origin = {.frame = frame, .slot = thread->slot};
	uint32_t id = intern_find(&self.origins, &origin, ORIGIN_WORDS);

	return id ? id : intern_add(&self.origins, &locks()->origins, &origin);
}

static uint32_t origin_of(struct thread *thread, uint32_t frame)
{
	uint32_t at = frame % THREAD_MEMO;

	if (thread->memo[at].frame == frame && thread->memo[at].origin)
		return thread->memo[at].origin;
	thread->memo[at].origin = origin_slowly(thread, frame);
	thread->memo[at].frame = frame;
	return thread->memo[at].origin;
}

static void origin_count(uint32_t id, size_t size)
{
	struct vmatlas_origin *origin = lane_find(&self.origins.lane, id);

	if (!origin)
		return; /* the program wrote over our memo */
	/* Only this thread writes them; a reader sees either value whole. */
	__atomic_store_n(&origin->allocations, origin->allocations + 1, __ATOMIC_RELAXED);
	__atomic_store_n(
		&origin->allocated_bytes, origin->allocated_bytes + size, __ATOMIC_RELAXED);
}

/* -- When and where ------------------------------------------------------------------------- */

/* Coarser time for a longer run, so that the moments never fill their table. */
static uint64_t resolution(void)
{
	uint64_t doublings = lane_count(&self.moments.lane) / MOMENTS_A_DOUBLING;
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
	uint32_t id = intern_find(&self.moments, &moment, MOMENT_WORDS);

	place->moment = id ? id : intern_add(&self.moments, &locks()->moments, &moment);
	place->moment_ends = time + step;
}

static bool is_small(size_t size)
{
	return size < VMATLAS_SIZE_BIG;
}

/* For a small block; a large one has a record with its own time. */
static inline uint32_t moment_of(struct thread *thread, struct mappings_place *place, uint64_t now)
{
	if (__builtin_expect(!place->moment || now >= place->moment_ends, 0))
		moment_renew(thread, place, now);
	return place->moment;
}

/* -- The main path -------------------------------------------------------------------------- */

/* The first allocation in a forked child: the thread has another number here. */
static __attribute__((noinline)) struct thread *forked(struct thread *thread)
{
	process_settle();
	return guard.thread ? guard.thread : thread;
}

/* What table_put_small does not take. Its moment, if it has one, is the place's. */
static __attribute__((noinline)) void put(struct thread *thread, uintptr_t address, size_t size,
	uint64_t now, uint32_t origin, const struct mappings_place *place)
{
	struct table_birth birth = {
		.address = address,
		.size = size,
		.time = now,
		.origin = origin,
		.moment = place && is_small(size) ? place->moment : 0,
		.mapping = place ? place->birth : 0,
		.thread = thread->id,
	};
	struct table_taken replaced;

	table_put(&thread->stock, &birth, &replaced);
	if (replaced.word) {
		thread_count(&thread->counters.replaced, 1);
		track_freed(thread, &replaced);
	}
}

void track_alloc(
	struct thread *thread, const void *block, size_t size, const struct callstack_at *at)
{
	uintptr_t address = (uintptr_t)block;
	uint64_t now = clock_ticks();
	struct mappings_place *place;
	uint32_t origin, moment;

	if (__builtin_expect(process_forked(), 0))
		thread = forked(thread);
	origin = origin_of(thread, callstack_capture(&thread->callstack, at));
	place = mappings_tag(&thread->mappings, address, size, now);
	moment = place && is_small(size) ? moment_of(thread, place, now) : 0;
	if (origin)
		origin_count(origin, size);
	thread_count(&thread->counters.allocations, 1);
	thread_count(&thread->counters.allocated_bytes, size);
	thread_peak(thread, (int64_t)size);
	if (!table_put_small(address, size, origin, moment))
		put(thread, address, size, now, origin, place);
}

void track_failed(struct thread *thread)
{
	thread_count(&thread->counters.failed, 1);
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
	thread_peak(thread, -(int64_t)taken->size);
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
	return &self.origins.lane;
}

const struct lane *track_moments(void)
{
	return &self.moments.lane;
}

struct track_counts track_counts(void)
{
	return (struct track_counts){
		.origins_lost = self.origins.lost + self.moments.lost,
		.elsewhere_allocations = self.elsewhere_allocations,
		.elsewhere_frees = self.elsewhere_frees,
		.resolution_ticks = self.resolution + clock_step(),
	};
}

void track_boot(void)
{
	self.resolution_first = clock_frequency() / RESOLUTION_SHARE;
	self.resolution = self.resolution_first;
}
