#include "diff_blocks.h"

/* A walk over the blocks of one side, and what is known of the one that it stands at. */
struct walk {
	const struct diff_books *books;
	enum diff_then side;
	struct blocks_cursor cursor;
	struct block block;
	bool more;
	struct diff_stack *stack;
	uint64_t resident;
	uint32_t change; /* UINT32_MAX: in no mapping */
};

static uint32_t frame_of(const struct view *view, const struct block *block)
{
	const struct vmatlas_origin *origin = lane_find(view->origins, block->origin);

	return origin ? origin->frame : 0;
}

static uint32_t change_at(const struct diff_items *items, uint64_t address)
{
	const struct diff_item *item = diff_items_past(items, address);

	return item && item->start <= address ? item->change : UINT32_MAX;
}

static void look_up(struct walk *walk)
{
	const struct diff_books *books = walk->books;
	const struct view *view = &books->side[walk->side]->view;
	const struct block *block = &walk->block;

	walk->stack =
		diff_stacks_at(books->stacks, books->frames, walk->side, frame_of(view, block));
	walk->resident = diff_resident(view, block->address, block->address + block->size);
	walk->change = change_at(&books->items[walk->side], block->address);
}

static void step(struct walk *walk)
{
	walk->more = blocks_next(&walk->cursor, &walk->block);
	if (walk->more)
		look_up(walk);
}

static void begin(struct walk *walk, const struct diff_books *books, enum diff_then side)
{
	const struct view *view = &books->side[side]->view;
	struct blocks_tables tables = view_tables(view);

	*walk = (struct walk){.books = books, .side = side};
	blocks_begin(&walk->cursor, view->blocks, &tables);
	step(walk);
}

static void add(struct diff_blocks_sum *sum, const struct walk *walk)
{
	sum->blocks++;
	sum->bytes += walk->block.size;
	sum->resident += walk->resident;
}

/* The block's part in the growth of its mapping: what is there now came, what was there went. */
static void share(const struct walk *walk)
{
	bool grown = walk->side == DIFF_NEW;
	struct diff_share *part;

	if (walk->change == UINT32_MAX)
		return;
	part = diff_shares_at(walk->books->shares, walk->change, walk->stack->id);
	diff_share_add(&part->live_bytes, walk->block.size, grown);
	diff_share_add(&part->live_resident, walk->resident, grown);
}

static void leave(struct walk *walk)
{
	if (walk->books->same_process)
		add(walk->side == DIFF_NEW ? &walk->stack->born : &walk->stack->freed, walk);
	share(walk);
	step(walk);
}

static bool is_same(const struct walk *old, const struct walk *new)
{
	return old->books->same_process && old->block.size == new->block.size &&
	       old->block.time == new->block.time && old->stack == new->stack;
}

static void stay(struct walk *old, struct walk *new)
{
	add(&new->stack->stayed, new);
	diff_share_add(&new->stack->touched, new->resident - old->resident, true);
	share(old);
	share(new);
	step(old);
	step(new);
}

static bool comes_first(const struct walk *a, const struct walk *b)
{
	return a->more && (!b->more || a->block.address < b->block.address);
}

void diff_blocks_enter(const struct diff_books *books)
{
	struct walk old, new;

	begin(&old, books, DIFF_OLD);
	begin(&new, books, DIFF_NEW);
	while (old.more || new.more) {
		if (comes_first(&old, &new)) {
			leave(&old);
		} else if (comes_first(&new, &old)) {
			leave(&new);
		} else if (is_same(&old, &new)) {
			stay(&old, &new);
		} else {
			leave(&old);
			leave(&new);
		}
	}
}
