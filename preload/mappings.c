#include "mappings.h"
#include "ask.h"
#include "clock.h"
#include "intern.h"
#include "storetables.h"
#include "warm.h"
#include "vmatlas_store.h"

#include <dlfcn.h>
#include <string.h>

enum {
	/* A thread that was away for longer than so many changes asks the kernel again. */
	CHANGES_KEPT = 64,
	/* Answers that all threads share, one for each 64 KiB of addresses, modulo this many. */
	SHARED_PLACES = 1024,
	SHARED_BITS = 16,
	BIRTH_WORDS = 2,
};

/* A raw system call goes unseen for so long at most: asking costs 5 us with its open and close,
 * a thousandth of this. */
#define RECHECK_NS 5000000u
#define PAGE 4096u

struct change {
	/* Number of the change that this describes; written last, so a torn one does not match. */
	_Atomic uint64_t number;
	_Atomic uint64_t start, end;
};

/* One writer at a time takes the sequence to odd; a reader that sees odd or another afterwards has
 * read nothing. */
struct shared {
	_Atomic uint64_t sequence;
	_Atomic uint64_t start, end, seen, heap_end;
	_Atomic uint32_t birth;
};

static struct {
	struct change change[CHANGES_KEPT];
	struct shared shared[SHARED_PLACES];
	uint64_t recheck; /* ticks */
	uintptr_t no_heap;
} self WARM_NOT;

/* Apart from the rest, which is of no use in a file. */
static struct {
	struct intern table; /* struct vmatlas_birth, all of it its key */
} births STORETABLES = {
	.table = {.lane = {.record_size = sizeof(struct vmatlas_birth)},
		.key_words = BIRTH_WORDS,
		.limit = INTERN_MOST},
};

struct mappings_news mappings_news = {.heap_end = &self.no_heap};

/* -- Changes -------------------------------------------------------------------------------- */

void mappings_changed(uintptr_t start, uintptr_t end)
{
	uint64_t number =
		1 + atomic_fetch_add_explicit(&mappings_news.changes, 1, memory_order_acq_rel);
	struct change *change = &self.change[number % CHANGES_KEPT];

	atomic_store_explicit(&change->number, 0, memory_order_relaxed);
	atomic_store_explicit(&change->start, start, memory_order_release);
	atomic_store_explicit(&change->end, end, memory_order_release);
	atomic_store_explicit(&change->number, number, memory_order_release);
}

void mappings_changed_all(void)
{
	mappings_changed(0, UINTPTR_MAX);
}

/* Neighbours count: the kernel may have merged them. */
static bool change_touches(uint64_t number, uint64_t start, uint64_t end)
{
	const struct change *change = &self.change[number % CHANGES_KEPT];
	uint64_t from = atomic_load_explicit(&change->start, memory_order_acquire);
	uint64_t to = atomic_load_explicit(&change->end, memory_order_acquire);

	if (atomic_load_explicit(&change->number, memory_order_acquire) != number)
		return true; /* being written, or written over */
	return from <= end && to >= start;
}

/* Whether nothing touched [start, end) since change number *seen, which is brought up to date. */
static bool unchanged(uint64_t start, uint64_t end, uint64_t *seen)
{
	uint64_t now = atomic_load_explicit(&mappings_news.changes, memory_order_acquire);

	if (now == *seen)
		return true;
	if (now - *seen >= CHANGES_KEPT)
		return false;
	for (uint64_t number = *seen + 1; number <= now; number++) {
		if (change_touches(number, start, end))
			return false;
	}
	*seen = now;
	return true;
}

/* -- The heap ------------------------------------------------------------------------------- */

static uint64_t heap_end(void)
{
	return *mappings_news.heap_end;
}

static uint32_t birth_of(uint64_t start, uint64_t end)
{
	struct vmatlas_birth birth = {start, end};
	uint32_t id = intern_find(&births.table, &birth, BIRTH_WORDS);

	return id ? id : intern_add(&births.table, &locks()->births, &birth);
}

static void place_set(struct mappings_place *place, uint64_t start, uint64_t end)
{
	place->start = start;
	place->end = end;
	place->birth = birth_of(start, end);
	place->moment = 0;
}

/* The heap grew or shrank at its end and is otherwise as it was. */
static bool heap_follow(struct mappings_place *place)
{
	uint64_t now = heap_end();

	if (!place->heap_end || place->heap_end == now)
		return true;
	if (now <= place->start)
		return false;
	place_set(place, place->start, (now + PAGE - 1) & ~(uint64_t)(PAGE - 1));
	place->heap_end = now;
	return true;
}

/* -- What all threads know ------------------------------------------------------------------ */

static struct shared *shared_for(uintptr_t address)
{
	return &self.shared[(address >> SHARED_BITS) % SHARED_PLACES];
}

static bool shared_read(uintptr_t address, struct mappings_place *place)
{
	struct shared *shared = shared_for(address);
	uint64_t sequence = atomic_load_explicit(&shared->sequence, memory_order_acquire);

	*place = (struct mappings_place){
		.start = atomic_load_explicit(&shared->start, memory_order_relaxed),
		.end = atomic_load_explicit(&shared->end, memory_order_relaxed),
		.seen = atomic_load_explicit(&shared->seen, memory_order_relaxed),
		.heap_end = atomic_load_explicit(&shared->heap_end, memory_order_relaxed),
		.birth = atomic_load_explicit(&shared->birth, memory_order_relaxed),
	};
	atomic_thread_fence(memory_order_acquire);
	return !(sequence & 1) &&
	       atomic_load_explicit(&shared->sequence, memory_order_relaxed) == sequence &&
	       address - place->start < place->end - place->start;
}

