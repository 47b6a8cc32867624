#include "held.h"
#include "peek.h"

#include "core/trim.h"

enum {
	PAGE = 4096,
	/* Looks at most, of a page each: 60 ms. What was not looked at passes for free, and is
	 * counted. */
	LOOKS_MOST = 60000,
	RANGES_MOST = 65536,
	CHUNK_IN_USE_BEFORE = 1,
	CHUNK_FLAGS = 7,
	/* Chunks up to this size may be in a list that malloc_trim empties (set_max_fast,
	 * malloc/malloc.c: 128 bytes of 64-bit systems, and the header). */
	FAST_MOST = 128 + 16,
	/* struct tcache_perthread_struct: 64 counts, 64 lists; since glibc 2.30. */
	CACHE_LISTS = 64,
	CACHE_CHUNK = 0x290,
};

/* A chunk as it lies there; the last two words are the cache's while it holds the block. */
struct chunk {
	uint64_t before, size;
	uint64_t next, key;
};

struct held {
	const struct view *view;
	struct blocks_cursor cursor;
	uint32_t ranges, looks;
	uint64_t missed;
	uint64_t key; /* what a cached block has in its second word, 0 unknown */

	/* What was read last. */
	uint64_t from, length;
	union {
		uint8_t byte[PAGE];
		uint64_t word[PAGE / 8];
	} page;
	struct view_range range[RANGES_MOST];
};

size_t held_memory(void)
{
	return sizeof(struct held);
}

struct held *held_begin(void *memory, const struct view *view)
{
	struct held *held = memory;

	held->view = view;
	return held;
}

/* -- Reading -------------------------------------------------------------------------------- */

/* The rest of the page, so that its neighbours are at hand. */
static bool load(struct held *held, uint64_t address, uint64_t size)
{
	uint64_t rest = PAGE - address % PAGE;

	held->length = rest < size ? size : rest;
	held->from = address;
	if (held->looks == LOOKS_MOST) {
		held->missed++;
		return false;
	}
	held->looks++;
	if (peek(held->view, address, held->page.byte, held->length))
		return true;
	held->length = 0;
	return false;
}

static const uint64_t *words_at(struct held *held, uint64_t address, uint64_t size)
{
	if ((address < held->from || address + size > held->from + held->length) &&
		!load(held, address, size))
		return NULL;
	return &held->page.word[(address - held->from) / 8];
}

static bool read_chunk(struct held *held, uint64_t at, struct chunk *chunk)
{
	const uint64_t *words = words_at(held, at, sizeof *chunk);

	if (!words)
		return false;
	*chunk = (struct chunk){words[0], words[1], words[2], words[3]};
	return true;
}

static uint64_t size_of(const struct chunk *chunk)
{
	return chunk->size & ~(uint64_t)CHUNK_FLAGS;
}

/* -- The caches' key ------------------------------------------------------------------------ */

/* All threads have the same since glibc 2.34; the cache of the main thread, or of the first one to
 * use an arena, is the heap's first chunk. */
static void find_key(struct held *held, uint64_t heap)
{
	struct chunk chunk;

	if (held->key || !read_chunk(held, heap, &chunk) || size_of(&chunk) != CACHE_CHUNK)
		return;
	for (unsigned i = 0; i < CACHE_LISTS && !held->key; i++) {
		const uint64_t *first =
			words_at(held, heap + 16 + 2 * CACHE_LISTS + 8 * i, sizeof *first);
		uint64_t block = first ? *first : 0;

		if (block % 16 == 0 && block && read_chunk(held, block - 16, &chunk))
			held->key = chunk.key;
	}
}

/* -- One gap -------------------------------------------------------------------------------- */

static void add(struct held *held, uint64_t start, uint64_t end)
{
	struct view_range *last = held->ranges ? &held->range[held->ranges - 1] : NULL;

	if (last && last->end == start)
		last->end = end;
	else if (held->ranges < RANGES_MOST)
		held->range[held->ranges++] = (struct view_range){start, end};
	else
		held->missed++;
}

static bool is_held(const struct held *held, const struct chunk *chunk)
{
	return size_of(chunk) > FAST_MOST || (held->key && chunk->key == held->key);
}

/* From chunk to chunk; whether one is in use, the next one says. What has no such shape ends the
 * walk, and so does what cannot be read: behind the brk heap's topmost chunk is nothing. */
static void walk(struct held *held, uint64_t from, uint64_t to)
{
	struct chunk chunk, next;

	if (!read_chunk(held, from, &chunk))
		return;
	while (from < to) {
		uint64_t size = size_of(&chunk);

		if (size < TRIM_LEAST || size % 16 || size > to - from ||
			!read_chunk(held, from + size, &next))
			return;
		if (next.size & CHUNK_IN_USE_BEFORE && is_held(held, &chunk))
			add(held, from, from + size);
		from += size;
		chunk = next;
	}
}

/* Where no page would be given back anyway, nobody needs to know. */
static void search_gap(struct held *held, uint64_t from, uint64_t to)
{
	uint64_t start, end;

	if (from >= to)
		return;
	trim_free_chunk(from, to, PAGE, &start, &end);
	if (start < end)
		walk(held, from, to);
}

/* -- A heap --------------------------------------------------------------------------------- */

void held_search(struct held *held, uint64_t first, uint64_t end, uint64_t top)
{
	struct blocks_tables tables = view_tables(held->view);
	uint64_t from = first;
	struct block block;

	find_key(held, first);
	blocks_begin(&held->cursor, held->view->blocks, &tables);
	held->cursor.window = blocks_window(first);
	while (blocks_next(&held->cursor, &block) && block.address < end) {
		if (block.address < first + TRIM_HEADER)
			continue;
		search_gap(held, from, block.address - TRIM_HEADER);
		from = trim_chunk_end(block.address, block.size);
	}
	search_gap(held, from, top);
}

const struct view_range *held_found(const struct held *held, uint32_t *count)
{
	*count = held->ranges;
	return held->range;
}

uint64_t held_missed(const struct held *held)
{
	return held->missed;
}
