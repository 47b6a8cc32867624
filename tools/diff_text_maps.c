#include "diff_text.h"

#include <stdlib.h>

#include "../preload/core/place.h"
#include "../preload/core/text_column.h"
#include "diff_pick.h"

enum { WORD_COLUMNS = 9, KIND_COLUMNS = 13, SIZE_COLUMNS = 12, SHARES = 3 };

/* -- One change ----------------------------------------------------------------------------- */

static void put_range(struct text *text, uint64_t start, uint64_t end)
{
	text_hex_wide(text, start, 8);
	text_char(text, '-');
	text_hex_wide(text, end, 8);
}

static const struct diff_item *first_of(
	const struct diff_model *model, const struct diff_change *change, enum diff_then side)
{
	return &model->items[side].item[change->first[side] - 1];
}

/* What the kernel made of it, where that is not one line of maps as before. */
static void put_shape(const struct diff_show *show, const struct diff_change *change)
{
	uint32_t old = change->count[DIFF_OLD], new = change->count[DIFF_NEW];
	struct text *text = show->text;

	if (change->moved) {
		const struct diff_item *item = first_of(show->model, change, DIFF_OLD);

		text_str(text, "; moved from ");
		put_range(text, item->start, item->end);
	} else if (old && new &&old + new > 2) {
		text_str(text, !show->model->same_space ? "; "
			       : old == 1               ? "; split: "
			       : new == 1               ? "; merged: "
							: "; ");
		text_dec(text, old);
		text_str(text, " → ");
		diff_put_count(text, new, "mapping");
	}
}

/* The largest of several that are new, or gone, stands for all. */
static void put_more(struct text *text, const struct diff_change *change)
{
	uint32_t old = change->count[DIFF_OLD], new = change->count[DIFF_NEW];

	if ((old && new) || old + new == 1)
		return;
	text_str(text, " and ");
	text_dec(text, old + new - 1);
	text_str(text, " more");
}

static void put_name(const struct diff_show *show, const struct diff_item *item)
{
	enum diff_then side = item >= show->model->items[DIFF_NEW].item &&
					      item < show->model->items[DIFF_NEW].item +
							      show->model->items[DIFF_NEW].count
				      ? DIFF_NEW
				      : DIFF_OLD;
	char owner[OWNER_BYTES];
	size_t length = diff_show_owner(show, side, item, owner);

	if (item->path_length) {
		text_str(show->text, "  ");
		text_printable(show->text, item->path, item->path_length);
	}
	if (!length)
		return;
	text_str(show->text, "  ");
	text_printable(show->text, owner, length);
}

static void put_share(const struct diff_show *show, const struct diff_share *share)
{
	const struct diff_stack *stack = diff_show_stack(show, share->stack);
	enum diff_then side = diff_show_where(stack);
	struct text *text = show->text;
	char owner[OWNER_BYTES];
	size_t length = diff_show_asker(show, stack, owner);

	text_repeat(text, ' ', WORD_COLUMNS + KIND_COLUMNS + 2);
	if (share->live_bytes || share->live_resident) {
		diff_put_growth(text, share->live_bytes, SIZE_COLUMNS);
		diff_put_size_error(show, share->live_error);
		text_str(text, " live");
	} else {
		diff_put_growth(text, share->region_bytes, SIZE_COLUMNS);
		text_str(text, " mapped");
	}
	text_str(text, ", ");
	diff_put_growth(text,
		(int64_t)((uint64_t)share->live_resident + (uint64_t)share->region_resident), 0);
	if (share->live_bytes || share->live_resident)
		diff_put_size_error(show, share->resident_error);
	text_str(text, " resident, by ");
	text_printable(text, owner, length);
	text_str(text, length ? "; call stack " : "a call stack that is not known");
	if (length)
		text_dec(text, stack->frame[side]);
	text_char(text, '\n');
}

