#include "thread.h"
#include "clock.h"
#include "lock.h"
#include "store.h"
#include "storetables.h"
#include "sys.h"

#include "core/seal.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

static struct {
	/* Both under locks()->threads; records are filled before a slot refers to them. */
	struct lane records;
	struct lane
		slots; /* sealed pointers to struct thread: a slot that nobody uses costs nothing */
	struct vmatlas_thread nobody;
	_Atomic uint64_t lost;
	_Atomic int64_t live_bytes, peak_bytes; /* side by side: see thread_live_bytes */
	_Atomic bool astray;                    /* a thread's share of them was written over */
	uint64_t peak_inherited;
	/* Who is told when live bytes reach the mark, INT64_MAX for nobody. */
	void (*grown)(void);
	int64_t step;
	_Atomic int64_t mark;
} self STORETABLES = {
	.records = {.record_size = sizeof(struct vmatlas_thread)},
	.slots = {.record_size = sizeof(uint64_t)},
	.mark = INT64_MAX,
};

/* A number that the program wrote over leads to nobody's record. */
static struct vmatlas_thread *record_of(uint32_t id)
{
	struct vmatlas_thread *record = lane_find(&self.records, id);

	return record ? record : &self.nobody;
}

/* NULL for a slot whose thread could not be made. */
static struct thread *slot_get(uint32_t slot)
{
	return unseal(atomic_load_explicit(
		(_Atomic uint64_t *)lane_get(&self.slots, slot), memory_order_acquire));
}

/* -- Slots ---------------------------------------------------------------------------------- */

/* The kernel may have given the number to a thread of ours that is not attached yet; then the slot
 * just waits for the next look. */
static bool gone(const struct vmatlas_thread *record)
{
	return __atomic_load_n(&record->ended, __ATOMIC_ACQUIRE) &&
	       sys_tgkill(sys_getpid(), (int)record->tid, 0) == -ESRCH;
}

static struct thread *slot_free(void)
{
	for (uint32_t slot = 1; slot <= lane_count(&self.slots); slot++) {
		struct thread *thread = slot_get(slot);

		if (thread && thread->id && gone(record_of(thread->id)))
			return thread;
	}
	return NULL;
}

static struct thread *slot_make(void)
{
	struct thread *thread = store_take(sizeof *thread);
	uint32_t slot = thread ? store_append(&self.slots, THREAD_SLOTS) : 0;

	if (!slot)
		return NULL;
	thread->slot = slot;
	atomic_store_explicit((_Atomic uint64_t *)lane_get(&self.slots, slot), seal(thread),
		memory_order_release);
	return thread;
}

static struct thread *slot_take(void)
{
	struct thread *thread = slot_free();

	return thread ? thread : slot_make();
}

/* What belonged to the former thread; counters and the memo of origins belong to the slot. */
static void slot_clean(struct thread *thread)
{
	memset(&thread->mappings, 0, sizeof thread->mappings);
	thread->sample = (struct sample){0};
	callstack_stack(&thread->callstack, 0, 0);
}

/* The main thread's own, if it had one. What it keeps in thread-local storage while the program is
 * relocated, where resolvers of IFUNC symbols may allocate, is gone afterwards: the loader fills in
 * the storage anew (_dl_allocate_tls_init in elf/rtld.c). */
static struct thread *slot_forgotten(uint32_t tid)
{
	for (uint32_t slot = 1; slot <= lane_count(&self.slots); slot++) {
		struct thread *thread = slot_get(slot);
		const struct vmatlas_thread *record =
			thread && thread->id ? record_of(thread->id) : &self.nobody;

		if (record->tid == tid && record->flags & VMATLAS_THREAD_MAIN && !record->ended)
			return thread;
	}
	return NULL;
}

/* A record that is taken is never given back, so it comes last: who cannot have a slot asks again
 * with every call. */
static struct thread *attach(void)
{
	uint32_t tid = (uint32_t)sys_gettid(), id;
	struct thread *thread = slot_forgotten(tid);

