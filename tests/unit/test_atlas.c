/* A process that never was, whose right answers are found here byte by byte and page by page, in
 * the plainest way, and compared with what one pass over runs and blocks finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "atlas.h"
#include "dice.h"
#include "table.h"

enum {
	PAGE = 4096,
	MAPPINGS = 32,
	MOST_PAGES = 64,
	BLOCKS = 20000,
	STACKS = 20,
	TEXT = 8 << 20,
	SHARES = 512, /* blocks on one page that the oracle remembers */
};
#define BASE 0x7f5500000000ull

/* -- The world ------------------------------------------------------------------------------ */

struct mapping {
	uint64_t start;
	unsigned pages;
	const char *perms, *name;
	bool blocks; /* the allocator puts some here */
	bool grows_down;
	uint8_t state[MOST_PAGES]; /* enum view_page */
};

struct chunk {
	uint64_t address, size;
	uint32_t stack; /* frame number, from 1 */
};

static struct world {
	struct mapping mapping[MAPPINGS];
	unsigned mappings;
	struct chunk chunk[BLOCKS];
	unsigned chunks;
	char *smaps; /* the text */
	size_t length, read;
	int error; /* what reading gives at its end */
	size_t runs_step;
	bool unknown; /* the kernel does not say which pages are there */
} world;

static struct vmatlas_frame frames[STACKS];
static struct vmatlas_origin origins[STACKS];
static struct vmatlas_moment moments[1] = {{5, 1, 1}};
static struct vmatlas_birth births[1] = {{BASE, BASE + PAGE}};
static struct vmatlas_thread threads[4];
static struct vmatlas_region regions[4];
static struct vmatlas_weight weights[1];
static struct lane weight_lane, frame_lane, origin_lane, moment_lane, birth_lane, thread_lane,
	region_lane;
static struct bigs_stock stock;
static struct view view;
static struct atlas atlas;
static void *memory;

static ssize_t read_smaps(void *context, void *buffer, size_t size)
{
	size_t rest = world.length - world.read;

	(void)context;
	if (!rest)
		return -world.error;
	size = size < rest ? size : rest;
	memcpy(buffer, world.smaps + world.read, size);
	world.read += size;
	return (ssize_t)size;
}

static int rewind_smaps(void *context)
{
	(void)context;
	world.read = 0;
	return 0;
}

static const struct mapping *mapping_at(uint64_t address)
{
	for (unsigned i = 0; i < world.mappings; i++) {
		if (address - world.mapping[i].start < world.mapping[i].pages * (uint64_t)PAGE)
			return &world.mapping[i];
	}
	return NULL;
}

static uint32_t state_at(uint64_t address)
{
	const struct mapping *mapping = mapping_at(address);

	return mapping ? mapping->state[(address - mapping->start) / PAGE] : 0;
}

static size_t give_runs(
	void *context, uint64_t *from, uint64_t end, struct view_run *runs, size_t capacity)
{
	size_t count = 0;

	(void)context;
	if (world.unknown) {
		*from = UINT64_MAX;
		return 0;
	}
	capacity = capacity < world.runs_step ? capacity : world.runs_step;
	for (; *from < end; *from += PAGE) {
		uint32_t state = state_at(*from);

		if (!state)
			continue;
		if (count && runs[count - 1].end == *from && runs[count - 1].state == state) {
			runs[count - 1].end += PAGE;
			continue;
		}
		if (count == capacity)
			break;
		runs[count++] = (struct view_run){*from, *from + PAGE, state};
	}
	return count;
}

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	world.length +=
		(size_t)vsnprintf(world.smaps + world.length, TEXT - world.length, format, list);
	va_end(list);
}

static uint64_t present(const struct mapping *mapping)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < mapping->pages; i++)
		bytes += mapping->state[i] & VIEW_PRESENT ? PAGE : 0;
	return bytes;
}

static void say_mapping(const struct mapping *mapping)
{
	say("%llx-%llx %s 00000000 %s                 %s\n", (unsigned long long)mapping->start,
		(unsigned long long)mapping->start + mapping->pages * PAGE, mapping->perms,
		*mapping->name == '/' ? "08:01 77" : "00:00 0", mapping->name);
	say("Size: %d kB\nRss: %llu kB\nPss: %llu kB\nSwap: 4 kB\nVmFlags: rd wr mr mw me%s\n",
		mapping->pages * 4, (unsigned long long)present(mapping) / 1024,
		(unsigned long long)present(mapping) / 2048,
		mapping->grows_down ? " gd ac" : " ac");
}

static struct mapping *add(uint64_t start, unsigned pages, const char *perms, const char *name)
{
	struct mapping *mapping = &world.mapping[world.mappings++];

	*mapping = (struct mapping){.start = start, .pages = pages, .perms = perms, .name = name};
	return mapping;
}

static void put(uint64_t address, uint64_t size, uint32_t stack)
{
	struct table_birth birth = {address, size, 5, stack, size % 2 ? 1 : 0, 1, 1};
	struct table_taken replaced;

	world.chunk[world.chunks++] = (struct chunk){address, size, stack};
	assert_true(table_put(&stock, &birth, &replaced) && !replaced.word);
}