static bool shrank(const struct diff_change *change)
{
	int64_t rss = diff_change_growth(change, DIFF_RSS);

	return rss < 0 || (!rss && diff_change_growth(change, DIFF_SIZE) < 0);
}

/* Those that grew, or shrank, with the mapping. */
static void put_shares(const struct diff_show *show, const struct diff_change *change)
{
	uint32_t index = (uint32_t)(change - show->model->changes.change);
	const struct diff_share *share;
	size_t count = diff_shares_of(&show->model->shares, index, &share);

	for (size_t i = 0; i < count && i < SHARES; i++)
		put_share(show, &share[shrank(change) ? count - 1 - i : i]);
	if (count <= SHARES)
		return;
	text_repeat(show->text, ' ', WORD_COLUMNS + KIND_COLUMNS + SIZE_COLUMNS - 1);
	text_str(show->text, "… and ");
	diff_put_count(show->text, count - SHARES, "other call stack");
	text_char(show->text, '\n');
}

static void put_figures(
	const struct diff_show *show, int64_t rss, int64_t size, const char *word, const char *kind)
{
	struct text *text = show->text;

	text_str(text, "  ");
	text_left(text, word, WORD_COLUMNS);
	text_left(text, kind, KIND_COLUMNS);
	if (show->model->rss)
		diff_put_growth(text, rss, SIZE_COLUMNS);
	diff_put_growth(text, size, SIZE_COLUMNS);
}

static void put_change(const struct diff_show *show, const struct diff_change *change)
{
	const struct diff_item *item = diff_change_item(change, show->model->items);

	put_figures(show, diff_change_growth(change, DIFF_RSS),
		diff_change_growth(change, DIFF_SIZE), diff_change_word(change),
		kind_name((enum kind)item->kind));
	text_str(show->text, "  ");
	put_range(show->text, item->start, item->end);
	put_more(show->text, change);
	put_name(show, item);
	put_shape(show, change);
	text_char(show->text, '\n');
	put_shares(show, change);
}

/* -- The sums ------------------------------------------------------------------------------- */

static void put_rest(const struct diff_show *show, const struct diff_rest *rest, const char *what)
{
	if (!rest->changes)
		return;
	put_figures(show, (int64_t)rest->growth[DIFF_RSS], (int64_t)rest->growth[DIFF_SIZE],
		"others", "");
	text_str(show->text, "  ");
	diff_put_count(show->text, rest->changes, "change");
	text_str(show->text, what);
	text_char(show->text, '\n');
}

static void put_heading(const struct diff_show *show, const struct diff_picked_changes *picked)
{
	struct text *text = show->text;

	text_str(text, "\nMappings that changed");
	if (picked->least > 1) {
		text_str(text, " by ");
		text_size(text, picked->least);
		text_str(text, " or more");
	}
	text_str(text, picked->count ? "\n  " : ": none\n  ");
	text_left(text, "what", WORD_COLUMNS);
	text_left(text, "kind", KIND_COLUMNS);
	if (show->model->rss)
		text_right(text, "rss", SIZE_COLUMNS);
	text_right(text, "size", SIZE_COLUMNS);
	text_str(text, "  start-end, name or owner\n");
}

int diff_text_mappings(const struct diff_show *show)
{
	const struct diff_model *model = show->model;
	struct diff_picked_changes picked;
	int error = diff_pick_changes(&picked, model, show->options);

	if (!error) {
		put_heading(show, &picked);
		for (uint32_t i = 0; i < picked.count; i++)
			put_change(show, picked.change[i]);
		put_rest(show, &picked.others, " of other mappings");
		put_rest(show, &picked.kept, " of addresses that are only kept free");
		put_rest(show, &picked.own, " of vmatlas's own mappings");
		put_figures(show, diff_model_growth(model, DIFF_RSS),
			diff_model_growth(model, DIFF_SIZE), "in all", "");
		text_char(show->text, '\n');
	}
	free(picked.change);
	return error;
}
