#include "history.h"
#include "process.h"
#include "store.h"
#include "storetables.h"
#include "track.h"

#include "core/freed.h"

uint32_t history_length;

static struct {
	struct lane lane;          /* over the ring, whole from the start */
	_Atomic uint64_t releases; /* the number of the last one; only grows */
	_Atomic uint64_t lost;
} self STORETABLES;

/* -- One record ----------------------------------------------------------------------------- */

/* The place is the writer's from the moment that it makes the sequence odd. Who comes a whole round
 * later and finds it odd, or beyond his own number, was overtaken or overtakes: he gives up, so two
 * never write to one record. A forked child may find records odd whose writers it does not have:
 * these serve no more, one for each thread of its parent at most. */
static bool claim(struct vmatlas_freed *record, uint64_t number)
{
	uint64_t before = __atomic_load_n(&record->sequence, __ATOMIC_RELAXED);

	return !(before & 1) && before < 2 * number &&
	       __atomic_compare_exchange_n(&record->sequence, &before, 2 * number + 1, false,
		       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Memory order: the fence keeps the words behind the odd sequence, and the last store keeps them
 * before the even one. A reader that loads the even sequence with acquire sees all words of that
 * release; if it saw a word of a later one, its second look at the sequence, behind a fence, sees
 * that one's odd number, and it throws its copy away. */
static void keep(const struct vmatlas_freed *freed)
{
	uint64_t number = atomic_fetch_add_explicit(&self.releases, 1, memory_order_relaxed) + 1;
	uint32_t id = (uint32_t)((number - 1) % history_length) + 1;
	struct vmatlas_freed *record = lane_get(&self.lane, id);

	if (!claim(record, number)) {
		atomic_fetch_add_explicit(&self.lost, 1, memory_order_relaxed);
		return;
	}
	__atomic_thread_fence(__ATOMIC_RELEASE);
	freed_copy(record, freed);
	__atomic_store_n(&record->sequence, 2 * number, __ATOMIC_RELEASE);
}

/* -- Who and what --------------------------------------------------------------------------- */

/* The thread has another number in a forked child. */
static void put_releaser(const struct history_release *release, struct vmatlas_freed *freed)
{
	struct thread *thread = release->thread;

	freed->freed = release->time;
	freed->release = release->call;
	if (!thread)
		return;
	if (__builtin_expect(process_forked(), 0)) {
		process_settle();
		thread = guard.thread ? guard.thread : thread;
	}
	freed->freed_thread = thread->id;
	freed->freed_frame = callstack_capture(&thread->callstack, release->at);
}

static uint32_t frame_of(uint32_t origin)
{
	const struct vmatlas_origin *record = lane_find(track_origins(), origin);

	return record ? record->frame : 0;
}

static void put_big(const struct vmatlas_big *big, struct vmatlas_freed *freed)
{
	freed->made = big->time;
	freed->thread = big->thread;
	freed->frame = frame_of(big->origin);
}

static void put_small(uint64_t word, struct vmatlas_freed *freed)
{
	const struct vmatlas_moment *moment = lane_find(track_moments(), VMATLAS_WORD_MOMENT(word));

	freed->frame = frame_of(VMATLAS_WORD_ORIGIN(word));
	if (!moment)
		return;
	freed->made = moment->time;
	freed->thread = moment->thread;
}

void history_block(const struct history_release *release, const struct table_taken *taken)
{
	struct vmatlas_freed freed = {.address = taken->address, .size = taken->size};
	const struct vmatlas_big *big = bigs_find(taken->big);

	if (!taken->word)
		return;
	if (big)
		put_big(big, &freed);
	else
		put_small(taken->word, &freed);
	put_releaser(release, &freed);
	keep(&freed);
}

void history_regions(const struct history_release *release, const struct regions_undo *gone)
{
	for (unsigned i = 0; i < gone->count; i++) {
		const struct vmatlas_region *piece = &gone->piece[i];
		struct vmatlas_freed freed = {
			.address = piece->start,
			.size = piece->end - piece->start,
			.made = piece->time,
			.frame = piece->frame,
			.thread = piece->thread,
			.call = piece->call,
		};

		put_releaser(release, &freed);
		keep(&freed);
	}
}

/* -- The whole ------------------------------------------------------------------------------ */

const struct lane *history_records(void)
{
	return history_length ? &self.lane : NULL;
}

uint64_t history_lost(void)
{
	return atomic_load_explicit(&self.lost, memory_order_relaxed);
}

/* Pages of the ring that were never written cost nothing. */
void history_boot(uint32_t length)
{
	void *ring;

	if (history_length || !length)
		return;
	ring = store_take((size_t)length * sizeof(struct vmatlas_freed));
	if (!ring)
		return;
	lane_over(&self.lane, ring, length, sizeof(struct vmatlas_freed));
	history_length = length;
}
