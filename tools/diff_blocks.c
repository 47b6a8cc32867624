#include "diff_blocks.h"

/* A walk over the blocks of one side, and what is known of the one that it stands at. */
struct walk {
	const struct diff_books *books;
	enum diff_then side;
	struct blocks_cursor cursor;
	struct block block;
	bool more;
	struct diff_stack *stack;
	struct poisson of; /* what it stands for */
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
	walk->of = poisson_of(block->size, view->sample_mean);
	walk->resident = diff_resident(view, block->address, block->address + block->size);
	walk->change = change_at(&books->items[walk->side], block->address);
}

/* Blocks that were not sampled are no call stack's. */
static void step(struct walk *walk)
{
	do
		walk->more = blocks_next(&walk->cursor, &walk->block);
	while (walk->more &&
		!view_has_callstack(&walk->books->side[walk->side]->view, &walk->block));
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

static void add(struct diff_tally *tally, const struct walk *walk)
{
	poisson_add(&tally->blocks, &walk->of, 1, 0);
	poisson_add(&tally->bytes, &walk->of, (double)walk->block.size, 0);
	poisson_add(&tally->resident, &walk->of, (double)walk->resident, 0);
}

/* The block's part in the growth of its mapping. */
static void share(const struct walk *walk, double bytes, double resident)
{
	struct diff_share *part;

	if (walk->change == UINT32_MAX)
		return;
	part = diff_shares_at(walk->books->shares, walk->change, walk->stack->id);
	poisson_add(&part->live, &walk->of, bytes, 0);
	poisson_add(&part->resident, &walk->of, resident, 0);
}

/* What is there now came, what was there went. */
static void grow(const struct walk *walk)
{
	double sign = walk->side == DIFF_NEW ? 1 : -1;
	double bytes = (double)walk->block.size, resident = (double)walk->resident;

	walk->stack->tally.live += walk->of.doubt * bytes * bytes;
	walk->stack->tally.resident += walk->of.doubt * resident * resident;
	share(walk, sign * bytes, sign * resident);
}

static void leave(struct walk *walk)
{
	if (walk->books->same_process)
		add(walk->side == DIFF_NEW ? &walk->stack->tally.born : &walk->stack->tally.freed,
			walk);
	grow(walk);
	step(walk);
}

static bool is_same(const struct walk *old, const struct walk *new)
{
	return old->books->same_process && old->block.size == new->block.size &&
	       old->block.time == new->block.time && old->stack == new->stack;
}

/* A sample that stayed is the same sample: only what it has more resident is in doubt. */
static void stay(struct walk *old, struct walk *new)
{
	double touched = (double)new->resident - (double)old->resident;

	add(&new->stack->tally.stayed, new);
	poisson_add(&new->stack->tally.touched, &new->of, touched, 0);
	new->stack->tally.resident += new->of.doubt *touched *touched;
	if (old->change == new->change) {
		share(new, 0, touched);
	} else {
		share(old, -(double)old->block.size, -(double)old->resident);
		share(new, (double)new->block.size, (double)new->resident);
	}
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