static void take_all(void)
{
	struct table_taken taken;

	for (unsigned i = 0; i < world.chunks; i++) {
		table_take(world.chunk[i].address, &taken);
		assert_true(taken.word);
		table_forget(&stock, &taken);
	}
}

static int make_with_room(uint32_t room)
{
	size_t size = atlas_memory(&view, room);

	free(memory);
	memory = calloc(1, size);
	return atlas_make(&atlas, &view, memory, size, room);
}

static int make(void)
{
	world.length = 0;
	for (unsigned i = 0; i < world.mappings; i++)
		say_mapping(&world.mapping[i]);
	return make_with_room(MAPPINGS + 8);
}

static int set_up_once(void **state)
{
	(void)state;
	world.smaps = malloc(TEXT);
	lane_over(&frame_lane, frames, STACKS, sizeof frames[0]);
	lane_over(&origin_lane, origins, STACKS, sizeof origins[0]);
	lane_over(&weight_lane, weights, 1, sizeof weights[0]);
	lane_over(&moment_lane, moments, 1, sizeof moments[0]);
	lane_over(&birth_lane, births, 1, sizeof births[0]);
	lane_over(&thread_lane, threads, 4, sizeof threads[0]);
	lane_over(&region_lane, regions, 4, sizeof regions[0]);
	for (uint32_t i = 0; i < STACKS; i++)
		origins[i] = (struct vmatlas_origin){i + 1, 1, i * 10, i * 1000};
	table_boot(true, false);
	return 0;
}

static int set_up(void **state)
{
	char *smaps = world.smaps;

	(void)state;
	memset(&world, 0, sizeof world);
	memset(threads, 0, sizeof threads);
	memset(regions, 0, sizeof regions);
	world.smaps = smaps;
	world.runs_step = 1000;
	view = (struct view){
		.page_size = PAGE,
		.blocks = table_blocks(),
		.frames = &frame_lane,
		.origins = &origin_lane,
		.moments = &moment_lane,
		.births = &birth_lane,
		.bigs = table_bigs(),
		.threads = &thread_lane,
		.regions = &region_lane,
		.glibc = true,
		.smaps_read = read_smaps,
		.smaps_rewind = rewind_smaps,
		.runs = give_runs,
	};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	take_all();
	return 0;
}

/* -- The oracle ----------------------------------------------------------------------------- */

/* All blocks, by their addresses; the order in which they were put. */
struct page_facts {
	uint64_t live;          /* bytes */
	unsigned touching;      /* blocks that do not fill the page */
	uint32_t stack[SHARES]; /* theirs, in the order of addresses */
};

static void look_at_page(uint64_t page, struct page_facts *facts)
{
	facts->live = 0;
	facts->touching = 0;
	for (unsigned i = 0; i < world.chunks; i++) {
		const struct chunk *chunk = &world.chunk[i];
		uint64_t start = chunk->address > page ? chunk->address : page;
		uint64_t end = chunk->address + chunk->size;

		end = end < page + PAGE ? end : page + PAGE;
		if (start > end || (start == end && chunk->size) || start >= page + PAGE)
			continue;
		facts->live += end - start;
		if (end - start < PAGE)
			facts->stack[facts->touching++] = chunk->stack;
	}
}

static uint64_t pinned_of[STACKS + 1];

static uint64_t share_page(const struct page_facts *facts)
{
	uint64_t retained = PAGE - facts->live;

	if (!facts->touching)
		return 0;
	for (unsigned i = 0; i < facts->touching; i++)
		pinned_of[facts->stack[i]] += retained / facts->touching;
	pinned_of[facts->stack[0]] += retained % facts->touching;
	return retained;
}

/* malloc_trim(0) in words (malloc/malloc.c): the free memory between two blocks' chunks begins
 * where the lower chunk ends and needs 48 bytes for its links; a page of it is given back when it
 * lies between these and the header of the upper block. At the top of the heap 33 bytes stay. */
static bool is_given_back(const struct mapping *mapping, uint64_t page)
{
	uint64_t from = mapping->start, to = mapping->start + mapping->pages * (uint64_t)PAGE;
	bool top = true;

	for (unsigned i = 0; i < world.chunks; i++) {
		const struct chunk *chunk = &world.chunk[i];
		uint64_t needs = chunk->size + 8 < 32 ? 32 : (chunk->size + 8 + 15) / 16 * 16;

		if (mapping_at(chunk->address) != mapping)
			continue;
		if (chunk->address - 16 < page + PAGE && chunk->address - 16 + needs > page)
			return false;
		if (chunk->address < page && chunk->address - 16 + needs > from)
			from = chunk->address - 16 + needs;
		top = top && chunk->address < page;
	}
	return top ? to > page && page >= from + 33 : page >= from + 48;
}

static void assert_trimmable(const struct mapping *mapping, const struct atlas_mapping *found)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < mapping->pages; i++) {
		uint64_t page = mapping->start + (uint64_t)i * PAGE;

		if (mapping->state[i] & VIEW_PRESENT && is_given_back(mapping, page))
			bytes += PAGE;
	}
	assert_int_equal(found->trimmable, bytes);
}

