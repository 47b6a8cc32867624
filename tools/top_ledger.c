#include "../preload/core/report_text_ledger.h"
#include "top_forms.h"

#include <errno.h>
#include <string.h>

enum { BYTES, SHARE, EXACT, GROWTH, ROW };

/* What the allocator's row consists of, as the report has it; keys behind those of the rows. */
enum { PINNED = ATLAS_ROWS, TRIMMABLE, KEPT };

static const char *const parts[] = {"pinned: on a page with a live block",
	"trimmable: malloc_trim(0) would give it back",
	"kept: tops of arenas, caches, blocks that were not seen"};

static int add(struct top_table *table, uint32_t row, uint64_t bytes, bool child)
{
	struct top_row *added = top_table_add(table);

	if (!added)
		return ENOMEM;
	added->key = added->index = row;
	added->cell[BYTES] = added->cell[SHARE] = added->cell[EXACT] = bytes;
	added->child = child;
	added->idle = row != ATLAS_UNEXPLAINED;
	return 0;
}

static int add_parts(struct top_table *table, const struct atlas *atlas)
{
	uint64_t kept = atlas->row[ATLAS_RETAINED] - atlas->pinned - atlas->trimmable;
	int error;

	if (!atlas->pages_known)
		return 0;
	error = add(table, PINNED, atlas->pinned, true);
	error = error ? error : add(table, TRIMMABLE, atlas->trimmable, true);
	return error ? error : add(table, KEPT, kept, true);
}

static int fill(struct top_table *table, struct top_moment *moment)
{
	const struct atlas *atlas = &moment->atlas;
	int error = 0;

	for (uint32_t row = 0; row < ATLAS_ROWS && !error && !moment->view.maps_only; row++) {
		error = add(table, row, atlas->row[row], false);
		if (!error && row == ATLAS_RETAINED)
			error = add_parts(table, atlas);
	}
	table->total.cell[BYTES] = table->total.cell[SHARE] = table->total.cell[EXACT] = atlas->rss;
	table->total.name = "RSS";
	return error;
}

static void put_name(struct text *text, const struct top_moment *moment, const struct top_row *row)
{
	(void)moment;
	if (row->index < ATLAS_ROWS) {
		text_str(text, report_text_row((enum atlas_row)row->index));
		return;
	}
	text_str(text, "  of which ");
	text_str(text, parts[row->index - PINNED]);
}

const struct top_form top_ledger = {
	.title = "Ledger",
	.name = "ledger",
	.measured = "resident bytes",
	.measure = BYTES,
	.sort = BYTES,
	.column = {[BYTES] = {"RSS", "bytes", TOP_HUMAN, 10, 0, false},
		[SHARE] = {"%", NULL, TOP_SHARE, 6, 3, false},
		[EXACT] = {"bytes", NULL, TOP_GROUPED, 16, 4, false},
		[GROWTH] = {"growth", NULL, TOP_GROWTH, 8, 1, false},
		[ROW] = {"what RSS is made of", "row", TOP_NAME, 0, 0, false}},
	.fill = fill,
	.put_name = put_name,
};
