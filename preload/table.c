#include "table.h"
#include "lock.h"
#include "process.h"
#include "store.h"
#include "storefile.h"

/* Bytes of words or briefs that are filled in together. */
enum { FILLED = 32 * 1024 };

struct table table_live;

static void count_lost(void)
{
	atomic_fetch_add_explicit(&table_live.lost, 1, memory_order_relaxed);
	storefile_mirror(&table_live.lost, sizeof table_live.lost);
}

/* -- Where a word is ------------------------------------------------------------------------ */

static struct blocks_branch *branch_make(uint64_t root)
{
	struct blocks_branch *branch = table_live.blocks.branch[root];

	if (!branch) {
		branch = store_take(sizeof *branch);
		atomic_store_explicit(
			&table_live.blocks.branch[root], branch, memory_order_release);
		storefile_mirror(&table_live.blocks.branch[root], sizeof branch);
	}
	return branch;
}

static struct blocks_leaf *leaf_make(uint64_t window)
{
	uint64_t number = window >> BLOCKS_LEAF_BITS;
	struct blocks_branch *branch = branch_make(number >> BLOCKS_BRANCH_BITS);
	_Atomic uint64_t *place;

	if (!branch)
		return NULL;
	place = &branch->leaf[number & ((1u << BLOCKS_BRANCH_BITS) - 1)];
	/* None yet, or somebody wrote over it: its blocks are lost. */
	if (!unseal(*place))
		atomic_store_explicit(place,
			seal(store_take_pages(blocks_leaf_size(&table_live.blocks))),
			memory_order_release);
	return unseal(*place);
}

/* A forked child whose parent's tables are in a file finds this table empty, until it has tables of
 * its own (storefile.h): so no free in it can reach its parent's. */
static __attribute__((noinline)) struct blocks_leaf *leaf_settled(uint64_t window)
{
	if (process_forked())
		process_settle();
	return blocks_leaf(&table_live.blocks, window);
}

/* The first block within 4 MiB. */
static __attribute__((noinline)) struct blocks_leaf *leaf_slowly(uint64_t window)
{
	struct blocks_leaf *leaf = leaf_settled(window);
	struct held held;

	if (!leaf && window >> (BLOCKS_ADDRESS_BITS - BLOCKS_WINDOW_BITS) == 0 &&
		lock_take(&locks()->leaves, &held)) {
		leaf = leaf_make(window);
		lock_release(&held);
	}
	return leaf;
}

struct blocks_leaf *table_leaf_anew(struct table_near *near, uint64_t address)
{
	struct blocks_leaf *leaf =
		process_forked() ? NULL : blocks_leaf(&table_live.blocks, blocks_window(address));

	if (leaf) {
		near->leaf = leaf;
		near->check = table_near_check(leaf, address);
	}
	return leaf;
}

static bool has_briefs(void)
{
	return blocks_brief_plane(&table_live.blocks) == TABLE_BRIEFS;
}

/* How many of the runs in the group, so many windows that begin with `first`, were written. */
static uint64_t group_marked(
	struct blocks_leaf *leaf, uint32_t plane, uint64_t first, uint64_t windows)
{
	_Atomic uint8_t *mark = blocks_mark(leaf, plane, first);
	uint64_t marked = 0;

	for (uint64_t i = 0; i < windows >> BLOCKS_MARK_BITS; i++)
		marked += atomic_load_explicit(&mark[i], memory_order_relaxed);
	return marked;
}

/* Whether the group before this one is written for the most part. */
static bool follows(struct blocks_leaf *leaf, uint32_t plane, uint64_t first, uint64_t windows)
{
	uint64_t before = first - windows;

	if ((before ^ first) >> BLOCKS_LEAF_BITS)
		leaf = blocks_leaf(&table_live.blocks, before);
	return leaf &&
	       group_marked(leaf, plane, before, windows) >= windows >> (BLOCKS_MARK_BITS + 1);
}

/* The first word or brief of a run, whose page may not be there yet. Where one group of runs after
 * the other is written a heap grows, and all of the next group is filled in: 32 KiB, the words of
 * the 128 KiB that glibc extends its heap by, or the briefs of four times as much. */