static void assert_pages(const struct mapping *mapping, const struct atlas_mapping *found)
{
	static struct page_facts facts;
	uint64_t live = 0, pinned = 0;

	for (unsigned i = 0; i < mapping->pages; i++) {
		if (!(mapping->state[i] & VIEW_PRESENT))
			continue;
		look_at_page(mapping->start + (uint64_t)i * PAGE, &facts);
		live += facts.live;
		pinned += share_page(&facts);
	}
	assert_int_equal(found->rss, present(mapping));
	assert_int_equal(found->live_resident, live);
	if (!mapping->blocks)
		return;
	assert_int_equal(found->pinned, pinned);
	assert_int_equal(found->retained, present(mapping) - live);
	if (*mapping->name == '[')
		assert_trimmable(mapping, found);
	else if (found->kind == KIND_MALLOC_MMAP)
		assert_int_equal(found->trimmable, 0);
	else
		assert_int_equal(found->trimmable, present(mapping) - live - pinned);
}

/* Bytes of the chunk in the mapping, if all before it is mapped, too. */
static uint64_t part_in(const struct chunk *chunk, const struct mapping *mapping)
{
	uint64_t end = chunk->address + chunk->size, bytes = 0;

	for (uint64_t at = chunk->address; at < end && mapping_at(at);) {
		uint64_t next = (at / PAGE + 1) * PAGE;

		if (next > end)
			next = end;
		if (mapping_at(at) == mapping)
			bytes += next - at;
		at = next;
	}
	return bytes;
}

static void assert_blocks(const struct mapping *mapping, const struct atlas_mapping *found)
{
	uint64_t blocks = 0, bytes = 0, largest = 0, smallest = UINT64_MAX;

	for (unsigned i = 0; i < world.chunks; i++) {
		const struct chunk *chunk = &world.chunk[i];

		bytes += part_in(chunk, mapping);
		if (mapping_at(chunk->address) != mapping)
			continue;
		blocks++;
		largest = chunk->size > largest ? chunk->size : largest;
		smallest = chunk->size < smallest ? chunk->size : smallest;
	}
	assert_int_equal(found->live_blocks, blocks);
	assert_int_equal(found->live_bytes, bytes);
	assert_int_equal(found->largest, largest);
	assert_int_equal(found->smallest, blocks ? smallest : 0);
}

static const struct atlas_stack *stack_of(uint32_t frame)
{
	for (uint32_t i = 0; i < atlas.stacks; i++) {
		if (atlas.stack[i].frame == frame)
			return &atlas.stack[i];
	}
	return NULL;
}

static void assert_stack(uint32_t frame)
{
	const struct atlas_stack *stack = stack_of(frame);
	uint64_t blocks = 0, bytes = 0, resident = 0;

	assert_non_null(stack);
	for (unsigned i = 0; i < world.chunks; i++) {
		const struct chunk *chunk = &world.chunk[i];

		if (chunk->stack != frame)
			continue;
		blocks++;
		bytes += chunk->size;
		for (uint64_t at = chunk->address; at < chunk->address + chunk->size;) {
			uint64_t next = (at | (PAGE - 1)) + 1;

			next = next < chunk->address + chunk->size ? next
								   : chunk->address + chunk->size;
			resident += state_at(at) & VIEW_PRESENT ? next - at : 0;
			at = next;
		}
	}
	assert_int_equal(stack->live_blocks, blocks);
	assert_int_equal(stack->live_bytes, bytes);
	assert_int_equal(stack->live_resident, resident);
	assert_int_equal(stack->pinned, pinned_of[frame]);
	assert_int_equal(stack->allocations, origins[frame - 1].allocations);
	assert_int_equal(stack->allocated_bytes, origins[frame - 1].allocated_bytes);
}

static void assert_order(void)
{
	for (uint32_t i = 0; i < atlas.stacks; i++) {
		assert_int_equal(atlas.stack[i].rank, i + 1);
		assert_int_equal(atlas.stack_of[atlas.stack[i].frame], i + 1);
		assert_true(!i || atlas.stack[i - 1].live_bytes >= atlas.stack[i].live_bytes);
	}
}

static void assert_ledger(void)
{
	uint64_t rows = 0, rss = 0;

	for (int i = 0; i < ATLAS_ROWS; i++)
		rows += atlas.row[i];
	for (unsigned i = 0; i < world.mappings; i++)
		rss += present(&world.mapping[i]);
	assert_int_equal(atlas.rss, rss);
	assert_int_equal(rows, rss);
	assert_true(
		atlas.pinned + atlas.trimmable <= atlas.row[ATLAS_RETAINED] || !atlas.pages_known);
}

static void assert_all(void)
{
	memset(pinned_of, 0, sizeof pinned_of);
	assert_int_equal(atlas.mappings, world.mappings);
	for (unsigned i = 0; i < world.mappings; i++) {
		const struct mapping *mapping = &world.mapping[i];
		const struct atlas_mapping *found = atlas_find(&atlas, mapping->start);

		assert_ptr_equal(found, &atlas.mapping[i]);
		assert_pages(mapping, found);
		assert_blocks(mapping, found);
	}
	for (uint32_t frame = 1; frame <= STACKS; frame++)
		assert_stack(frame);
	assert_order();
	assert_ledger();
	assert_int_equal(atlas.damaged, 0);
	assert_int_equal(atlas.unplaced, 0);
	assert_int_equal(atlas.live_blocks, world.chunks);
}