	if (thread)
		return thread;
	thread = slot_take();
	id = thread ? store_append(&self.records, THREAD_LIMIT) : 0;
	if (!id)
		return NULL;
	slot_clean(thread);
	*record_of(id) = (struct vmatlas_thread){
		.tid = tid,
		.slot = thread->slot,
		.started = clock_ticks(),
		.flags = tid == (uint32_t)sys_getpid() ? VMATLAS_THREAD_MAIN : 0,
	};
	thread->id = id;
	return thread;
}

/* A handler may come before the lock, and attach; none can come while it is held. */
struct thread *thread_attach(void)
{
	struct held held;

	if (guard.thread)
		return guard.thread;
	if (lock_take(&locks()->threads, &held)) {
		if (!guard.thread)
			guard.thread = attach();
		lock_release(&held);
	}
	if (!guard.thread)
		atomic_fetch_add(&self.lost, 1);
	return guard.thread;
}

void thread_describe(struct thread *thread, uint64_t stack_start, uint64_t stack_end,
	uint64_t guard_bytes, uint32_t creator)
{
	struct vmatlas_thread *record = record_of(thread->id);

	record->stack_start = stack_start;
	record->stack_end = stack_end;
	record->guard_bytes = guard_bytes;
	record->creator = creator;
	if (stack_end)
		record->flags |= VMATLAS_THREAD_STACK_KNOWN;
}

void thread_leave(struct thread *thread)
{
	struct vmatlas_thread *record = record_of(thread->id);

	bigs_leave(&thread->stock);
	sys_call(SYS_prctl, PR_GET_NAME, (long)record->name, 0, 0, 0, 0);
	__atomic_store_n(&record->ended, clock_ticks(), __ATOMIC_RELEASE);
}

static void forget_others(uint64_t now)
{
	for (uint32_t slot = 1; slot <= lane_count(&self.slots); slot++) {
		struct thread *thread = slot_get(slot);

		if (thread && thread->id && !record_of(thread->id)->ended)
			record_of(thread->id)->ended = now;
	}
}

void thread_forked(void)
{
	self.peak_inherited = thread_totals().peak_live_bytes;
	forget_others(clock_ticks());
	guard.thread = NULL;
	thread_attach();
}

const struct lane *thread_records(void)
{
	return &self.records;
}

const struct lane *thread_slots(void)
{
	return &self.slots;
}

const _Atomic int64_t *thread_live_bytes(void)
{
	return &self.live_bytes;
}

/* -- Totals --------------------------------------------------------------------------------- */

static void add_ends(struct thread_totals *totals, const struct thread_counters *counters)
{
	totals->frees += counters->frees;
	totals->freed_bytes += counters->freed_bytes;
}

static void add_beginnings(struct thread_totals *totals, const struct thread_counters *counters)
{
	totals->allocations += counters->allocations;
	totals->allocated_bytes += counters->allocated_bytes;
	totals->unknown_frees += counters->unknown_frees;
	totals->replaced += counters->replaced;
	totals->failed += counters->failed;
}

static int64_t greatest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool is_alone(void)
{
	return atomic_load_explicit(&self.slots.count, memory_order_relaxed) == 1;
}

/* The most live bytes there were since the thread last told, if no other changed them. */
static int64_t highest(const struct thread *thread)
{
	int64_t live = atomic_load_explicit(&self.live_bytes, memory_order_relaxed);

	return thread ? live + atomic_load_explicit(&thread->highest, memory_order_relaxed) : 0;
}

/* The same where others did: what it had before they changed them says nothing. */
static int64_t latest(const struct thread *thread)
{
	return atomic_load_explicit(&self.live_bytes, memory_order_relaxed) +
	       atomic_load_explicit(&thread->unsettled, memory_order_relaxed);
}

static void add_all(struct thread_totals *totals,
	void (*add)(struct thread_totals *totals, const struct thread_counters *counters))
{
	for (uint32_t slot = 1; slot <= lane_count(&self.slots); slot++) {
		const struct thread *thread = slot_get(slot);

		if (thread)
			add(totals, &thread->counters);
	}
}

