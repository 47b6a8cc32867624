#include "diff_rows.h"

#include <stdlib.h>

#include "../preload/core/report_text_ledger.h"

int diff_rows_order(int64_t a, int64_t b)
{
	if ((a > 0) != (b > 0))
		return a > 0 ? -1 : 1;
	if (a == b)
		return 0;
	/* Nothing at all comes last. */
	if (!a || !b)
		return a ? -1 : 1;
	return (a > 0 ? a > b : a < b) ? -1 : 1;
}

static int by_growth(const void *left, const void *right)
{
	const struct diff_row *a = left, *b = right;
	int order = diff_rows_order((int64_t)(a->bytes[DIFF_NEW] - a->bytes[DIFF_OLD]),
		(int64_t)(b->bytes[DIFF_NEW] - b->bytes[DIFF_OLD]));

	return order ? order : (a->number > b->number) - (a->number < b->number);
}

static void sum(struct diff_model *model)
{
	for (uint32_t i = 0; i < model->changes.count; i++)
		for (int side = 0; side < DIFF_SIDES; side++)
			for (int j = 0; j < DIFF_FIGURES; j++)
				model->total[side][j] += model->changes.change[i].figure[side][j];
}

/* -- Of two snapshots: the ledger ----------------------------------------------------------- */

static void put_ledger(struct diff_model *model)
{
	for (unsigned i = 0; i < ATLAS_ROWS; i++) {
		struct diff_row *row = &model->row[model->rows];

		row->name = atlas_row_name((enum atlas_row)i);
		row->text = report_text_row((enum atlas_row)i);
		row->number = i;
		for (int side = 0; side < DIFF_SIDES; side++)
			row->bytes[side] = model->side[side]->atlas.row[i];
		model->rows +=
			row->bytes[DIFF_OLD] || row->bytes[DIFF_NEW] || i == ATLAS_UNEXPLAINED;
	}
}

static void put_parts(struct diff_model *model)
{
	const struct atlas *old = &model->side[DIFF_OLD]->atlas;
	const struct atlas *new = &model->side[DIFF_NEW]->atlas;

	for (uint32_t i = 0; i < model->stacks.count; i++) {
		const struct diff_stack *stack = &model->stacks.stack[i];

		model->newly_live += (uint64_t)diff_stack_newly_live(stack);
		model->newly_touched += (uint64_t)stack->touched;
	}
	model->pinned = new->pinned - old->pinned;
	model->trimmable = new->trimmable - old->trimmable;
	model->kept = new->row[ATLAS_RETAINED] - old->row[ATLAS_RETAINED] - model->pinned -
		      model->trimmable;
}

/* -- Of lists: the kinds -------------------------------------------------------------------- */

_Static_assert((int)KIND_COUNT <= (int)DIFF_ROWS && (int)ATLAS_ROWS <= (int)DIFF_ROWS,
	"there is a row for each");

static void put_kinds(struct diff_model *model)
{
	enum diff_figure measure = diff_model_measure(model);
	uint64_t bytes[KIND_COUNT][DIFF_SIDES] = {{0}};

	for (int side = 0; side < DIFF_SIDES; side++)
		for (uint32_t i = 0; i < model->items[side].count; i++) {
			const struct diff_item *item = &model->items[side].item[i];

			bytes[item->kind < KIND_COUNT ? item->kind : KIND_OTHER][side] +=
				item->figure[measure];
		}
	for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
		const char *name = kind_name((enum kind)kind);

		if (bytes[kind][DIFF_OLD] || bytes[kind][DIFF_NEW])
			model->row[model->rows++] = (struct diff_row){
				name, name, kind, {bytes[kind][DIFF_OLD], bytes[kind][DIFF_NEW]}};
	}
}

void diff_rows_make(struct diff_model *model)
{
	sum(model);
	if (diff_model_has_ledger(model)) {
		put_ledger(model);
		put_parts(model);
	} else {
		put_kinds(model);
	}
	qsort(model->row, model->rows, sizeof(model->row[0]), by_growth);
}