static void shared_write(uintptr_t address, const struct mappings_place *place)
{
	struct shared *shared = shared_for(address);
	uint64_t sequence = atomic_load_explicit(&shared->sequence, memory_order_relaxed);

	if (sequence & 1 ||
		!atomic_compare_exchange_strong(&shared->sequence, &sequence, sequence + 1))
		return; /* another thread writes: it will serve as well */
	atomic_store_explicit(&shared->start, place->start, memory_order_release);
	atomic_store_explicit(&shared->end, place->end, memory_order_release);
	atomic_store_explicit(&shared->seen, place->seen, memory_order_release);
	atomic_store_explicit(&shared->heap_end, place->heap_end, memory_order_release);
	atomic_store_explicit(&shared->birth, place->birth, memory_order_release);
	atomic_store_explicit(&shared->sequence, sequence + 2, memory_order_release);
}

/* -- One thread's question ------------------------------------------------------------------ */

static bool covers(const struct mappings_place *place, uintptr_t address, size_t size)
{
	return address - place->start < place->end - place->start &&
	       (size + MAPPINGS_TAIL <= place->end - address || place->heap_end);
}

static bool good(struct mappings_place *place, uintptr_t address, size_t size)
{
	return heap_follow(place) && covers(place, address, size) &&
	       unchanged(place->start, place->end, &place->seen);
}

static bool same_extent(const struct mappings_place *place, const struct ask_answer *answer)
{
	return place->start == answer->start && place->end == answer->end;
}

/* Others may hold what was true before: tell them, unless this was only to make sure. */
static bool place_ask(struct mappings_place *place, uintptr_t address, uint64_t now)
{
	uint64_t seen = atomic_load_explicit(&mappings_news.changes, memory_order_acquire);
	uint64_t end = heap_end();
	struct ask_answer answer;
	char name[16];

	if (ask_mapping(address, &answer, name, sizeof name))
		return false;
	if (!same_extent(place, &answer)) {
		place_set(place, answer.start, answer.end);
		mappings_changed(answer.start, answer.end);
		seen++;
	}
	place->seen = seen;
	place->heap_end = !strcmp(name, "[heap]") && end == heap_end() ? end : 0;
	place->recheck = now + self.recheck;
	shared_write(address, place);
	return place->birth != 0;
}

/* The place that has the address, now the last one; a new one takes that of the one before. */
static struct mappings_place *place_of(struct mappings_cache *cache, uintptr_t address)
{
	struct mappings_place *last = mappings_last(cache), former = *last;

	for (uint32_t i = 1; i < MAPPINGS_PLACES; i++) {
		struct mappings_place *place = &cache->place[i];

		if (address - place->start >= place->end - place->start)
			continue;
		*last = *place;
		*place = former;
		return last;
	}
	if (address - last->start >= last->end - last->start) {
		cache->place[1 + cache->oldest++ % (MAPPINGS_PLACES - 1)] = former;
		*last = (struct mappings_place){0};
	}
	return last;
}

/* What another thread knows is an answer, or at least what to compare the kernel's with. */
static bool place_from_others(
	struct mappings_place *place, uintptr_t address, size_t size, uint64_t now)
{
	struct mappings_place shared;

	if (!shared_read(address, &shared))
		return false;
	*place = shared;
	place->recheck = now + self.recheck;
	return good(place, address, size);
}

static struct mappings_place *tag_anew(
	struct mappings_cache *cache, uintptr_t address, size_t size, uint64_t now)
{
	struct mappings_place *place = place_of(cache, address);

	if (now < place->recheck && good(place, address, size))
		return place;
	if (!place->end && place_from_others(place, address, size, now))
		return place;
	return place_ask(place, address, now) ? place : NULL;
}

/* A block in the heap always ends before the heap does; elsewhere glibc may have moved the end. */
static void make_ready(struct mappings_place *place, uint64_t brk)
{
	place->until = place->recheck;
	place->brk = place->heap_end ? place->heap_end : brk;
	place->room = place->end - place->start - (place->heap_end ? 0 : MAPPINGS_TAIL);
}

struct mappings_place *mappings_tag_slowly(
	struct mappings_cache *cache, uintptr_t address, size_t size, uint64_t now)
{
	struct mappings_place *place = mappings_last(cache);
	uint64_t brk = heap_end();

	if (now >= place->recheck || !good(place, address, size))
		place = tag_anew(cache, address, size, now);
	if (place)
		make_ready(place, brk);
	return place;
}

const struct lane *mappings_births(void)
{
	return &births.table.lane;
}

uint64_t mappings_lost(void)
{
	return births.table.lost;
}

void mappings_boot(void)
{
	const uintptr_t *heap_end_at;

	self.recheck = clock_frequency() / (1000000000u / RECHECK_NS);
	heap_end_at = dlsym(RTLD_DEFAULT, "__curbrk");
	if (heap_end_at)
		mappings_news.heap_end = heap_end_at;
}
