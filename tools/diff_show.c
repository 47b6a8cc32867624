#include "diff_show.h"

#include <string.h>

#include "../preload/core/text_column.h"
#include "diff_pick.h"

/* -- Figures -------------------------------------------------------------------------------- */

char *diff_show_growth(int64_t growth, char out[DIFF_GROWTH])
{
	if (!growth) {
		out[0] = '0';
		out[1] = '\0';
		return out;
	}
	out[0] = growth > 0 ? '+' : '-';
	text_size_human(diff_pick_amount(growth), out + 1);
	return out;
}

void diff_put_growth(struct text *text, int64_t growth, size_t width)
{
	char out[DIFF_GROWTH];

	text_right(text, diff_show_growth(growth, out), width);
}

void diff_put_exact(struct text *text, int64_t growth, size_t width)
{
	char out[TEXT_GROUPED + 1];

	out[0] = growth > 0 ? '+' : '-';
	text_grouped(diff_pick_amount(growth), out + 1);
	text_right(text, growth ? out : "0", width);
}

void diff_put_count(struct text *text, uint64_t count, const char *noun)
{
	text_put_grouped(text, count, 0);
	text_char(text, ' ');
	text_str(text, noun);
	if (count != 1)
		text_char(text, 's');
}

static void put_rate(struct text *text, const struct diff_model *model, uint64_t bytes)
{
	double seconds = (double)model->ns / 1e9;

	if (!model->timed || model->ns <= 0 || !bytes)
		return;
	text_str(text, ", ");
	text_size(text, (uint64_t)((double)bytes / seconds + 0.5));
	text_str(text, "/s");
}

void diff_put_allocations(
	struct text *text, const struct diff_model *model, uint64_t count, uint64_t bytes)
{
	diff_put_count(text, count, "allocation");
	if (!count)
		return;
	text_str(text, " of ");
	text_size(text, bytes);
	put_rate(text, model, bytes);
}

/* -- Names ---------------------------------------------------------------------------------- */

static size_t copy(const char *bytes, size_t length, char out[OWNER_BYTES])
{
	if (length > OWNER_BYTES)
		length = OWNER_BYTES;
	if (length)
		memcpy(out, bytes, length);
	return length;
}

size_t diff_show_owner(const struct diff_show *show, enum diff_then side,
	const struct diff_item *item, char out[OWNER_BYTES])
{
	/* A file's name says no more than its path. */
	if (item->part && item->part->owner == ATLAS_OWNER_PATH && item->path_length)
		return 0;
	if (item->part)
		return owner_of_part(&show->report[side], item->part, out);
	return copy(item->label, item->label_length, out);
}

enum diff_then diff_show_where(const struct diff_stack *stack)
{
	return stack->frame[DIFF_NEW] || !stack->frame[DIFF_OLD] ? DIFF_NEW : DIFF_OLD;
}

size_t diff_show_asker(
	const struct diff_show *show, const struct diff_stack *stack, char out[OWNER_BYTES])
{
	enum diff_then side = diff_show_where(stack);

	return owner_of_stack(&show->report[side], stack->frame[side], out);
}

const struct diff_stack *diff_show_stack(const struct diff_show *show, uint32_t id)
{
	const struct diff_stacks *stacks = &show->model->stacks;

	return &stacks->stack[stacks->place[id] - 1];
}

void diff_put_size_error(const struct diff_show *show, uint64_t error)
{
	if (!show->model->sampled)
		return;
	text_str(show->text, " ± ");
	text_size(show->text, error);
}

void diff_put_count_error(const struct diff_show *show, uint64_t error)
{
	if (!show->model->sampled)
		return;
	text_str(show->text, " ± ");
	text_put_grouped(show->text, error, 0);
}