/* -- Random worlds -------------------------------------------------------------------------- */

static void fill_states(struct mapping *mapping, struct dice *dice)
{
	static const uint8_t states[] = {0, 0, VIEW_PRESENT, VIEW_PRESENT, VIEW_PRESENT | VIEW_HUGE,
		VIEW_SWAPPED, VIEW_ZERO};

	for (unsigned i = 0; i < mapping->pages; i++)
		mapping->state[i] = i && dice_below(dice, 2) ? mapping->state[i - 1]
							     : states[dice_below(dice, 7)];
}

static uint64_t block_size(struct dice *dice)
{
	switch (dice_below(dice, 10)) {
	case 0:
		return 0;
	case 1:
		return dice_below(dice, 5 * PAGE);
	case 2:
		return PAGE * (1 + dice_below(dice, 4));
	default:
		return dice_below(dice, 300);
	}
}

/* As glibc would: at least 32 bytes apart, at multiples of 16, some at the start of a page. */
static void fill_blocks(const struct mapping *mapping, struct dice *dice)
{
	uint64_t at = mapping->start + 16 * dice_below(dice, 3);
	uint64_t end = mapping->start + mapping->pages * (uint64_t)PAGE;

	while (at + 5 * PAGE + 64 < end) {
		uint64_t size = block_size(dice);

		if (dice_below(dice, 4)) {
			put(at, size, 1 + (uint32_t)dice_below(dice, STACKS));
			at += (size + 8 + 31) / 16 * 16;
		} else {
			at += 32 + (dice_below(dice, 3) ? 16 * dice_below(dice, 20)
							: 16 * dice_below(dice, 700));
		}
		if (dice_below(dice, 12) == 0)
			at = (at + PAGE - 1) / PAGE * PAGE;
	}
}

static void random_world(struct dice *dice)
{
	static const char *const names[] = {"", "", "", "/lib/libx.so", "[heap]"};
	uint64_t at = BASE;

	for (unsigned i = 0; i < 12; i++) {
		const char *name = names[dice_below(dice, i == 3 ? 5 : 4)];
		struct mapping *mapping =
			add(at, 1 + (unsigned)dice_below(dice, MOST_PAGES - 1), "rw-p", name);

		fill_states(mapping, dice);
		mapping->blocks = *name != '/' && dice_below(dice, 4);
		if (mapping->blocks) {
			unsigned before = world.chunks;

			fill_blocks(mapping, dice);
			mapping->blocks = world.chunks > before || *name == '[';
		}
		at += (mapping->pages + dice_below(dice, 3)) * (uint64_t)PAGE;
	}
	world.runs_step = 1 + dice_below(dice, 70);
}

static void random_processes_are_added_up_right(void **state)
{
	struct dice dice = {20261122};

	for (int round = 0; round < 60; round++) {
		set_up(state);
		random_world(&dice);
		assert_int_equal(make(), 0);
		assert_all();
		take_all();
	}
	world.chunks = 0;
}

/* -- Cases ---------------------------------------------------------------------------------- */

static struct mapping *present_mapping(
	uint64_t start, unsigned pages, const char *perms, const char *name)
{
	struct mapping *mapping = add(start, pages, perms, name);

	memset(mapping->state, VIEW_PRESENT, pages);
	return mapping;
}

static void a_block_across_mappings_is_live_in_each(void **state)
{
	(void)state;
	present_mapping(BASE, 4, "rw-p", "")->blocks = true;
	present_mapping(BASE + 4 * PAGE, 4, "r-xp", "")->blocks = true;
	present_mapping(BASE + 8 * PAGE, 4, "---p", "")->blocks = true;
	present_mapping(BASE + 12 * PAGE, 4, "rw-p", "")->blocks = true;
	present_mapping(BASE + 20 * PAGE, 4, "rw-p", "");
	put(BASE + 16, 14 * PAGE, 3);
	put(BASE + 16 + 14 * PAGE + 48, 100, 4);
	assert_int_equal(make(), 0);
	assert_all();
	assert_int_equal(atlas.row[ATLAS_LIVE], 14 * PAGE + 100);
	assert_int_equal(atlas.row[ATLAS_RETAINED], 2 * PAGE - 100);
	assert_int_equal(atlas.row[ATLAS_UNEXPLAINED], 4 * PAGE);
	assert_int_equal(atlas.part[atlas.mapping[1].part].spanned, 4 * PAGE);
	assert_int_equal(atlas.mapping[2].owner, ATLAS_OWNER_ALLOCATOR);
}

static void a_block_past_its_mapping_ends_with_it_where_nothing_follows(void **state)
{
	(void)state;
	present_mapping(BASE, 4, "rw-p", "")->blocks = true;
	present_mapping(BASE + 5 * PAGE, 4, "rw-p", "");
	put(BASE + 16, 14 * PAGE, 3);
	assert_int_equal(make(), 0);
	assert_int_equal(atlas.mapping[0].live_resident, 4 * PAGE - 16);
	assert_int_equal(atlas.mapping[1].live_resident, 0);
	assert_int_equal(atlas.mapping[1].owner, ATLAS_OWNER_NONE);
	assert_ledger();
}

