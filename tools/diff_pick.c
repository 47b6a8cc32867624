#include "diff_pick.h"

#include <errno.h>
#include <stdlib.h>

#include "diff_rows.h"

enum {
	TOP = 20,
	/* The kernel maps a file's pages by 64 KiB around the one that is touched
	 * (fault_around_bytes, mm/memory.c): a few of these come and go. */
	LEAST = 256 << 10,
	LEAST_SHARE = 100,
};

uint64_t diff_pick_amount(int64_t growth)
{
	return growth < 0 ? 0 - (uint64_t)growth : (uint64_t)growth;
}

static uint32_t top_of(const struct diff_options *options)
{
	if (options->top)
		return options->top;
	return options->json ? UINT32_MAX : TOP;
}

/* -- Changes -------------------------------------------------------------------------------- */

/* What there is to sort, with the keys: qsort has no place for the order asked for. */
struct ranked {
	const void *what;
	int64_t key[2];
	uint64_t place; /* of equals */
};

static int compare(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;
	int order = diff_rows_order(a->key[0], b->key[0]);

	if (!order)
		order = diff_rows_order(a->key[1], b->key[1]);
	return order ? order : (a->place > b->place) - (a->place < b->place);
}

static enum diff_figure sorted_by(const struct diff_model *model, enum diff_sort sort)
{
	switch (sort) {
	case DIFF_SORT_SIZE:
		return DIFF_SIZE;
	case DIFF_SORT_LIVE:
		return model->deep ? DIFF_LIVE : diff_model_measure(model);
	default:
		return diff_model_measure(model);
	}
}

static bool is_own(const struct diff_model *model, const struct diff_change *change)
{
	return diff_change_item(change, model->items)->own;
}

/* Addresses that are only reserved cost nothing: where an arena grows into its reserve, the arena
 * is what is told. */
static bool is_reserve(const struct diff_model *model, const struct diff_change *change)
{
	const struct diff_item *item = diff_change_item(change, model->items);

	return !(item->perms & (MAPS_READ | MAPS_WRITE | MAPS_EXEC));
}

/* By how much a change is large, whatever it is sorted by. */
static uint64_t extent(const struct diff_model *model, const struct diff_change *change)
{
	uint64_t rss = diff_pick_amount(diff_change_growth(change, DIFF_RSS));
	uint64_t size = diff_pick_amount(diff_change_growth(change, DIFF_SIZE));

	if (model->rss && is_reserve(model, change))
		size = 0;
	return rss > size ? rss : size;
}

static uint64_t least_of(const struct diff_model *model, const struct diff_options *options)
{
	enum diff_figure measure = diff_model_measure(model);
	uint64_t all = 0;

	if (options->least_given || options->json)
		return options->least;
	for (uint32_t i = 0; i < model->changes.count; i++)
		all += diff_pick_amount(diff_change_growth(&model->changes.change[i], measure));
	return all / LEAST_SHARE > LEAST ? all / LEAST_SHARE : LEAST;
}

static bool is_same(const struct diff_change *change)
{
	for (int i = 0; i < DIFF_FIGURES; i++)
		if (diff_change_growth(change, (enum diff_figure)i))
			return false;
	return change->count[DIFF_OLD] && change->count[DIFF_NEW] && !change->moved;
}

static void add(struct diff_rest *rest, const struct diff_change *change)
{
	rest->changes++;
	for (int i = 0; i < DIFF_FIGURES; i++)
		rest->growth[i] += (uint64_t)diff_change_growth(change, (enum diff_figure)i);
}

/* Those that are large enough, unsorted; the others are summed up. */
static uint32_t sift(struct diff_picked_changes *picked, const struct diff_model *model,
	const struct diff_options *options, struct ranked *ranked)
{
	enum diff_figure first = sorted_by(model, options->sort);
	uint32_t count = 0;

	for (uint32_t i = 0; i < model->changes.count; i++) {
		const struct diff_change *change = &model->changes.change[i];

		if (is_same(change))
			continue;
		if (is_own(model, change))
			add(&picked->own, change);
		else if (is_reserve(model, change) && extent(model, change) < picked->least)
			add(&picked->kept, change);
		else if (extent(model, change) < picked->least)
			add(&picked->others, change);
		else
			ranked[count++] = (struct ranked){change,
				{diff_change_growth(change, first),
					diff_change_growth(change, DIFF_SIZE)},
				i};
	}
	return count;
}