static void fill(struct blocks_leaf *leaf, uint32_t plane, uint64_t window)
{
	bool briefs = plane == TABLE_BRIEFS && has_briefs();
	size_t size = briefs ? sizeof(uint16_t) : sizeof(uint64_t);
	uint64_t windows = FILLED / size, first = window - window % windows;

	if (group_marked(leaf, plane, first, windows) || !follows(leaf, plane, first, windows)) {
		windows = BLOCKS_PAGE / size;
		first = window - window % windows;
	}
	if (briefs)
		store_fill(blocks_brief(leaf, first), windows * size);
	else
		store_fill(blocks_word(leaf, plane, first), windows * size);
}

static inline void mark(struct blocks_leaf *leaf, uint32_t plane, uint64_t window)
{
	_Atomic uint8_t *mark = blocks_mark(leaf, plane, window);

	if (__builtin_expect(atomic_load_explicit(mark, memory_order_relaxed), 1))
		return;
	fill(leaf, plane, window);
	atomic_store_explicit(mark, 1, memory_order_release);
}

/* The leaf that has the window, made if need be; NULL when it cannot be. */
static inline struct blocks_leaf *leaf_for(uint64_t window)
{
	struct blocks_leaf *leaf = blocks_leaf(&table_live.blocks, window);

	return leaf ? leaf : leaf_slowly(window);
}

static inline _Atomic uint64_t *word_for(uint64_t address)
{
	uint64_t window = blocks_window(address);
	struct blocks_leaf *leaf = leaf_for(window);
	uint32_t plane;

	if (!leaf)
		return NULL;
	plane = blocks_plane(&table_live.blocks, address); /* known now, also in a forked child */
	mark(leaf, plane, window);
	return blocks_word(leaf, plane, window);
}

/* -- What a word says ----------------------------------------------------------------------- */

/* The block of which the word speaks; false for none. */
static bool describe(uint64_t word, uint64_t window, struct table_taken *taken)
{
	const struct vmatlas_big *big;

	if (!word)
		return false;
	if (!word_is_big(word)) {
		*taken = (struct table_taken){
			(window << BLOCKS_WINDOW_BITS) + VMATLAS_WORD_EIGHTH(word) * 8,
			VMATLAS_WORD_SIZE(word), word, 0};
		return true;
	}
	big = bigs_find(word_record(word));
	if (!big || blocks_window(big->address) != window ||
		!blocks_is_sound(big->address, big->size, big->next))
		return false;
	*taken = (struct table_taken){big->address, big->size, word, word_record(word)};
	return true;
}

/* The brief at the window, NULL where none was ever put. */
static _Atomic uint16_t *brief_at(uint64_t window)
{
	struct blocks_leaf *leaf = blocks_leaf(&table_live.blocks, window);

	if (!leaf || !has_briefs() ||
		!atomic_load_explicit(
			blocks_mark(leaf, TABLE_BRIEFS, window), memory_order_relaxed))
		return NULL;
	return blocks_brief(leaf, window);
}

/* Takes the brief out, if there is one, and says what the block's word would be. */
static bool take_brief(uint64_t window, struct table_taken *taken)
{
	_Atomic uint16_t *place = brief_at(window);
	uint16_t brief = place ? atomic_load_explicit(place, memory_order_relaxed) : 0;

	if (!brief)
		return false;
	atomic_store_explicit(place, 0, memory_order_release);
	return describe(blocks_word_of_brief(&table_live.blocks, brief), window, taken);
}

/* The word for a block that is born, 0 when it cannot be kept. */
static uint64_t word_of(struct bigs_stock *stock, const struct table_birth *birth)
{
	uint32_t id;

	if (!table_needs_record(birth))
		return word_small(birth->address, birth->size, birth->origin, birth->moment);
	id = table_record(stock, birth);
	return id ? word_big(birth->address, id) : 0;
}

/* -- The calls ------------------------------------------------------------------------------ */