static void a_size_that_no_memory_has_is_damage(void **state)
{
	(void)state;
	present_mapping(BASE, 4, "rw-p", "")->blocks = true;
	present_mapping(BASE + 4 * PAGE, 4, "rw-p", "");
	put(BASE + 64, 100, 3);
	put(BASE + 16, UINT64_MAX - 100, 3);
	world.chunks--; /* it cannot be taken out again */
	assert_int_equal(make(), 0);
	assert_int_equal(atlas.damaged, 1);
	assert_int_equal(atlas.mapping[0].live_blocks, 1);
	assert_int_equal(atlas.mapping[0].live_resident, 100);
	assert_int_equal(atlas.live_bytes, 100);
	assert_ledger();
}

/* In a leaf of their own, which has all planes. */
static void more_blocks_than_are_remembered_share_a_page(void **state)
{
	const uint64_t start = BASE + ((uint64_t)1 << BLOCKS_LEAF_SPAN_BITS);

	(void)state;
	present_mapping(start, 1, "rw-p", "")->blocks = true;
	table_boot(false, false);
	for (unsigned i = 0; i < PAGE / 8; i++)
		put(start + i * 8, 7, 1 + i % 2);
	assert_int_equal(make(), 0);
	assert_int_equal(atlas.mapping[0].live_resident, 7 * PAGE / 8);
	assert_int_equal(atlas.mapping[0].pinned, PAGE / 8);
	assert_int_equal(stack_of(1)->pinned + stack_of(2)->pinned, PAGE / 8);
	take_all();
	table_boot(true, false);
	world.chunks = 0;
}

static void kinds_follow_from_the_blocks_within(void **state)
{
	const uint64_t arena = 0x7f5640000000;

	(void)state;
	present_mapping(BASE, 60, "rw-p", "")->blocks = true;            /* one large block */
	present_mapping(BASE + 61 * PAGE, 8, "rw-p", "")->blocks = true; /* small ones */
	present_mapping(BASE + 70 * PAGE, 8, "rw-p", "");
	present_mapping(arena, 33, "rw-p", "")->blocks = true;
	add(arena + 33 * PAGE, (64 << 20) / PAGE - 33, "---p", "");
	put(BASE + 16, 200000, 1);
	put(BASE + 61 * PAGE + 16, 100, 2);
	put(arena + 0x8d0, 100, 2);
	assert_int_equal(make(), 0);
	assert_int_equal(atlas.mapping[0].kind, KIND_MALLOC_MMAP);
	assert_int_equal(atlas.mapping[1].kind, KIND_ANON);
	assert_int_equal(atlas.mapping[1].owner, ATLAS_OWNER_ALLOCATOR);
	assert_int_equal(atlas.mapping[2].owner, ATLAS_OWNER_NONE);
	assert_int_equal(atlas.mapping[3].kind, KIND_ARENA);
	assert_int_equal(atlas.mapping[4].kind, KIND_RESERVE);
	assert_ledger();
	view.glibc = false;
	assert_int_equal(make(), 0);
	assert_int_equal(atlas.mapping[0].kind, KIND_ANON);
	assert_int_equal(atlas.mapping[3].kind, KIND_ANON);
	assert_int_equal(atlas.mapping[3].owner, ATLAS_OWNER_ALLOCATOR);
	assert_ledger();
}

static void stacks_and_guards_are_their_threads(void **state)
{
	(void)state;
	add(BASE, 1, "---p", "");
	present_mapping(BASE + PAGE, 8, "rw-p", "");
	present_mapping(BASE + 20 * PAGE, 8, "rw-p", "");
	present_mapping(BASE + 40 * PAGE, 8, "rw-p", "[heap]")->blocks = true;
	threads[0] = (struct vmatlas_thread){
		.tid = 5, .started = 1, .stack_start = BASE + PAGE, .stack_end = BASE + 9 * PAGE};
	threads[1] = (struct vmatlas_thread){.tid = 6,
		.started = 1,
		.ended = 2,
		.stack_start = BASE + 20 * PAGE,
		.stack_end = BASE + 28 * PAGE};
	threads[2] = (struct vmatlas_thread){.tid = 7,
		.started = 1,
		.stack_start = BASE + 41 * PAGE,
		.stack_end = BASE + 42 * PAGE};
	assert_int_equal(make(), 0);
	assert_int_equal(atlas.mapping[0].kind, KIND_GUARD);
	assert_int_equal(atlas.mapping[1].kind, KIND_THREAD_STACK);
	assert_int_equal(atlas.mapping[1].thread, 1);
	assert_int_equal(atlas.mapping[2].kind, KIND_ANON);
	assert_int_equal(atlas.mapping[3].kind, KIND_HEAP);
	assert_int_equal(atlas.row[ATLAS_THREAD_STACKS], 8 * PAGE);
	assert_ledger();
}

