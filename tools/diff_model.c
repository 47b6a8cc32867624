#include "diff_model.h"

#include <errno.h>
#include <stdlib.h>

#include "diff_blocks.h"
#include "diff_notes.h"
#include "diff_regions.h"
#include "diff_rows.h"

static void compare_sides(struct diff_model *model, struct diff_side *old, struct diff_side *new)
{
	model->side[DIFF_OLD] = old;
	model->side[DIFF_NEW] = new;
	model->deep = old->snapshot && new->snapshot;
	model->pages = diff_side_knows_pages(old) && diff_side_knows_pages(new);
	model->rss = diff_side_knows_rss(old) && diff_side_knows_rss(new);
	model->same_process = diff_side_same_process(old, new);
	model->sampled = old->view.sample_mean || new->view.sample_mean;
	model->same_space = model->same_process || diff_side_same_space(old, new);
	model->timed = diff_side_apart(old, new, &model->ns);
}

/* A list has neither parts of mappings nor owners: beside one, a snapshot is a list, too. */
static int make_items(struct diff_model *model, enum diff_then side)
{
	const struct diff_side *of = model->side[side];

	if (of->snapshot)
		return diff_items_of_mappings(&model->items[side], &of->atlas);
	return diff_items_of_listing(&model->items[side], of->listing);
}

static int take_items(struct diff_model *model)
{
	int error = 0;

	for (int side = 0; !error && side < DIFF_SIDES; side++) {
		if (model->deep)
			model->items[side] = model->side[side]->items;
		else
			error = make_items(model, (enum diff_then)side);
	}
	return error;
}

static int match_stacks(struct diff_model *model)
{
	int error = diff_frames_make(
		&model->frames, &model->side[DIFF_OLD]->view, &model->side[DIFF_NEW]->view);

	for (int side = 0; !error && side < DIFF_SIDES; side++)
		for (uint32_t i = 0; i < model->items[side].count; i++) {
			struct diff_item *item = &model->items[side].item[i];

			item->stack = diff_frames_of(&model->frames, side, item->frame);
		}
	return error;
}

static unsigned unknown_figures(const struct diff_model *model)
{
	unsigned unknown = 0;

	if (!model->rss)
		unknown |= 1u << DIFF_RSS | 1u << DIFF_SWAP;
	if (!model->deep)
		unknown |= 1u << DIFF_BLOCKS | 1u << DIFF_LIVE;
	if (!model->pages)
		unknown |= 1u << DIFF_LIVE_RESIDENT | 1u << DIFF_RETAINED | 1u << DIFF_PINNED |
			   1u << DIFF_TRIMMABLE;
	return unknown;
}

static int match_mappings(struct diff_model *model)
{
	struct diff_match_how how = {
		.by_address = model->same_space, .unknown = unknown_figures(model)};

	for (int side = 0; model->same_process && side < DIFF_SIDES; side++) {
		const struct view *view = &model->side[side]->view;

		how.taken[side] = view->now.ticks;
		if (view->resolution_ticks > how.lag)
			how.lag = view->resolution_ticks;
	}
	return diff_match(&model->changes, model->items, &how);
}

static int enter_stacks(struct diff_model *model)
{
	const struct diff_books books = {
		.side = {model->side[DIFF_OLD], model->side[DIFF_NEW]},
		.items = model->items,
		.frames = &model->frames,
		.stacks = &model->stacks,
		.shares = &model->shares,
		.same_process = model->same_process,
	};
	int error = diff_stacks_make(&model->stacks, &model->frames, books.side);

	if (error)
		return error;
	diff_blocks_enter(&books);
	diff_regions_enter(&books);
	diff_stacks_settle(&model->stacks);
	diff_shares_sort(&model->shares);
	return model->shares.error;
}

int diff_model_make(struct diff_model *model, struct diff_side *old, struct diff_side *new)
{
	int error;

	*model = (struct diff_model){.deep = false};
	compare_sides(model, old, new);
	error = take_items(model);
	if (!error && model->deep)
		error = match_stacks(model);
	if (!error)
		error = match_mappings(model);
	if (!error && model->deep)
		error = enter_stacks(model);
	if (error)
		return error;
	diff_rows_make(model);
	diff_notes_make(model);
	return 0;
}

void diff_model_free(struct diff_model *model)
{
	diff_frames_free(&model->frames);
	diff_stacks_free(&model->stacks);
	diff_shares_free(&model->shares);
	free(model->changes.change);
	for (int side = 0; !model->deep && side < DIFF_SIDES; side++)
		free(model->items[side].item);
	for (unsigned i = 0; i < model->notes; i++)
		free(model->note[i]);
}

int64_t diff_model_growth(const struct diff_model *model, enum diff_figure figure)
{
	return (int64_t)(model->total[DIFF_NEW][figure] - model->total[DIFF_OLD][figure]);
}

enum diff_figure diff_model_measure(const struct diff_model *model)
{
	return model->rss ? DIFF_RSS : DIFF_SIZE;
}

bool diff_model_has_ledger(const struct diff_model *model)
{
	return model->deep && model->rss;
}
