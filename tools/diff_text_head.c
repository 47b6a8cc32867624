#include "diff_text.h"

#include <string.h>

#include "../preload/core/phase.h"
#include "../preload/core/text_column.h"
#include "diff_pick.h"

enum { SIZE_COLUMNS = 11, WORD_COLUMNS = 11 };

/* -- What is compared ----------------------------------------------------------------------- */

static void put_string(struct text *text, const char *string)
{
	text_printable(text, string, strlen(string));
}

static void put_span(struct text *text, const struct diff_model *model)
{
	if (!model->timed)
		return;
	text_str(text, ", ");
	text_duration(text, diff_pick_amount(model->ns));
	text_str(text, model->ns < 0 ? " earlier" : " later");
}

static void put_title(const struct diff_show *show)
{
	const struct diff_model *model = show->model;
	const struct view *old = &model->side[DIFF_OLD]->view;
	struct text *text = show->text;

	text_str(text, "vmatlas diff: ");
	if (model->same_process) {
		put_string(text, old->name);
		text_str(text, " (pid ");
		text_dec(text, old->pid);
		text_str(text, "), dump ");
		text_dec(text, old->number);
		text_str(text, " to dump ");
		text_dec(text, model->side[DIFF_NEW]->view.number);
	} else {
		put_string(text, model->side[DIFF_OLD]->name);
		text_str(text, " to ");
		put_string(text, model->side[DIFF_NEW]->name);
	}
	put_span(text, model);
	text_char(text, '\n');
}

static void put_notes(const struct diff_show *show)
{
	for (unsigned i = 0; i < show->model->notes; i++) {
		text_str(show->text, "  ! ");
		put_string(show->text, show->model->note[i]);
		text_char(show->text, '\n');
	}
}

/* -- The figures of the first lines --------------------------------------------------------- */

static void put_pair(struct text *text, const char *what, uint64_t old, uint64_t new)
{
	char size[TEXT_HUMAN];

	text_str(text, "  ");
	text_left(text, what, WORD_COLUMNS);
	text_right(text, text_size_human(old, size), SIZE_COLUMNS);
	text_str(text, " →");
	text_right(text, text_size_human(new, size), SIZE_COLUMNS);
	diff_put_growth(text, (int64_t)(new - old), SIZE_COLUMNS + 2);
}

static void put_total(const struct diff_show *show, const char *what, enum diff_figure figure)
{
	const struct diff_model *model = show->model;

	put_pair(show->text, what, model->total[DIFF_OLD][figure], model->total[DIFF_NEW][figure]);
}

static void put_live(const struct diff_show *show)
{
	const struct atlas *old = &show->model->side[DIFF_OLD]->atlas;
	const struct atlas *new = &show->model->side[DIFF_NEW]->atlas;

	put_pair(show->text, "live", old->live_bytes, new->live_bytes);
	text_str(show->text, "  in ");
	text_put_grouped(show->text, old->live_blocks, 0);
	text_str(show->text, " → ");
	diff_put_count(show->text, new->live_blocks, "block");
	text_char(show->text, '\n');
}

/* Of one process, whose counters go on. */
static void put_between(const struct diff_show *show)
{
	const struct diff_model *model = show->model;
	const struct view *old = &model->side[DIFF_OLD]->view;
	const struct view *new = &model->side[DIFF_NEW]->view;
	struct text *text = show->text;

	if (!model->same_process || new->allocations < old->allocations ||
		new->allocations == VIEW_UNKNOWN)
		return;
	text_str(text, "  ");
	text_left(text, "in between", WORD_COLUMNS);
	text_right(text, "", SIZE_COLUMNS - 10);
	diff_put_allocations(text, model, new->allocations - old->allocations,
		new->allocated_bytes - old->allocated_bytes);
	text_str(text, "; ");
	diff_put_count(text, new->frees - old->frees, "free");
	text_char(text, '\n');
}

static void put_phases(const struct diff_show *show)
{
	const struct view *old = &show->model->side[DIFF_OLD]->view;
	const struct view *new = &show->model->side[DIFF_NEW]->view;
	struct vmatlas_phase phase, before;
	bool some = false;

	for (uint32_t id = 1; show->model->same_process && id <= phase_count(new); id++) {
		if (phase_read(old, id, &before) || !phase_read(new, id, &phase))
			continue;
		text_str(show->text, some ? ", " : "  phases      ");
		text_printable(show->text, phase.name, phase.name_length);
		some = true;
	}
	if (some)
		text_char(show->text, '\n');
}

void diff_text_head(const struct diff_show *show)
{
	const struct diff_model *model = show->model;

	put_title(show);
	if (model->rss) {
		put_total(show, "RSS", DIFF_RSS);
		text_char(show->text, '\n');
	}
	put_total(show, "mapped", DIFF_SIZE);
	text_char(show->text, '\n');
	if (model->total[DIFF_OLD][DIFF_SWAP] || model->total[DIFF_NEW][DIFF_SWAP]) {
		put_total(show, "swapped out", DIFF_SWAP);
		text_char(show->text, '\n');
	}
	if (model->deep) {
		put_live(show);
		put_between(show);
		put_phases(show);
	}
	put_notes(show);
}

/* -- All moments ---------------------------------------------------------------------------- */

static uint64_t sum_of(const struct diff_side *side, enum diff_figure figure)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < side->items.count; i++)
		sum += side->items.item[i].figure[figure];
	return sum;
}

static void put_moment(const struct diff_show *show, unsigned index)
{
	const struct diff_side *side = &show->side[index];
	struct text *text = show->text;
	char out[TEXT_HUMAN];
	int64_t ns;

	text_dec_right(text, index + 1, 6);
	if (!diff_side_apart(&show->side[0], side, &ns) || ns < 0)
		text_right(text, "-", 13);
	else
		text_right(text, text_duration_human((uint64_t)ns, out), 13);
	if (show->model->rss)
		text_right(text, text_size_human(sum_of(side, DIFF_RSS), out), 13);
	text_right(text, text_size_human(sum_of(side, DIFF_SIZE), out), 13);
	if (side->snapshot) {
		text_right(text, text_size_human(side->atlas.live_bytes, out), 13);
		text_put_grouped(text, side->atlas.live_blocks, 14);
	}
	text_str(text, "  ");
	put_string(text, side->name);
	text_char(text, '\n');
}

void diff_text_series(const struct diff_show *show)
{
	if (show->sides < 3)
		return;
	text_str(show->text, "\nAll moments\n              after");
	text_str(show->text, show->model->rss ? "          RSS" : "");
	text_str(show->text, "       mapped");
	text_str(show->text, show->model->deep ? "         live        blocks\n" : "\n");
	for (unsigned i = 0; i < show->sides; i++)
		put_moment(show, i);
}