static void memory_of_ours_is_ours(void **state)
{
	(void)state;
	present_mapping(BASE, 8, "rw-p", "");
	present_mapping(BASE + 9 * PAGE, 8, "rw-p", "");
	present_mapping(BASE + 30 * PAGE, 8, "rw-p", "");
	view.own[0] = (struct view_range){BASE + 8 * PAGE, BASE + 12 * PAGE}; /* starts in a hole */
	view.own[1] = (struct view_range){BASE + 20 * PAGE, BASE + 21 * PAGE};
	view.owns = 2;
	assert_int_equal(make(), 0);
	assert_int_equal(atlas.mapping[0].kind, KIND_ANON);
	assert_int_equal(atlas_part_find(&atlas, BASE + 11 * PAGE)->kind, KIND_VMATLAS);
	assert_int_equal(atlas_part_find(&atlas, BASE + 12 * PAGE)->kind, KIND_ANON);
	assert_int_equal(atlas.mapping[2].kind, KIND_ANON);
	assert_int_equal(atlas.row[ATLAS_VMATLAS], 3 * PAGE);
	assert_ledger();
}

static void set_region(unsigned index, unsigned page, unsigned pages, uint32_t frame)
{
	regions[index] = (struct vmatlas_region){.state = VMATLAS_REGION_LIVE,
		.start = BASE + page * (uint64_t)PAGE,
		.end = BASE + (page + pages) * (uint64_t)PAGE,
		.frame = frame,
		.thread = 1,
		.call = VMATLAS_CALL_MMAP};
}

static void a_mapping_is_whose_call_mapped_most_of_it(void **state)
{
	(void)state;
	present_mapping(BASE, 8, "rw-p", "");
	present_mapping(BASE + 10 * PAGE, 8, "r--p", "");
	present_mapping(BASE + 20 * PAGE, 2, "rw-p", "/file");
	set_region(0, 0, 2, 5);
	set_region(1, 2, 5, 6);
	set_region(2, 9, 9, 7); /* its first page was unmapped behind our back */
	set_region(3, 20, 2, 8);
	assert_int_equal(make(), 0);
	assert_int_equal(atlas.mapping[0].owner, ATLAS_OWNER_CALL);
	assert_int_equal(atlas.mapping[0].frame, 6);
	assert_int_equal(atlas_part_find(&atlas, BASE + 7 * PAGE)->owner, ATLAS_OWNER_NONE);
	assert_int_equal(atlas.mapping[0].parts, 3);
	assert_int_equal(atlas.mapping[1].frame, 7);
	assert_int_equal(atlas.mapping[1].parts, 1);
	assert_int_equal(atlas.mapping[2].owner, ATLAS_OWNER_PATH);
	assert_int_equal(atlas.row[ATLAS_MMAPPED], 15 * PAGE);
	assert_int_equal(atlas.row[ATLAS_UNEXPLAINED], PAGE);
	assert_int_equal(atlas.row[ATLAS_FILES], 2 * PAGE);
	assert_ledger();
}

static void what_grew_below_is_whose_call_it_was(void **state)
{
	(void)state;
	present_mapping(BASE, 8, "rw-p", "")->grows_down = true;
	present_mapping(BASE + 10 * PAGE, 8, "rw-p", "");
	set_region(0, 5, 3, 5);
	set_region(1, 15, 3, 6);
	assert_int_equal(make(), 0);
	assert_int_equal(atlas_part_find(&atlas, BASE)->frame, 5);
	assert_int_equal(atlas_part_find(&atlas, BASE)->owner, ATLAS_OWNER_CALL);
	assert_int_equal(atlas_part_find(&atlas, BASE + 10 * PAGE)->owner, ATLAS_OWNER_NONE);
	assert_int_equal(atlas.row[ATLAS_MMAPPED], 11 * PAGE);
	assert_int_equal(atlas.row[ATLAS_UNEXPLAINED], 5 * PAGE);
	assert_ledger();
}

static void blocks_elsewhere_are_unplaced_or_moved(void **state)
{
	(void)state;
	present_mapping(BASE, 1, "rw-p", "")->blocks = true; /* as it was at birth */
	present_mapping(BASE + 8 * PAGE, 2, "rw-p", "")->blocks = true;
	put(BASE + 16, 101, 1);
	put(BASE + 8 * PAGE + 16, 101, 1);
	put(BASE + 5 * PAGE, 101, 1);
	put(BASE + 60 * PAGE, 101, 2);
	assert_int_equal(make(), 0);
	assert_int_equal(atlas.unplaced, 2);
	assert_int_equal(atlas.moved, 3);
	assert_int_equal(atlas.live_blocks, 4);
	assert_int_equal(stack_of(1)->live_bytes, 303);
	assert_int_equal(stack_of(1)->live_resident, 202);
	assert_ledger();
}

static void unknown_pages_leave_the_allocators_memory_unexplained(void **state)
{
	(void)state;
	present_mapping(BASE, 8, "rw-p", "")->blocks = true;
	put(BASE + 16, 100, 1);
	world.unknown = true;
	assert_int_equal(make(), 0);
	assert_false(atlas.pages_known);
	assert_int_equal(atlas.row[ATLAS_UNEXPLAINED], 8 * PAGE);
	assert_ledger();
	view.runs = NULL;
	assert_int_equal(make(), 0);
	assert_false(atlas.pages_known);
	assert_int_equal(atlas.mapping[0].live_blocks, 1);
	assert_ledger();
}

/* -- Text that is not as it should be -------------------------------------------------------- */