int diff_pick_changes(struct diff_picked_changes *picked, const struct diff_model *model,
	const struct diff_options *options)
{
	struct ranked *ranked = calloc((size_t)model->changes.count + 1, sizeof(*ranked));
	uint32_t count, top = top_of(options);

	*picked = (struct diff_picked_changes){.least = least_of(model, options)};
	picked->change =
		calloc((size_t)model->changes.count + 1, sizeof(const struct diff_change *));
	if (!ranked || !picked->change) {
		free(ranked);
		return ENOMEM;
	}
	count = sift(picked, model, options, ranked);
	qsort(ranked, count, sizeof(*ranked), compare);
	for (uint32_t i = 0; i < count; i++) {
		if (i < top)
			picked->change[picked->count++] = ranked[i].what;
		else
			add(&picked->others, ranked[i].what);
	}
	free(ranked);
	return 0;
}

/* -- Call stacks ---------------------------------------------------------------------------- */

static int64_t bytes_of(const struct diff_stack *stack, enum diff_pick_by by)
{
	return by == DIFF_PICK_BLOCKS ? diff_stack_live(stack) : diff_stack_regions(stack);
}

static int64_t resident_of(const struct diff_stack *stack, enum diff_pick_by by)
{
	return by == DIFF_PICK_BLOCKS ? diff_stack_resident(stack)
				      : diff_stack_region_resident(stack);
}

static int64_t pinned_of(const struct diff_stack *stack, enum diff_pick_by by)
{
	return by == DIFF_PICK_BLOCKS ? diff_stack_pinned(stack) : 0;
}

static double variance_of(const struct diff_stack *stack, enum diff_pick_by by)
{
	return by == DIFF_PICK_BLOCKS ? stack->tally.live : 0;
}

/* What it costs in memory, and what it has asked for: one is the first key, one the second. */
static struct ranked rank(
	const struct diff_stack *stack, const struct diff_options *options, enum diff_pick_by by)
{
	int64_t bytes = bytes_of(stack, by);
	int64_t cost = (int64_t)((uint64_t)resident_of(stack, by) + (uint64_t)pinned_of(stack, by));
	bool by_cost = options->sort == DIFF_SORT_RSS;

	return (struct ranked){stack, {by_cost ? cost : bytes, by_cost ? bytes : cost}, stack->id};
}

static bool changed(const struct diff_stack *stack, enum diff_pick_by by)
{
	return bytes_of(stack, by) || resident_of(stack, by) || pinned_of(stack, by);
}

static bool is_large(const struct ranked *ranked, uint64_t least)
{
	return diff_pick_amount(ranked->key[0]) >= least ||
	       diff_pick_amount(ranked->key[1]) >= least;
}

void diff_pick_add(
	struct diff_rest_stacks *rest, const struct diff_stack *stack, enum diff_pick_by by)
{
	if (!changed(stack, by))
		return;
	rest->stacks++;
	rest->bytes += (uint64_t)bytes_of(stack, by);
	rest->resident += (uint64_t)resident_of(stack, by);
	rest->pinned += (uint64_t)pinned_of(stack, by);
	rest->variance += variance_of(stack, by);
}

void diff_pick_take(
	struct diff_rest_stacks *rest, const struct diff_stack *stack, enum diff_pick_by by)
{
	if (!changed(stack, by))
		return;
	rest->stacks--;
	rest->bytes -= (uint64_t)bytes_of(stack, by);
	rest->resident -= (uint64_t)resident_of(stack, by);
	rest->pinned -= (uint64_t)pinned_of(stack, by);
	rest->variance -= variance_of(stack, by);
}

int diff_pick_stacks(struct diff_picked_stacks *picked, const struct diff_model *model,
	const struct diff_options *options, enum diff_pick_by by)
{
	struct ranked *ranked = calloc((size_t)model->stacks.count + 1, sizeof(*ranked));
	uint32_t count = 0, top = top_of(options);

	*picked = (struct diff_picked_stacks){.count = 0};
	picked->stack = calloc((size_t)model->stacks.count + 1, sizeof(const struct diff_stack *));
	if (!ranked || !picked->stack) {
		free(ranked);
		return ENOMEM;
	}
	for (uint32_t i = 0; i < model->stacks.count; i++)
		if (changed(&model->stacks.stack[i], by))
			ranked[count++] = rank(&model->stacks.stack[i], options, by);
	qsort(ranked, count, sizeof(*ranked), compare);
	for (uint32_t i = 0; i < count; i++) {
		if (picked->count < top && is_large(&ranked[i], options->least))
			picked->stack[picked->count++] = ranked[i].what;
		else
			diff_pick_add(&picked->others, ranked[i].what, by);
	}
	free(ranked);
	return 0;
}
