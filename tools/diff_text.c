#include "diff_text.h"

enum { SIZE_COLUMNS = 11, EXACT_COLUMNS = 18 };

/* -- Rows ----------------------------------------------------------------------------------- */

static void put_row(struct text *text, uint64_t old, uint64_t new, const char *what)
{
	char size[TEXT_HUMAN];
	int64_t growth = (int64_t)(new - old);

	diff_put_growth(text, growth, SIZE_COLUMNS + 2);
	diff_put_exact(text, growth, EXACT_COLUMNS);
	text_right(text, text_size_human(old, size), SIZE_COLUMNS + 1);
	text_str(text, " →");
	text_right(text, text_size_human(new, size), SIZE_COLUMNS);
	text_str(text, "  ");
	text_str(text, what);
	text_char(text, '\n');
}

static void put_part(struct text *text, uint64_t growth, const char *what)
{
	diff_put_growth(text, (int64_t)growth, SIZE_COLUMNS + 2);
	diff_put_exact(text, (int64_t)growth, EXACT_COLUMNS);
	text_repeat(text, ' ', 2 * SIZE_COLUMNS + 5);
	text_str(text, what);
	text_char(text, '\n');
}

/* Pages are looked at a moment after the kernel counted them: what the program did meanwhile is
 * in no part. */
static void put_live_parts(struct text *text, const struct diff_model *model, uint64_t growth)
{
	uint64_t meanwhile = growth - model->newly_live - model->newly_touched;

	put_part(text, model->newly_live,
		"  of which newly live: blocks that came, less those freed");
	put_part(text, model->newly_touched, "  of which newly touched, of blocks that stayed");
	if (meanwhile)
		put_part(text, meanwhile, "  of which while the snapshots were made");
}

static void put_parts(struct text *text, const struct diff_model *model, const struct diff_row *row)
{
	if (!model->deep || !model->pages)
		return;
	if (row->number == ATLAS_LIVE && model->same_process && !model->sampled)
		put_live_parts(text, model, row->bytes[DIFF_NEW] - row->bytes[DIFF_OLD]);
	if (row->number == ATLAS_RETAINED) {
		put_part(text, model->pinned, "  of which pinned: on a page with a live block");
		put_part(text, model->trimmable,
			"  of which trimmable: malloc_trim(0) would give it back");
		if (model->kept)
			put_part(text, model->kept,
				"  of which kept: tops of arenas, caches, blocks not seen");
	}
}

static bool is_told(const struct diff_row *row)
{
	return row->bytes[DIFF_OLD] != row->bytes[DIFF_NEW];
}

static void put_rows(const struct diff_show *show)
{
	const struct diff_model *model = show->model;
	enum diff_figure measure = diff_model_measure(model);
	struct text *text = show->text;
	unsigned same = 0;

	text_str(text, diff_model_has_ledger(model) ? "\nWhat RSS grew by\n"
		       : model->rss                 ? "\nWhat RSS grew by, by kind of mapping\n"
				    : "\nWhat the mapped size grew by, by kind of mapping\n");
	for (unsigned i = 0; i < model->rows; i++) {
		const struct diff_row *row = &model->row[i];

		same += !is_told(row);
		if (!is_told(row))
			continue;
		put_row(text, row->bytes[DIFF_OLD], row->bytes[DIFF_NEW], row->text);
		put_parts(text, model, row);
	}
	if (same) {
		text_right(text, "0", SIZE_COLUMNS + 2);
		text_right(text, "0", EXACT_COLUMNS);
		text_repeat(text, ' ', 2 * SIZE_COLUMNS + 5);
		diff_put_count(text, same, "other row");
		text_char(text, '\n');
	}
	put_row(text, model->total[DIFF_OLD][measure], model->total[DIFF_NEW][measure],
		measure == DIFF_RSS ? "RSS" : "mapped");
}

/* -- The whole ------------------------------------------------------------------------------ */

static int put_stacks(const struct diff_show *show)
{
	int error = diff_text_stacks(show);

	return error ? error : diff_text_regions(show);
}

int diff_text(const struct diff_show *show)
{
	const struct diff_options *options = show->options;
	int error = 0;

	diff_text_head(show);
	diff_text_series(show);
	if (diff_options_shows(options, DIFF_SECTION_ROWS))
		put_rows(show);
	if (diff_options_shows(options, DIFF_SECTION_MAPPINGS))
		error = diff_text_mappings(show);
	if (!error && show->model->deep && diff_options_shows(options, DIFF_SECTION_STACKS))
		error = put_stacks(show);
	if (!error && show->leaks)
		diff_text_leaks(show);
	return error ? error : text_flush(show->text);
}