static void torn_lines_are_counted_and_the_rest_is_read(void **state)
{
	(void)state;
	say("%llx-%llx rw-p 00000000 00:00 0 \nRss: 8 kB\nPss: 8 kB\n", BASE, BASE + 4 * PAGE);
	say("7f5500004000-7f55 rw-p\nRss: 100 kB\n");                            /* torn header */
	say("%llx-%llx rw-p 00000000 00:00 0 \nRss: 4 kB\n", BASE, BASE + PAGE); /* not in order */
	say("%llx-%llx rw-p 00000000 00:00 0 \nRss: 4\nPss: x kB\nNew: 7 kB\nRss: 16 kB\n",
		BASE + 5 * PAGE, BASE + 9 * PAGE);
	assert_int_equal(make_with_room(10), 0);
	assert_int_equal(atlas.mappings, 2);
	assert_int_equal(atlas.mapping[0].rss, 8192);
	assert_int_equal(atlas.mapping[1].rss, 16384);
	assert_int_equal(atlas.damaged, 4);
	assert_int_equal(atlas.rss, 8192 + 16384);
}

static void a_text_that_ends_in_an_error_is_kept_as_far_as_it_goes(void **state)
{
	(void)state;
	present_mapping(BASE, 8, "rw-p", "[heap]")->blocks = true;
	put(BASE + 16, 100, 1);
	world.error = EIO;
	assert_int_equal(make(), EIO);
	assert_int_equal(atlas.mappings, 1);
	assert_int_equal(atlas.mapping[0].kind, KIND_HEAP);
	assert_int_equal(atlas.row[ATLAS_LIVE], 100);
	world.length = 0;
	assert_int_equal(make_with_room(10), EIO);
	world.error = 0;
	assert_int_equal(make_with_room(10), ENODATA);
	assert_int_equal(atlas.mappings, 0);
	assert_int_equal(atlas.live_blocks, 1);
	assert_int_equal(stack_of(1)->live_blocks, 1);
}

static void say_many(unsigned count)
{
	world.length = 0;
	for (unsigned i = 0; i < count; i++)
		say("%llx-%llx r--p 00000000 08:01 5 /a/file/with/a/name\nRss: 4 kB\n",
			BASE + i * 2ull * PAGE, BASE + (i * 2ull + 1) * PAGE);
}

static void twenty_thousand_mappings_are_all_there(void **state)
{
	(void)state;
	say_many(20000);
	assert_int_equal(make_with_room(20000), 0);
	assert_int_equal(atlas.mappings, 20000);
	assert_int_equal(atlas.overflow, 0);
	assert_int_equal(atlas.row[ATLAS_FILES], 20000ull * PAGE);
	for (unsigned i = 0; i < 20000; i += 7) {
		const struct atlas_mapping *mapping =
			atlas_find(&atlas, BASE + i * 2ull * PAGE + 5);

		assert_ptr_equal(mapping, &atlas.mapping[i]);
		assert_memory_equal(
			atlas_path(&atlas, mapping), "/a/file/with/a/name", mapping->path_length);
		assert_null(atlas_find(&atlas, BASE + (i * 2ull + 1) * PAGE));
	}
}

static void mappings_without_room_are_counted(void **state)
{
	(void)state;
	say_many(100);
	assert_int_equal(make_with_room(60), 0);
	assert_int_equal(atlas.mappings, 60);
	assert_int_equal(atlas.overflow, 40);
	assert_int_equal(atlas.rss, 60 * PAGE); /* no figures of those left out */
}

