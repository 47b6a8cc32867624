#include "store.h"
#include "clock.h"
#include "crowd.h"
#include "lock.h"
#include "storefile.h"
#include "sys.h"

/* The first chunk serves a small program whole; untouched pages of it cost nothing. */
#define CHUNK_FIRST ((size_t)4 << 20)
/* Growing by a quarter keeps the number of chunks, each of which may be a mapping, far below
 * vm.max_map_count (65,530), and the unused tail small. */
#define CHUNK_SHARE 4
#define CHUNK_STEP ((size_t)2 << 20)
#define ALIGNMENT ((size_t)64)
#define PAGE ((size_t)4096)
/* So much of a lane that grows is filled in at once, */
#define FILL_AHEAD (8 * PAGE)
/* and of the first chunk: the first thread's slot and the first segments of the lanes. */
#define FILL_FIRST (24 * PAGE)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

static struct {
	/* Under locks()->pages; start is written last, the count after it. */
	struct store_chunk chunk[STORE_CHUNKS];
	_Atomic unsigned count;
	size_t used; /* of the last chunk */
	size_t total;
	_Atomic uint64_t refused;
} self;

static size_t round_up(size_t size, size_t step)
{
	return (size + step - 1) / step * step;
}

static size_t chunk_size(size_t wanted)
{
	size_t size = self.total ? round_up(self.total / CHUNK_SHARE, CHUNK_STEP) : CHUNK_FIRST;

	return size > wanted ? size : round_up(wanted, CHUNK_STEP);
}

/* A mapping of ours must not melt into one of the program's: the kernel merges neighbours that
 * are alike, so ours are marked as read at random, which is true and costs nothing. And tables that
 * lie scattered must not be made whole by huge pages, where the system has them always. */
static void *chunk_map_anonymous(size_t size)
{
	void *memory = sys_mmap_anonymous(size, PROT_READ | PROT_WRITE, MAP_NORESERVE);

	if (!memory)
		return NULL;
	sys_madvise(memory, size, MADV_RANDOM);
	sys_madvise(memory, size, MADV_NOHUGEPAGE);
	storefile_outside((uintptr_t)memory, size);
	return memory;
}

static void *chunk_map(size_t size)
{
	void *memory = storefile_map(size);

	return memory ? memory : chunk_map_anonymous(size);
}

static bool chunk_add(size_t wanted)
{
	size_t size = chunk_size(wanted);
	void *memory;

	if (self.count == STORE_CHUNKS)
		return false;
	memory = chunk_map(size);
	if (!memory) { /* near a limit: take just what is needed */
		size = round_up(wanted, PAGE);
		memory = chunk_map(size);
	}
	if (!memory)
		return false;
	if (!self.count)
		store_fill(memory, size < FILL_FIRST ? size : FILL_FIRST);
	self.chunk[self.count] = (struct store_chunk){(uintptr_t)memory, size};
	self.used = 0;
	self.total += size;
	atomic_store_explicit(&self.count, self.count + 1, memory_order_release);
	return true;
}

/* How much of the last chunk is used, with what the next piece's alignment leaves free. */
static size_t used(size_t alignment)
{
	return round_up(self.used, alignment);
}

static bool fits(size_t size, size_t alignment)
{
	size_t room = self.count > 0 ? self.chunk[self.count - 1].size : 0;

	return room >= size && room - size >= used(alignment);
}

static void *take(size_t size, size_t alignment)
{
	void *memory;

	if (!fits(size, alignment) && !chunk_add(size))
		return NULL;
	memory = (char *)self.chunk[self.count - 1].start + used(alignment);
	self.used = used(alignment) + size;
	return memory;
}

static void tell_time(void)
{
	struct clock_pair now;

	if (!storefile_is())
		return;
	now = clock_read();
	storefile_clock(&(struct vmatlas_instant){now.ticks, now.realtime_ns, now.monotonic_ns});
}

static void *take_aligned(size_t size, size_t alignment)
{
	struct held held;
	void *memory = NULL;

	if (storefile_wanted())
		store_move();
	tell_time();
	if (lock_take(&locks()->pages, &held)) {
		memory = take(round_up(size, ALIGNMENT), alignment);
		lock_release(&held);
	}
	if (!memory)
		atomic_fetch_add_explicit(&self.refused, 1, memory_order_relaxed);
	return memory;
}