/* Of a slot that is being made the pointer is 0. */
static uint32_t unreadable(void)
{
	uint32_t count = 0;

	for (uint32_t slot = 1; slot <= lane_count(&self.slots); slot++)
		count += !slot_get(slot) && *(const _Atomic uint64_t *)lane_get(&self.slots, slot);
	return count;
}

struct thread_totals thread_totals(void)
{
	struct thread_totals totals = {
		.lost = self.lost,
		.unreadable = unreadable(),
		.peak_lost = self.astray,
		.peak_inherited = self.peak_inherited,
	};
	uint32_t slots = lane_count(&self.slots);
	int64_t peak = atomic_load_explicit(&self.peak_bytes, memory_order_relaxed);

	add_all(&totals, add_ends);
	atomic_thread_fence(memory_order_acquire);
	add_all(&totals, add_beginnings);
	if (slots == 1)
		peak = greatest(peak, highest(slot_get(1)));
	totals.peak_live_bytes = peak > 0 ? (uint64_t)peak : 0;
	totals.peak_error = slots > 1 ? (uint64_t)slots * THREAD_SETTLE : 0;
	return totals;
}

/* Of several threads that pass the mark one moves it. */
static __attribute__((noinline)) void pass_mark(int64_t live)
{
	int64_t mark = atomic_load_explicit(&self.mark, memory_order_relaxed);

	if (live >= mark && atomic_compare_exchange_strong(&self.mark, &mark, live + self.step))
		self.grown();
}

static inline void look_at_mark(int64_t live)
{
	if (__builtin_expect(live >= atomic_load_explicit(&self.mark, memory_order_relaxed), 0))
		pass_mark(live);
}

void thread_watch(uint64_t step, void (*grown)(void))
{
	self.grown = grown;
	self.step = (int64_t)step;
	self.mark = atomic_load_explicit(&self.live_bytes, memory_order_relaxed) + self.step;
	if (guard.thread) {
		guard.thread->notice = 0;
		guard.thread->highest = guard.thread->unsettled;
	}
}

static void live_is(int64_t live)
{
	int64_t peak = atomic_load_explicit(&self.peak_bytes, memory_order_relaxed);

	while (live > peak && !atomic_compare_exchange_weak_explicit(&self.peak_bytes, &peak, live,
				      memory_order_relaxed, memory_order_relaxed))
		;
	look_at_mark(live);
}

/* Another thread may come at any moment, so the sum is only ever added to. */
static void tell(struct thread *thread)
{
	int64_t bytes = thread->unsettled;

	/* First: a dump that comes in between must not find the same bytes twice. */
	atomic_store_explicit(&thread->highest, 0, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	thread->unsettled = 0;
	atomic_fetch_add_explicit(&self.live_bytes, bytes, memory_order_relaxed);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The most that can be unsettled without anybody having to know. Of one of several threads nobody
 * has to know before it tells; and once there are several, what was found for one is less. */
static int64_t notice(void)
{
	int64_t live = atomic_load_explicit(&self.live_bytes, memory_order_relaxed);
	int64_t most = live + THREAD_SETTLE - 1;

	if (is_alone())
		most = least(most, atomic_load_explicit(&self.mark, memory_order_relaxed) - 1);
	return most - live;
}

/* More than there can be live; a thread that says so was written over. */
static bool cannot_be(int64_t bytes)
{
	const int64_t most = (int64_t)1 << BLOCKS_ADDRESS_BITS;

	return bytes > most || bytes < -most;
}

void thread_settle(struct thread *thread)
{
	if (cannot_be(thread->unsettled) || cannot_be(thread->highest)) {
		self.astray = true;
		thread->unsettled = thread->highest = 0;
	}
	live_is(is_alone() ? highest(thread) : latest(thread));
	if (thread->unsettled >= THREAD_SETTLE || thread->unsettled <= -THREAD_SETTLE)
		tell(thread);
	thread->notice = notice();
	atomic_store_explicit(&thread->highest, thread->unsettled, memory_order_relaxed);
}