static void shares_are_the_bytes_of_a_stack_in_each_mapping(void **state)
{
	struct atlas_share share[2][3];
	double *scratch;

	(void)state;
	present_mapping(BASE, 4, "rw-p", "")->blocks = true;
	present_mapping(BASE + 8 * PAGE, 4, "rw-p", "")->blocks = true;
	put(BASE + 16, 1000, 1);
	put(BASE + 8 * PAGE + 16, 3000, 1);
	put(BASE + 9 * PAGE + 16, 501, 2);
	put(BASE + 40 * PAGE, 99, 2);
	assert_int_equal(make(), 0);
	scratch = calloc(2 * atlas.mappings, sizeof *scratch);
	atlas_shares(&atlas, 2, 3, &share[0][0], scratch);
	free(scratch);
	assert_true(share[0][0].mapping == 1 && share[0][0].bytes == 3000);
	assert_true(share[0][1].mapping == 0 && share[0][1].bytes == 1000);
	assert_true(share[0][2].mapping == UINT32_MAX);
	assert_true(share[1][0].mapping == 1 && share[1][0].bytes == 501);
	assert_true(share[1][1].mapping == UINT32_MAX);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* -- Sampled call stacks -------------------------------------------------------------------- */

static double chance(double size, double mean)
{
	return -expm1(-size / mean);
}

static uint64_t error_of(double variance)
{
	return (uint64_t)ceil(sqrt(variance) * (1 - 1e-12));
}

static void samples_stand_for_others_and_totals_are_exact(void **state)
{
	double p = chance(1000, 4096), q = chance(200, 4096), doubt;
	const struct atlas_stack *stack;

	(void)state;
	view.sample_mean = 4096;
	view.weights = &weight_lane;
	weights[0] = (struct vmatlas_weight){7, 70.4, 9, 7000.6, 10000};
	present_mapping(BASE, 4, "rw-p", "")->blocks = true;
	put(BASE + 16, 1000, 1);
	put(BASE + 2000, 200, 1);
	put(BASE + 2400, 300, 0);
	put(BASE + PAGE + 16, 1000, 0);
	assert_int_equal(make(), 0);
	assert_int_equal(atlas.live_bytes, 2500);
	assert_int_equal(atlas.live_blocks, 4);
	assert_int_equal(atlas.mapping[0].live_bytes, 2500);
	assert_int_equal(atlas.mapping[0].pinned, 2 * PAGE - 2500);
	assert_int_equal(atlas.samples, 2);
	assert_int_equal(atlas.samples_ever, 7);
	assert_int_equal(atlas.stack_of[0], 0); /* those without a sample are nobody's */

	stack = &atlas.stack[atlas.stack_of[1] - 1];
	doubt = (1 - p) / p / p * 1e6 + (1 - q) / q / q * 4e4;
	assert_int_equal(stack->samples, 2);
	assert_int_equal(stack->live_bytes, llround(1000 / p + 200 / q));
	assert_int_equal(stack->live_blocks, llround(1 / p + 1 / q));
	assert_int_equal(stack->error[ATLAS_LIVE_BYTES], error_of(doubt));
	assert_int_equal(stack->live_resident, stack->live_bytes);
	assert_int_equal(stack->error[ATLAS_LIVE_RESIDENT], error_of(doubt));
	assert_int_equal(stack->allocations, 70);
	assert_int_equal(stack->error[ATLAS_ALLOCATIONS], 3);
	assert_int_equal(stack->allocated_bytes, 7001);
	assert_int_equal(stack->error[ATLAS_ALLOCATED_BYTES], 100);
}

/* Three blocks retain the first page, whether they were sampled or not: 2,596 bytes, one goes to
 * the first. The second reaches into the next page, and what it pins there and here is one
 * sample's. */
static void what_samples_pin_is_estimated_too(void **state)
{
	double p = chance(1000, 4096), q = chance(3596, 4096), here, there;

	(void)state;
	view.sample_mean = 4096;
	view.weights = &weight_lane;
	present_mapping(BASE, 4, "rw-p", "")->blocks = true;
	put(BASE, 1000, 1);
	put(BASE + 1600, 100, 0);
	put(BASE + 3696, 3596, 2);
	assert_int_equal(make(), 0);
	assert_int_equal(atlas.mapping[0].pinned, 2596 + 900);
	assert_int_equal(atlas.stack[atlas.stack_of[1] - 1].pinned, llround(866 / p));
	assert_int_equal(atlas.stack[atlas.stack_of[1] - 1].error[ATLAS_PINNED],
		error_of((1 - p) / p / p * 866 * 866));
	here = 865;
	there = 900;
	assert_int_equal(atlas.stack[atlas.stack_of[2] - 1].pinned, llround((here + there) / q));
	assert_int_equal(atlas.stack[atlas.stack_of[2] - 1].error[ATLAS_PINNED],
		error_of((1 - q) / q / q * (here + there) * (here + there)));
}

static void shares_of_samples_are_estimates(void **state)
{
	struct atlas_share share[1][3];
	double *scratch;

	(void)state;
	view.sample_mean = 4096;
	view.weights = &weight_lane;
	present_mapping(BASE, 4, "rw-p", "")->blocks = true;
	present_mapping(BASE + 8 * PAGE, 4, "rw-p", "")->blocks = true;
	put(BASE + 16, 1000, 1);
	put(BASE + 8 * PAGE + 16, 500, 1);
	put(BASE + 8 * PAGE + 1024, 3000, 0);
	assert_int_equal(make(), 0);
	scratch = calloc(atlas.mappings, sizeof *scratch);
	atlas_shares(&atlas, 1, 3, &share[0][0], scratch);
	free(scratch);
	assert_int_equal(share[0][0].bytes + share[0][1].bytes,
		llround(1000 / chance(1000, 4096)) + llround(500 / chance(500, 4096)));
	assert_int_equal(share[0][2].mapping, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(random_processes_are_added_up_right),
		CASE(a_block_across_mappings_is_live_in_each),
		CASE(a_block_past_its_mapping_ends_with_it_where_nothing_follows),
		CASE(a_size_that_no_memory_has_is_damage),
		CASE(more_blocks_than_are_remembered_share_a_page),
		CASE(kinds_follow_from_the_blocks_within),
		CASE(stacks_and_guards_are_their_threads),
		CASE(memory_of_ours_is_ours),
		CASE(a_mapping_is_whose_call_mapped_most_of_it),
		CASE(what_grew_below_is_whose_call_it_was),
		CASE(blocks_elsewhere_are_unplaced_or_moved),
		CASE(unknown_pages_leave_the_allocators_memory_unexplained),
		CASE(torn_lines_are_counted_and_the_rest_is_read),
		CASE(a_text_that_ends_in_an_error_is_kept_as_far_as_it_goes),
		CASE(twenty_thousand_mappings_are_all_there),
		CASE(mappings_without_room_are_counted),
		CASE(shares_are_the_bytes_of_a_stack_in_each_mapping),
		CASE(samples_stand_for_others_and_totals_are_exact),
		CASE(what_samples_pin_is_estimated_too),
		CASE(shares_of_samples_are_estimates),
	};

	return cmocka_run_group_tests(tests, set_up_once, NULL);
}
