/* maps_explain.h - a sentence for each row that says what it means. */
#ifndef VMATLAS_MAPS_EXPLAIN_H
#define VMATLAS_MAPS_EXPLAIN_H

#include "maps_view.h"

/* Each line of maps, and behind it a sentence: what the mapping is for, what may be done with it,
 * where its bytes come from, why its inode is 0. Errors are those of the view's text. */
void maps_explain(const struct maps_view *view);

/* What a mapping is for: "Machine code of libc.so.6". */
void maps_explain_purpose(struct text *text, const struct listing_row *row);

#endif
