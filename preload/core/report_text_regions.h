/* report_text_regions.h - arenas, and who mapped what, in the text report. */
#ifndef VMATLAS_REPORT_TEXT_REGIONS_H
#define VMATLAS_REPORT_TEXT_REGIONS_H

#include "atlas_sums.h"
#include "report.h"

/* Nothing where there is no arena; no region. Anywhere report_text may be called. */
void report_text_arenas(const struct report *report);
void report_text_regions(struct report *report);

/* Whose live blocks lie in the arena, as far as that is known. Anywhere. */
void report_text_arena_users(
	struct text *text, const struct view *view, const struct atlas_arena *arena);

#endif