void *store_take(size_t size)
{
	return take_aligned(size, ALIGNMENT);
}

void *store_take_pages(size_t size)
{
	return take_aligned(size, PAGE);
}

static void fill(const void *start, size_t size, int how)
{
	uintptr_t first = (uintptr_t)start & ~(uintptr_t)(PAGE - 1);

	sys_madvise((void *)first, round_up((uintptr_t)start + size - first, PAGE), how);
}

void store_fill(const void *start, size_t size)
{
	fill(start, size, MADV_POPULATE_WRITE);
}

void store_fill_code(const void *start, size_t size)
{
	fill(start, size, MADV_POPULATE_READ);
}

void *store_take_whole(size_t size)
{
	void *memory = store_take(size);

	if (memory && size > PAGE)
		store_fill(memory, size);
	return memory;
}

/* -- Into a file ---------------------------------------------------------------------------- */

static int move(void)
{
	struct storefile_range chunk[STORE_CHUNKS];
	size_t used[STORE_CHUNKS];
	struct held held;
	int error = EAGAIN;

	if (!lock_take(&locks()->pages, &held))
		return error;
	for (unsigned i = 0; i < self.count; i++) {
		chunk[i] = (struct storefile_range){self.chunk[i].start, self.chunk[i].size};
		used[i] = i + 1 < self.count ? self.chunk[i].size : self.used;
	}
	error = storefile_open(chunk, used, self.count);
	lock_release(&held);
	return error;
}

/* Another thread could write to a page between its copy and its move, as could we on a stack in the
 * store. */
void store_move(void)
{
	if (!storefile_wanted() || crowd_threads() != 1 ||
		store_owns((uintptr_t)__builtin_frame_address(0)))
		return;
	if (!move())
		storefile_tell();
}

/* -- Lanes ---------------------------------------------------------------------------------- */

static bool segment_ready(struct lane *lane, unsigned segment)
{
	char *memory;

	if (segment >= LANE_SEGMENTS)
		return false;
	if (lane->segment[segment])
		return true;
	memory = store_take(lane_segment_length(segment) * lane->record_size);
	atomic_store_explicit(&lane->segment[segment], memory, memory_order_release);
	return memory != NULL;
}

/* A segment is as long as all before it: less than half of what is filled in may stay unused. */
static void fill_ahead(const struct lane *lane, uint32_t index)
{
	unsigned segment = lane_segment(index);
	size_t start = (index - lane_segment_start(segment)) * lane->record_size;
	size_t end = lane_segment_length(segment) * lane->record_size;

	if (end > PAGE && start % FILL_AHEAD < lane->record_size)
		store_fill(lane->segment[segment] + start,
			end - start < FILL_AHEAD ? end - start : FILL_AHEAD);
}

uint32_t store_reserve(struct lane *lane, uint32_t limit)
{
	uint32_t count = atomic_load_explicit(&lane->count, memory_order_relaxed);

	if (count >= limit || !segment_ready(lane, lane_segment(count)))
		return 0;
	fill_ahead(lane, count);
	return count + 1;
}

uint32_t store_append(struct lane *lane, uint32_t limit)
{
	uint32_t id = store_reserve(lane, limit);

	if (id)
		lane_publish(lane, id);
	return id;
}

unsigned store_chunks(struct store_chunk *chunks, unsigned capacity)
{
	unsigned count = atomic_load_explicit(&self.count, memory_order_acquire);

	if (count > capacity)
		count = capacity;
	for (unsigned i = 0; i < count; i++)
		chunks[i] = self.chunk[i];
	return count;
}

uint64_t store_refused(void)
{
	return atomic_load_explicit(&self.refused, memory_order_relaxed);
}

bool store_owns(uintptr_t address)
{
	unsigned count = atomic_load_explicit(&self.count, memory_order_acquire);

	for (unsigned i = 0; i < count; i++) {
		if (address - self.chunk[i].start < self.chunk[i].size)
			return true;
	}
	return false;
}
