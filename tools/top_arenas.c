#include "../preload/core/report_text_regions.h"
#include "top_forms.h"

#include <errno.h>

enum { NUMBER, HEAPS, RESERVED, COMMITTED, RSS, LIVE, RETAINED, TRIMMABLE, GROWTH, THREADS };

static int add(
	struct top_table *table, const struct top_moment *moment, const struct atlas_arena *arena)
{
	struct top_row *row = top_table_add(table);

	if (!row)
		return ENOMEM;
	row->key = row->index = arena->number;
	row->cell[NUMBER] = arena->number;
	row->cell[HEAPS] = arena->heaps;
	row->cell[RESERVED] = arena->reserved;
	row->cell[COMMITTED] = arena->committed;
	row->cell[RSS] = arena->sums.rss;
	row->cell[LIVE] = arena->sums.live_bytes;
	row->cell[RETAINED] = arena->sums.retained;
	row->cell[TRIMMABLE] = arena->sums.trimmable;
	if (!moment->atlas.pages_known)
		row->unknown = 1u << RSS | 1u << RETAINED | 1u << TRIMMABLE;
	for (unsigned i = HEAPS; i <= TRIMMABLE; i++)
		table->total.cell[i] += row->cell[i];
	table->total.unknown |= row->unknown;
	return 0;
}

static int fill(struct top_table *table, struct top_moment *moment)
{
	struct atlas_arena arena = {.number = 0};

	table->total.name = "all arenas";
	table->total.unknown = 1u << NUMBER;
	while (atlas_arena_next(&moment->atlas, &arena))
		if (add(table, moment, &arena))
			return ENOMEM;
	return 0;
}

/* Whose live blocks lie in it. */
static void put_name(struct text *text, const struct top_moment *moment, const struct top_row *row)
{
	struct atlas_arena arena = {.number = row->index - 1};

	atlas_arena_next(&moment->atlas, &arena);
	report_text_arena_users(text, &moment->view, &arena);
}

const struct top_form top_arenas = {
	.title = "Arenas",
	.name = "arenas",
	.measured = "resident bytes",
	.measure = RSS,
	.sort = RSS,
	.column = {[NUMBER] = {"no", "number", TOP_NUMBER, 5, 0, false},
		[HEAPS] = {"heaps", "heaps", TOP_NUMBER, 5, 8, false},
		[RESERVED] = {"reserved", "reserved", TOP_SIZE, 8, 7, false},
		[COMMITTED] = {"committed", "committed", TOP_SIZE, 9, 6, false},
		[RSS] = {"rss", "rss", TOP_SIZE, 5, 0, false},
		[LIVE] = {"live", "live_bytes", TOP_SIZE, 5, 2, false},
		[RETAINED] = {"retained", "retained", TOP_SIZE, 8, 3, false},
		[TRIMMABLE] = {"trimmable", "trimmable", TOP_SIZE, 9, 5, false},
		[GROWTH] = {"growth", NULL, TOP_GROWTH, 7, 1, false},
		[THREADS] = {"threads with live blocks", "threads", TOP_NAME, 0, 0, false}},
	.fill = fill,
	.put_name = put_name,
};