/* Whatever stood there is gone: two live blocks do not share a word. */
bool table_put(
	struct bigs_stock *stock, const struct table_birth *birth, struct table_taken *replaced)
{
	_Atomic uint64_t *place = word_for(birth->address);
	uint64_t word = 0;

	replaced->word = 0;
	if (place) {
		word = word_of(stock, birth);
		if (!describe(atomic_load_explicit(place, memory_order_relaxed),
			    blocks_window(birth->address), replaced))
			take_brief(blocks_window(birth->address), replaced);
		atomic_store_explicit(place, word, memory_order_release);
	}
	if (replaced->word) {
		table_forget(stock, replaced);
		replaced->big = 0;
	}
	if (!word)
		count_lost();
	return word != 0;
}

bool table_put_brief_anew(struct table_near *near, uint64_t address, uint64_t size)
{
	uint64_t window = blocks_window(address);
	struct blocks_leaf *leaf = has_briefs() ? leaf_for(window) : NULL;

	if (!leaf || !table_leaf_anew(near, address))
		return false;
	mark(leaf, TABLE_BRIEFS, window);
	return table_put_brief(near, address, size);
}

/* table_take of what may have a brief. */
static void take_brief_at(uint64_t address, struct table_taken *taken)
{
	_Atomic uint16_t *place = brief_at(blocks_window(address));

	*taken = (struct table_taken){.address = address};
	if (place && word_is_brief_at(atomic_load_explicit(place, memory_order_relaxed), address))
		take_brief(blocks_window(address), taken);
}

void table_take(uint64_t address, struct table_taken *taken)
{
	uint64_t window = blocks_window(address);
	struct blocks_leaf *leaf = blocks_leaf(&table_live.blocks, window);
	_Atomic uint64_t *place;
	uint32_t plane;
	uint64_t word;

	*taken = (struct table_taken){.address = address};
	if (!leaf)
		leaf = leaf_settled(window);
	if (!leaf)
		return;
	plane = blocks_plane(&table_live.blocks, address);
	place = blocks_word(leaf, plane, window);
	/* Where no word was ever written a look at it would make the kernel fill in its page. */
	word = *blocks_mark(leaf, plane, window) ? atomic_load_explicit(place, memory_order_relaxed)
						 : 0;
	if (describe(word, window, taken) && taken->address == address)
		atomic_store_explicit(place, 0, memory_order_release);
	else
		take_brief_at(address, taken);
}

bool table_take_stale_brief(uint64_t address, struct table_taken *taken)
{
	return take_brief(blocks_window(address), taken);
}

void table_put_back(const struct table_taken *taken)
{
	_Atomic uint64_t *place = taken->word ? word_for(taken->address) : NULL;

	if (place)
		atomic_store_explicit(place, taken->word, memory_order_release);
}

void table_forget(struct bigs_stock *stock, const struct table_taken *taken)
{
	if (taken->big)
		bigs_give(stock, taken->big);
}

void table_forget_origin(uint64_t address)
{
	struct table_taken taken;
	struct vmatlas_big *big;

	table_take(address, &taken);
	big = bigs_find(taken.big);
	if (big)
		big->origin = 0;
	else
		taken.word &= ~(uint64_t)VMATLAS_WORD_ORIGIN(taken.word);
	table_put_back(&taken);
}

const struct blocks *table_blocks(void)
{
	return &table_live.blocks;
}

const struct lane *table_bigs(void)
{
	return bigs_records();
}

uint64_t table_lost(void)
{
	return atomic_load_explicit(&table_live.lost, memory_order_relaxed);
}

void table_boot(bool apart, bool briefs)
{
	table_live.blocks.plane_mask = apart ? 0 : BLOCKS_PLANES - 1;
	table_live.blocks.brief_room = apart && briefs;
}

bool table_begin_briefs(uint32_t moment)
{
	if (!has_briefs() || !moment)
		return false;
	table_live.blocks.brief_moment = moment;
	storefile_mirror(&table_live.blocks, offsetof(struct blocks, branch));
	return true;
}
